"""Write a model as a Hugging Face directory in F16, its embeddings in a shard of their own.

    python -m tacit.export SRC DST

The embeddings of a small model are nine tenths of it. Apart, they can be shared: a variant of
the model links to them and brings only its encoder.
"""

from __future__ import annotations

import argparse
import filecmp
import json
import os
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from tacit.converted import PREFIX, Converted
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
    write_weights(model.state_dict(), {}, out, dtype)
    write_config(model, out, dtype, {})
    export_tokenizer(tokenizer, out, model.config.max_position_embeddings)


def export_converted(
    model: Converted,
    tokenizer: PreTrainedTokenizerBase,
    out: Path,
    dtype: torch.dtype = torch.float16,
) -> None:
    """The same for a model under a recipe, whose constants stay in F32."""
    constants = {PREFIX + name: tensor for name, tensor in model.constants().items()}
    write_weights(model.folded(), constants, out, dtype)
    write_config(model.net, out, dtype, {"tacit": model.recipe.to_json()})
    export_tokenizer(tokenizer, out, model.config.max_position_embeddings)


def write_weights(
    state: Mapping[str, torch.Tensor],
    constants: Mapping[str, torch.Tensor],
    out: Path,
    dtype: torch.dtype,
) -> None:
    """The shards and their index; constants go as they are beside the encoder's weights."""
    out.mkdir(parents=True, exist_ok=True)
    shards: dict[str, dict[str, torch.Tensor]] = {EMBEDDINGS: {}, ENCODER: dict(constants)}
    for name, tensor in state.items():
        if tensor.is_floating_point():  # a buffer of positions is none
            shard = EMBEDDINGS if ".embeddings." in name else ENCODER
            shards[shard][name] = tensor.detach().to(dtype).contiguous()
    for file, tensors in shards.items():
        for name, tensor in tensors.items():
            if not tensor.isfinite().all():
                raise OverflowError(f"{name} does not fit {tensor.dtype}")
        (out / file).unlink(missing_ok=True)  # it may link to another model's
        save_file(tensors, out / file, metadata={"format": "pt"})
        (out / file).chmod(0o644)
    tensors = [tensor for shard in shards.values() for tensor in shard.values()]
    index = {
        "metadata": {"total_size": sum(t.numel() * t.element_size() for t in tensors)},
        "weight_map": {name: file for file, shard in shards.items() for name in sorted(shard)},
    }
    write_json(out / INDEX, index)


def write_config(
    model: PreTrainedModel, out: Path, dtype: torch.dtype, more: Mapping[str, object]
) -> None:
    config = model.config.to_diff_dict() | {
        "architectures": [type(model).__name__],
        "dtype": str(dtype).removeprefix("torch."),
    }
    config.pop("_name_or_path", None)
    write_json(out / "config.json", config | more)


def link_shared(out: Path, base: Path) -> list[str]:
    """Links in place of the files of OUT that the model BASE has byte for byte; their names."""
    shared = []
    for path in sorted(out.iterdir()):
        other = base / path.name
        if not path.is_symlink() and other.is_file() and filecmp.cmp(path, other, shallow=False):
            path.unlink()
            path.symlink_to(os.path.relpath(other.resolve(), out.resolve()))
            shared.append(path.name)
    return shared


def export_tokenizer(tokenizer: PreTrainedTokenizerBase, out: Path, positions: int) -> None:
    """WordPiece needs its vocabulary alone; any other tokenizer is saved as it saves itself."""
    if not type(tokenizer).__name__.startswith("Bert"):
        tokenizer.save_pretrained(out)
        return
    vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    (out / "vocab.txt").unlink(missing_ok=True)  # as may a link to another model's
    (out / "vocab.txt").write_text("".join(f"{word}\n" for word, _ in vocabulary), "utf-8")
    settings = {"tokenizer_class": "BertTokenizer", "do_lower_case": True}
    (out / "tokenizer_config.json").unlink(missing_ok=True)
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
