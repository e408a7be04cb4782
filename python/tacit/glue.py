"""GLUE's tasks: which columns hold what, how to read them, how to score them.

The data is a folder or a tar archive holding <TASK>/<split>.tsv. GLUE's files are tab-separated
and have no quoting: a quotation mark is an ordinary character.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[2]
DEFAULT_DATA = REPOSITORY.parent / "shared" / "data" / "glue" / "glue.tar.xz"


@dataclass(frozen=True)
class Task:
    """One task's files: sentence and label columns are given by their place in a row."""

    folder: str
    columns: int
    sentences: tuple[int, ...]
    label: int
    labels: tuple[str, ...]  # names of classes 0, 1, …; none for a regression
    metric: str
    header: bool = True
    spelled: bool = False  # the file holds the label's name instead of its number


ENTAILMENT = ("entailment", "not_entailment")
TASKS = {
    "sst2": Task("SST-2", 2, (0,), 1, ("negative", "positive"), "accuracy"),
    "mrpc": Task("MRPC", 5, (3, 4), 0, ("not_equivalent", "equivalent"), "accuracy"),
    "rte": Task("RTE", 4, (1, 2), 3, ENTAILMENT, "accuracy", spelled=True),
    "qnli": Task("QNLI", 4, (1, 2), 3, ENTAILMENT, "accuracy", spelled=True),
    "wnli": Task("WNLI", 4, (1, 2), 3, ("not_entailment", "entailment"), "accuracy"),
    "cola": Task("CoLA", 4, (3,), 1, ("unacceptable", "acceptable"), "matthews", header=False),
    "stsb": Task("STS-B", 10, (7, 8), 9, (), "pearson"),
}


@dataclass(frozen=True)
class Example:
    sentences: tuple[str, ...]  # one or two
    label: float  # a class number, or a score


def read_text(data: Path, name: str) -> str:
    """The file NAME of a folder or of a tar archive that has it at any depth, as text."""
    if not data.exists():
        raise FileNotFoundError(f"no data at {data}; name a folder or a tar with --data")
    if data.is_dir():
        path = data / name
        if not path.exists():
            raise FileNotFoundError(f"{data} holds no {name}")
        return path.read_text(encoding="utf-8-sig")
    with tarfile.open(data) as tar:
        for member in tar:
            if member.isfile() and ("/" + member.name).endswith("/" + name):
                return io.TextIOWrapper(tar.extractfile(member), encoding="utf-8-sig").read()
    raise FileNotFoundError(f"{data} holds no {name}")


def read_split(data: Path, name: str, split: str) -> list[Example]:
    """The examples of one split ("train" or "dev") of the task with that name in TASKS."""
    task = TASKS[name]
    file = f"{task.folder}/{split}.tsv"
    rows = read_text(data, file).split("\n")
    examples = []
    for number, row in enumerate(rows, start=1):
        if not row or (number == 1 and task.header):
            continue
        cells = row.rstrip("\r").split("\t")
        if len(cells) != task.columns:
            raise ValueError(f"{file}:{number}: {len(cells)} columns instead of {task.columns}")
        try:
            examples.append(
                Example(
                    tuple(cells[column].strip() for column in task.sentences),
                    read_label(task, cells[task.label]),
                )
            )
        except ValueError as error:
            raise ValueError(f"{file}:{number}: label {cells[task.label]!r}: {error}") from None
    return examples


def read_label(task: Task, cell: str) -> float:
    """The class number, or for a regression the score."""
    if not task.labels:
        return float(cell)
    label = task.labels.index(cell) if task.spelled else int(cell)
    if not 0 <= label < len(task.labels):
        raise ValueError("no such class")
    return label


def score(task: Task, outputs: np.ndarray, labels: Sequence[float]) -> dict[str, float]:
    """The task's metrics of the logits (n × classes) or the predicted scores (n × 1)."""
    wanted = np.asarray(labels, dtype=np.float64)
    if not task.labels:
        got = outputs[:, 0].astype(np.float64)
        return {"pearson": pearson(got, wanted), "spearman": pearson(ranks(got), ranks(wanted))}
    got = outputs.argmax(axis=1)
    metrics = {"accuracy": float((got == wanted).mean()), "correct": int((got == wanted).sum())}
    if task.metric == "matthews":
        metrics["matthews"] = pearson(got.astype(np.float64), wanted)
    return metrics


def pearson(x: np.ndarray, y: np.ndarray) -> float:
    """Correlation; of two binary variables it is Matthews' coefficient. 0 where undefined."""
    x, y = x - x.mean(), y - y.mean()
    norm = float(np.sqrt((x * x).sum() * (y * y).sum()))
    return float((x * y).sum()) / norm if norm > 0 else 0.0


def ranks(x: np.ndarray) -> np.ndarray:
    """The place of each value in order, equal values sharing their mean place."""
    _, group, count = np.unique(x, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count - 1) / 2)[group]
