"""A made-up task small enough to train on in a second: data in a tar, and a random encoder."""

from __future__ import annotations

import io
import random
import tarfile
from pathlib import Path

import pytest
import torch
from transformers import BertConfig, BertModel

from tacit.train import Config, train

torch.set_num_threads(1)  # models this small gain nothing by two, and lose much on a busy machine

TOY = {"task": "sst2", "max_tokens": 16, "batch": 16, "rate": 1e-2, "bf16": False}
GOOD = ["good", "fine", "bright", "warm"]
BAD = ["bad", "poor", "dull", "cold"]
OTHER = ["the", "film", "is", "a", "story", "and", "then", "##ly"]


def sst2(n: int, seed: int) -> str:
    draw = random.Random(seed)
    lines = ["sentence\tlabel"]
    for _ in range(n):
        label = draw.randrange(2)
        words = [*draw.choices(OTHER[:-1], k=draw.randrange(1, 6)), draw.choice([BAD, GOOD][label])]
        draw.shuffle(words)
        lines.append(f"{' '.join(words)} \t{label}")
    return "\n".join(lines) + "\n"


FILES = {
    "SST-2/train.tsv": sst2(200, 1),
    "SST-2/dev.tsv": sst2(40, 2),
    "MRPC/dev.tsv": '\ufeffQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t7\t8\tA " b\tb a "\n',
    "RTE/dev.tsv": "index\tsentence1\tsentence2\tlabel\n0\ta\tb\tnot_entailment\n",
    "CoLA/dev.tsv": "gj04\t0\t*\tbad the\ngj04\t1\t\tthe good\n",
    "STS-B/dev.tsv": "h\t" * 9 + "score\n" + "x\t" * 7 + "a b\tc d\t3.800\n",
    "QNLI/dev.tsv": "index\tquestion\tsentence\tlabel\n0\twhat?\tthat.\tentailment\n",
    "WNLI/dev.tsv": "index\tsentence1\tsentence2\tlabel\n0\ta\tb\t2\n",
}


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "glue.tar.xz"
    with tarfile.open(path, "w:xz") as tar:
        for name, text in FILES.items():
            content = text.encode()
            info = tarfile.TarInfo(f"glue/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("encoder")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *GOOD, *BAD, *OTHER]
    (path / "vocab.txt").write_text("".join(f"{word}\n" for word in words))
    (path / "tokenizer_config.json").write_text(
        '{"tokenizer_class": "BertTokenizer", "do_lower_case": true}'
    )
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=24,
    )
    BertModel(config).save_pretrained(path)
    return path


@pytest.fixture(scope="session")
def teacher(data: Path, encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The encoder, fine-tuned on the made-up task."""
    base = tmp_path_factory.mktemp("teacher")
    config = Config(model=str(encoder), epochs=10, **TOY)
    result = train(config, data, base / "out", base / "work", resume=False)
    assert result["metrics"]["accuracy"] > 0.9
    return base / "out"
