"""Write a model as a Hugging Face directory in F16, its embeddings in a shard of their own.

    python -m tacit.export SRC DST

The embeddings of a small model are nine tenths of it. Apart, they can be shared: a variant of
the model links to them and brings only its encoder.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from tacit.model import load, load_tokenizer

EMBEDDINGS = "embeddings.safetensors"
ENCODER = "encoder.safetensors"
INDEX = "model.safetensors.index.json"


def export(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    out: Path,
    dtype: torch.dtype = torch.float16,
) -> None:
    """Write config.json, the tokenizer and two shards with their index into the folder OUT."""
    out.mkdir(parents=True, exist_ok=True)
    shards: dict[str, dict[str, torch.Tensor]] = {EMBEDDINGS: {}, ENCODER: {}}
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point():  # a buffer of positions is none
            shard = EMBEDDINGS if ".embeddings." in name else ENCODER
            shards[shard][name] = tensor.detach().to(dtype).contiguous()
            if not shards[shard][name].isfinite().all():
                raise OverflowError(f"{name} does not fit {dtype}")
    for file, tensors in shards.items():
        save_file(tensors, out / file, metadata={"format": "pt"})
        (out / file).chmod(0o644)
    tensors = [tensor for shard in shards.values() for tensor in shard.values()]
    index = {
        "metadata": {"total_size": sum(t.numel() * t.element_size() for t in tensors)},
        "weight_map": {name: file for file, shard in shards.items() for name in sorted(shard)},
    }
    write_json(out / INDEX, index)
    config = model.config.to_diff_dict() | {
        "architectures": [type(model).__name__],
        "dtype": str(dtype).removeprefix("torch."),
    }
    config.pop("_name_or_path", None)
    write_json(out / "config.json", config)
    export_tokenizer(tokenizer, out, model.config.max_position_embeddings)


def export_tokenizer(tokenizer: PreTrainedTokenizerBase, out: Path, positions: int) -> None:
    """WordPiece needs its vocabulary alone; any other tokenizer is saved as it saves itself."""
    if not type(tokenizer).__name__.startswith("Bert"):
        tokenizer.save_pretrained(out)
        return
    vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    (out / "vocab.txt").write_text("".join(f"{word}\n" for word, _ in vocabulary), "utf-8")
    settings = {"tokenizer_class": "BertTokenizer", "do_lower_case": True}
    write_json(out / "tokenizer_config.json", settings | {"model_max_length": positions})


def write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("src", type=Path, metavar="SRC")
    parser.add_argument("dst", type=Path, metavar="DST")
    args = parser.parse_args()
    export(load(args.src), load_tokenizer(args.src), args.dst)


if __name__ == "__main__":
    main()
