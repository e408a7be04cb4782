#!/usr/bin/env python3
"""Write the small model directories that the tests open, with the outputs PyTorch gives for them.

    tools/make_model_fixtures.py [--out tests/vectors/models]

Each directory is an ordinary Hugging Face directory with random weights (fixed seeds) and an
expected.json: token ids, token types, attention masks and what the model makes of them in
float64. Directories named recipe-* hold config.json with a recipe ("tacit", docs/design/recipes.md)
and link to the weights of another directory; what they should give is computed by tools/recipes.py,
which shares no code with the program. Needs torch, transformers and safetensors; run it again only
to change the fixtures.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
from pathlib import Path

import numpy as np
import safetensors
import safetensors.torch
import tokenizers
import torch
import transformers
from recipes import encoder_forward

SEED = 20261121
WORDS = """
    the a of and to in is was it this that not good bad film movie very great plot fun dull
    story love hate ing ed ly er est un able time warm cold""".split()
PUNCTUATION = [*list(".,!?'-"), "é", "日"]
TEXTS = [
    "the film was very good!",
    "dull",
    "it's a bad story, not fun - the plot was warm and cold",
    "un##able to hate this movie?",
]
PAIRS = ["this is great.", "a good time", "", "it was not"]


def wordpiece_vocab() -> list[str]:
    letters = [chr(ord("a") + i) for i in range(26)]
    pieces = [f"##{c}" for c in letters] + ["##ing", "##ed", "##ly", "##er", "##s"]
    return ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *PUNCTUATION, *letters, *pieces, *WORDS]


def write_wordpiece(dst: Path, cls: str, with_json: bool) -> transformers.PreTrainedTokenizerBase:
    """vocab.txt and tokenizer_config.json as older checkpoints have them; or tokenizer.json too."""
    dst.mkdir(parents=True, exist_ok=True)
    (dst / "vocab.txt").write_text("\n".join(wordpiece_vocab()) + "\n", encoding="utf-8")
    config = {"tokenizer_class": cls, "do_lower_case": True, "model_max_length": 40}
    (dst / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
    tok = transformers.BertTokenizerFast.from_pretrained(dst)
    if with_json:
        tok.backend_tokenizer.save(str(dst / "tokenizer.json"))
    return tok


def write_bpe(dst: Path) -> transformers.PreTrainedTokenizerBase:
    """vocab.json and merges.txt of a byte-level BPE."""
    dst.mkdir(parents=True, exist_ok=True)
    bpe = tokenizers.ByteLevelBPETokenizer()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    bpe.train_from_iterator(
        TEXTS + PAIRS + [" ".join(WORDS)],
        vocab_size=300,
        min_frequency=1,
        special_tokens=special,
        show_progress=False,
    )
    bpe.save_model(str(dst))
    config = {"tokenizer_class": "RobertaTokenizer", "model_max_length": 38}
    (dst / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
    return transformers.RobertaTokenizerFast(str(dst / "vocab.json"), str(dst / "merges.txt"))


def randomise(model: torch.nn.Module, seed: int) -> torch.nn.Module:
    """Weights large enough that the outputs of different inputs differ."""
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            r = torch.randn(p.shape, generator=g)
            if "LayerNorm.weight" in name or "layer_norm.weight" in name:
                p.copy_(1 + 0.2 * r)
            elif name.endswith("bias"):
                p.copy_(0.1 * r)
            else:
                p.copy_((0.5 if "embeddings" in name else 0.2) * r)
    return model.eval()


def batches(tok: transformers.PreTrainedTokenizerBase) -> list[dict]:
    """Single texts, a padded batch, pairs, and a mask with holes."""
    cases = [{"name": f"text {i}", "text": [t]} for i, t in enumerate(TEXTS)]
    cases.append({"name": "padded batch", "text": TEXTS})
    cases.append({"name": "pairs", "text": TEXTS, "pair": PAIRS})
    for case in cases:
        enc = tok(case["text"], case.get("pair"), padding=True, return_token_type_ids=True)
        case |= {
            "ids": enc["input_ids"],
            "types": enc["token_type_ids"],
            "mask": enc["attention_mask"],
        }
    holes = {k: v for k, v in cases[2].items() if k not in ("name", "text")}
    mask = [list(row) for row in holes["mask"]]
    for i in (2, 5, 6, len(mask[0]) - 1):
        mask[0][i] = 0
    cases.append({"name": "mask with holes"} | holes | {"mask": mask})
    return cases


def tensors(case: dict, has_types: bool) -> dict[str, torch.Tensor]:
    x = {"input_ids": torch.tensor(case["ids"]), "attention_mask": torch.tensor(case["mask"])}
    return x | ({"token_type_ids": torch.tensor(case["types"])} if has_types else {})


def pooled(hidden: torch.Tensor, mask: torch.Tensor, how: str) -> torch.Tensor:
    if how == "cls":
        return hidden[:, 0]
    m = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * m).sum(1) / m.sum(1)


def kept(rows: torch.Tensor, mask: list[list[int]]) -> list:
    """One list of rows a sequence: those of the tokens that the mask shows."""
    pairs = zip(rows.tolist(), mask, strict=True)
    return [[r for r, m in zip(seq, shown, strict=True) if m] for seq, shown in pairs]


def write_expected(dst: Path, output: str, cases: list[dict], note: str) -> None:
    by = (
        f"tools/make_model_fixtures.py, seed {SEED}, transformers {transformers.__version__}, "
        f"torch {torch.__version__}, float64; {note}"
    )
    lines = [json.dumps(c, ensure_ascii=False) for c in cases]
    head = json.dumps({"generator": by, "output": output})[:-1]
    (dst / "expected.json").write_text(
        head + ',\n "cases": [\n' + ",\n".join(lines) + "\n]}\n", encoding="utf-8"
    )


def rounded(x):
    """Ten digits are more than any test asks for."""
    return [rounded(v) for v in x] if isinstance(x, list) else float(f"{x:.10g}")


def expect(dst: Path, tok, pooling: str = "mean") -> None:
    """Run what stands in dst through transformers."""
    config = transformers.AutoConfig.from_pretrained(dst)
    arch = config.architectures[0]
    kind = (
        "logits"
        if "SequenceClassification" in arch
        else "token_logits"
        if "TokenClassification" in arch
        else "embeddings"
    )
    auto = {
        "logits": transformers.AutoModelForSequenceClassification,
        "token_logits": transformers.AutoModelForTokenClassification,
        "embeddings": transformers.AutoModel,
    }[kind]
    model, report = auto.from_pretrained(
        dst, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    missing = {k for k in report["missing_keys"] if "pooler" not in k}
    assert not missing, f"{dst}: {missing}"
    model = model.double().eval()
    cases = batches(tok)
    for case in cases:
        x = tensors(case, config.model_type != "distilbert")
        with torch.no_grad():
            y = model(**x)
        if kind == "embeddings":
            rows = pooled(y.last_hidden_state, x["attention_mask"], pooling).tolist()
        else:
            rows = y.logits.tolist() if kind == "logits" else kept(y.logits, case["mask"])
        case["expected"] = rounded(rows)
    write_expected(dst, kind, cases, "by transformers")


SMALL = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 40,
}
SMALL_DISTIL = {
    "dim": 32,
    "n_layers": 2,
    "n_heads": 4,
    "hidden_dim": 48,
    "max_position_embeddings": 40,
}


def bert(
    out: Path,
    name: str,
    cls=transformers.BertForSequenceClassification,
    seed: int = 0,
    dtype=torch.float32,
    shard: str = "1GB",
    tokenizer_json: bool = False,
    **changes,
) -> Path:
    dst = out / name
    tok = write_wordpiece(dst, "BertTokenizer", tokenizer_json)
    config = transformers.BertConfig(vocab_size=len(wordpiece_vocab()), **(SMALL | changes))
    model = randomise(cls(config), SEED + seed).to(dtype)
    model.save_pretrained(dst, max_shard_size=shard)
    expect(dst, tok)
    return dst


def distilbert(out: Path, name: str, cls, seed: int, **changes) -> None:
    dst = out / name
    tok = write_wordpiece(dst, "DistilBertTokenizer", False)
    config = transformers.DistilBertConfig(
        vocab_size=len(wordpiece_vocab()), **(SMALL_DISTIL | changes)
    )
    randomise(cls(config), SEED + seed).save_pretrained(dst)
    expect(dst, tok)


def roberta(out: Path, name: str, cls, seed: int, **changes) -> None:
    dst = out / name
    tok = write_bpe(dst)
    config = transformers.RobertaConfig(vocab_size=len(tok), type_vocab_size=1, **(SMALL | changes))
    randomise(cls(config), SEED + seed).save_pretrained(dst)
    expect(dst, tok)


def link(dst: Path, target: str) -> None:
    dst.unlink(missing_ok=True)
    os.symlink(target, dst)


def linked(out: Path, name: str, source: str, config: dict) -> Path:
    """A directory of its own config.json and of links to the rest of another's."""
    dst = out / name
    dst.mkdir(parents=True)
    for f in ("model.safetensors", "vocab.txt", "tokenizer_config.json"):
        link(dst / f, f"../{source}/{f}")
    (dst / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    return dst


def sentence(out: Path, name: str, source: str, mode: str, normalise: bool) -> None:
    """A sentence-transformers directory around the weights of another."""
    dst = linked(out, name, source, json.loads((out / source / "config.json").read_text()))
    kinds = ["Transformer", "Pooling"] + (["Normalize"] if normalise else [])
    modules = [
        {
            "idx": i,
            "name": str(i),
            "path": f"{i}_{k}" if i else "",
            "type": f"sentence_transformers.models.{k}",
        }
        for i, k in enumerate(kinds)
    ]
    (dst / "modules.json").write_text(json.dumps(modules, indent=2) + "\n")
    (dst / "1_Pooling").mkdir()
    pooling = {
        "word_embedding_dimension": 32,
        "pooling_mode_cls_token": mode == "cls",
        "pooling_mode_mean_tokens": mode == "mean",
        "pooling_mode_max_tokens": False,
    }
    (dst / "1_Pooling/config.json").write_text(json.dumps(pooling, indent=2) + "\n")
    (dst / "sentence_bert_config.json").write_text(
        json.dumps({"max_seq_length": 24, "do_lower_case": False}, indent=2) + "\n"
    )
    expect(dst, transformers.BertTokenizerFast.from_pretrained(dst), mode)


def old_names(out: Path, name: str, source: str) -> None:
    """Norms' weight and bias under the names gamma and beta of TensorFlow's checkpoints."""
    dst = out / name
    shutil.copytree(out / source, dst)
    state = safetensors.torch.load_file(dst / "model.safetensors")
    old = {
        k.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
            "LayerNorm.bias", "LayerNorm.beta"
        ): v
        for k, v in state.items()
    }
    safetensors.torch.save_file(old, dst / "model.safetensors", {"format": "pt"})


def recipe_tensors(config: dict, seed: int) -> dict[str, np.ndarray]:
    """Tensors for every form, under the names of docs/design/recipes.md."""
    rng = np.random.default_rng(seed)
    heads, width = config["num_attention_heads"], 6
    fit = np.polynomial.Chebyshev.interpolate
    rsqrt = fit(lambda v: 1 / np.sqrt(v + 1e-12), 9, [0.02, 60.0])
    gelu = fit(lambda v: 0.5 * v * (1 + np.tanh(0.79788456 * (v + 0.044715 * v**3))), 8, [-9, 9])
    sigma = fit(lambda s: np.log1p(np.exp(s)), 5, [-7, 7])
    t: dict[str, np.ndarray] = {}

    def polynomial(slot: str, p: np.polynomial.Chebyshev) -> None:
        t[f"tacit.{slot}.coefficients"] = p.coef
        t[f"tacit.{slot}.interval"] = p.domain

    for i in range(config["num_hidden_layers"]):
        a = f"tacit.layers.{i}.attention"
        t |= {
            f"{a}.kappa": rng.uniform(0.5, 2.0, heads),
            f"{a}.shift": rng.uniform(0, 2, heads),
            f"{a}.w1": rng.normal(0, 0.3, (width, 1)),
            f"{a}.b1": rng.normal(0.5, 0.3, width),
            f"{a}.w2": rng.normal(0, 0.4, (width, width)),
            f"{a}.b2": rng.normal(0.3, 0.3, width),
            f"{a}.w3": rng.normal(0, 0.2, (1, width)),
            f"{a}.b3": rng.normal(0.1, 0.1, 1),
        }
        polynomial(f"layers.{i}.attention", sigma)
        polynomial(f"layers.{i}.activation", gelu)
        polynomial(f"layers.{i}.attention_norm", rsqrt)
        polynomial(f"layers.{i}.output_norm", rsqrt)
    polynomial("embeddings.norm", rsqrt)
    polynomial("head.activation", fit(np.tanh, 5, [-4, 4]))
    return {k: np.asarray(v, dtype=np.float32) for k, v in t.items()}


# name → recipe, and the directory that holds the weights
RECIPES: dict[str, tuple[dict, str]] = {
    "mpcformer": ({"recipe": "mpcformer"}, "bert-sequence"),
    "secformer": (
        {
            "recipe": "secformer",
            "ranges": {
                "layers.0.attention/scores": [-3.5, 6.25],
                "embeddings.norm/variance": [0.25, 4],
            },
        },
        "bert-sequence",
    ),
    "freediv-2quad": ({"recipe": "freediv-2quad"}, "bert-sequence"),
    "freediv-2quad-kappa": (
        {"recipe": "freediv-2quad", "attention": {"c": 4.0, "length_power": 0.5}},
        "bert-constants",
    ),
    "freediv": ({"recipe": "freediv"}, "bert-constants"),
    "thex": ({"recipe": "thex"}, "bert-constants"),
    "thex-literal": (
        {
            "recipe": "thex",
            "attention": {"form": "thex", "literal": True},
            "norm": {"form": "layernorm"},
        },
        "bert-constants",
    ),
    "poly": ({"recipe": "poly"}, "bert-constants"),
    "poly-layernorm": (
        {
            "recipe": "poly",
            "attention": {"lo": -7.0, "hi": 7.0},
            "norm": {"form": "layernorm-polynomial"},
            "embedding_norm": {"form": "layernorm-polynomial"},
            "pooler": {"form": "polynomial"},
        },
        "bert-constants",
    ),
    "sigma-relu": (
        {
            "recipe": "custom",
            "activation": {"form": "silu"},
            "attention": {"form": "scaled-sigma", "sigma": "relu", "length_power": 0.75},
        },
        "bert-sequence",
    ),
    "sigma-gelu": (
        {
            "recipe": "custom",
            "activation": {"form": "gelu-tanh"},
            "attention": {"form": "scaled-sigma", "sigma": "gelu"},
        },
        "bert-sequence",
    ),
    "power-2": (
        {"recipe": "custom", "attention": {"form": "power"}, "pooler": {"form": "none"}},
        "bert-sequence",
    ),
    "power-4-rmsnorm": (
        {
            "recipe": "custom",
            "attention": {"form": "power", "power": 4},
            "norm": {"form": "rmsnorm"},
        },
        "bert-sequence",
    ),
}


def recipe(out: Path, name: str, tacit: dict, source: str) -> None:
    config = json.loads((out / source / "config.json").read_text())
    config["tacit"] = {"schema": 1} | tacit
    dst = linked(out, f"recipe-{name}", source, config)
    state = safetensors.torch.load_file(out / source / "model.safetensors")
    cases = batches(transformers.BertTokenizerFast.from_pretrained(dst))
    for case in cases:
        y = [
            encoder_forward(config, state, *rows)
            for rows in zip(case["ids"], case["types"], case["mask"], strict=True)
        ]
        case["expected"] = rounded([r.tolist() for r in y])
    write_expected(dst, "logits", cases, "by tools/recipes.py")


def check_reference(out: Path) -> None:
    """tools/recipes.py with the exact forms must be transformers."""
    config = json.loads((out / "bert-sequence/config.json").read_text())
    state = safetensors.torch.load_file(out / "bert-sequence/model.safetensors")
    for case in json.loads((out / "bert-sequence/expected.json").read_text())["cases"]:
        rows = zip(case["ids"], case["types"], case["mask"], case["expected"], strict=True)
        for ids, types, mask, want in rows:
            got = encoder_forward(config, state, ids, types, mask)
            assert np.allclose(got, want, rtol=1e-6, atol=1e-8), (case["name"], got, want)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("tests/vectors/models"))
    out: Path = parser.parse_args().out
    shutil.rmtree(out, ignore_errors=True)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()

    labels = {
        "id2label": {0: "negative", 1: "positive"},
        "label2id": {"negative": 0, "positive": 1},
    }
    t = transformers
    bert(out, "bert-sequence", tokenizer_json=True, **labels)
    bert(
        out,
        "bert-odd",
        seed=1,
        hidden_size=72,
        num_attention_heads=3,
        intermediate_size=101,
        num_hidden_layers=1,
    )
    bert(out, "bert-token", t.BertForTokenClassification, 2, num_labels=5)
    bert(
        out,
        "bert-multi-label",
        seed=3,
        num_labels=4,
        hidden_act="gelu_new",
        problem_type="multi_label_classification",
    )
    bert(out, "bert-regression", seed=4, num_labels=1, hidden_act="relu", num_hidden_layers=1)
    bert(out, "bert-shards", seed=5, shard="24KB")
    bert(out, "bert-f16", seed=6, dtype=torch.float16)
    bert(out, "bert-bf16", seed=7, dtype=torch.bfloat16)
    bert(out, "bert-embedding", t.BertModel, 8)
    bert(out, "bert-masked-lm", t.BertForMaskedLM, 9, num_hidden_layers=1)
    distilbert(out, "distilbert-sequence", t.DistilBertForSequenceClassification, 10)
    distilbert(out, "distilbert-token", t.DistilBertForTokenClassification, 11, num_labels=3)
    roberta(out, "roberta-sequence", t.RobertaForSequenceClassification, 12, num_labels=3)
    roberta(
        out, "roberta-token", t.RobertaForTokenClassification, 13, num_labels=7, num_hidden_layers=1
    )
    sentence(out, "sentence-mean", "bert-embedding", "mean", True)
    sentence(out, "sentence-cls", "bert-embedding", "cls", False)
    old_names(out, "bert-old-names", "bert-sequence")

    check_reference(out)
    base = bert(out, "bert-constants", seed=14)
    state = safetensors.torch.load_file(base / "model.safetensors")
    for k in state:
        if "LayerNorm.weight" in k:
            state[k] *= 0.4  # norms without statistics would grow from layer to layer
    constants = recipe_tensors(json.loads((base / "config.json").read_text()), SEED)
    safetensors.torch.save_file(
        state | {k: torch.from_numpy(v) for k, v in constants.items()},
        base / "model.safetensors",
        {"format": "pt"},
    )
    expect(base, transformers.BertTokenizerFast.from_pretrained(base))
    for name, (tacit, source) in RECIPES.items():
        recipe(out, name, tacit, source)


if __name__ == "__main__":
    main()
