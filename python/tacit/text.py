"""Sentences to token ids, and token ids to padded batches of like length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from transformers import PreTrainedTokenizerBase

from tacit.glue import Example

BUCKET = 50  # batches are cut from runs of this many batches sorted by length


@dataclass(frozen=True)
class Encoded:
    ids: tuple[int, ...]
    types: tuple[int, ...]  # 0 for the first sentence, 1 for the second
    label: float  # NaN where only a teacher can tell


def encode(
    tokenizer: PreTrainedTokenizerBase, examples: Sequence[Example], max_tokens: int
) -> list[Encoded]:
    """Tokenize; what exceeds max_tokens is cut off, of the longer sentence first."""
    columns = list(zip(*(example.sentences for example in examples), strict=True))
    got = tokenizer(
        *(list(column) for column in columns),
        truncation=True,
        max_length=max_tokens,
        return_token_type_ids=True,
    )
    rows = zip(got["input_ids"], got["token_type_ids"], examples, strict=True)
    return [Encoded(tuple(ids), tuple(types), e.label) for ids, types, e in rows]


def save_rows(path: Path, rows: Sequence[Encoded]) -> None:
    """Keep rows in a file, which is read sooner than made."""
    np.savez(
        path,
        ids=np.fromiter(chain.from_iterable(row.ids for row in rows), dtype=np.int32),
        types=np.fromiter(chain.from_iterable(row.types for row in rows), dtype=np.int8),
        lengths=np.array([len(row.ids) for row in rows]),
        labels=np.array([row.label for row in rows]),
    )


def load_rows(path: Path) -> list[Encoded]:
    with np.load(path) as kept:
        ids, types = kept["ids"].tolist(), kept["types"].tolist()
        ends = np.cumsum(kept["lengths"]).tolist()
        labels = kept["labels"].tolist()
    spans = zip([0, *ends[:-1]], ends, labels, strict=True)
    return [Encoded(tuple(ids[a:b]), tuple(types[a:b]), label) for a, b, label in spans]


def collate(rows: Sequence[Encoded], pad: int) -> dict[str, torch.Tensor]:
    """Model inputs padded to the longest row."""
    longest = max(len(row.ids) for row in rows)

    def padded(values: Iterator[Sequence[int]], filler: int) -> torch.Tensor:
        return torch.tensor([[*v, *[filler] * (longest - len(v))] for v in values])

    return {
        "input_ids": padded((row.ids for row in rows), pad),
        "token_type_ids": padded((row.types for row in rows), 0),
        "attention_mask": padded(([1] * len(row.ids) for row in rows), 0),
    }


def shuffled_batches(
    rows: Sequence[Encoded], size: int, generator: torch.Generator
) -> list[list[int]]:
    """All indices in a random order, in batches whose rows are of like length."""
    order = torch.randperm(len(rows), generator=generator).tolist()
    batches = []
    for start in range(0, len(order), size * BUCKET):
        run = sorted(order[start : start + size * BUCKET], key=lambda i: len(rows[i].ids))
        batches += [run[i : i + size] for i in range(0, len(run), size)]
    return [batches[i] for i in torch.randperm(len(batches), generator=generator).tolist()]


def sorted_batches(rows: Sequence[Encoded], size: int) -> list[list[int]]:
    """All indices by length, for evaluation."""
    order = sorted(range(len(rows)), key=lambda i: len(rows[i].ids))
    return [order[i : i + size] for i in range(0, len(order), size)]
