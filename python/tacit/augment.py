"""Made-up phrases for a teacher to label: pieces of real ones with some of their words changed.

A student sees few of the words its teacher knows, because a task's training set has few. So half
of the words put in come from the whole vocabulary, the other half from the task's own text.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from transformers import PreTrainedTokenizerBase

from tacit.text import Encoded

WHOLE = 0.3  # chance that a phrase is kept at its full length
DROP = 0.1  # chance of a word to be left out
SWAP = 0.2  # chance of a word to be replaced
JOIN = 0.3  # chance that a piece of another phrase follows

Word = tuple[int, ...]  # its pieces


def augment(
    rows: Sequence[Encoded],
    times: int,
    tokenizer: PreTrainedTokenizerBase,
    max_tokens: int,
    rng: np.random.Generator,
) -> list[Encoded]:
    """TIMES made-up rows of one sentence for each row, without labels."""
    pieces = tokenizer.convert_ids_to_tokens(range(len(tokenizer)))
    phrases = [words_of(row.ids[1:-1], pieces) for row in rows] if times else []
    task_words = [word for phrase in phrases for word in phrase]
    all_words = [(i,) for i, piece in enumerate(pieces) if piece.isascii() and piece.isalpha()]
    first, last = tokenizer.cls_token_id, tokenizer.sep_token_id
    made = []
    for _ in range(times):
        for phrase in phrases:
            words = piece_of(phrase, rng)
            if rng.random() < JOIN:
                words = words + piece_of(phrases[rng.integers(len(phrases))], rng)
            words = change(words, task_words, all_words, rng)
            ids = (first, *[i for word in words for i in word][: max_tokens - 2], last)
            made.append(Encoded(ids, (0,) * len(ids), math.nan))
    return made


def words_of(ids: Sequence[int], pieces: Sequence[str]) -> list[Word]:
    """Pieces grouped to words: those that begin with ## go on with the word before them."""
    words: list[Word] = []
    for i in ids:
        if words and pieces[i].startswith("##"):
            words[-1] = (*words[-1], i)
        else:
            words.append((i,))
    return words


def piece_of(phrase: list[Word], rng: np.random.Generator) -> list[Word]:
    """The whole phrase, or some of its words in a row."""
    if len(phrase) < 2 or rng.random() < WHOLE:
        return phrase
    length = rng.integers(1, len(phrase))
    start = rng.integers(0, len(phrase) - length + 1)
    return phrase[start : start + length]


def change(
    phrase: list[Word], task_words: list[Word], all_words: list[Word], rng: np.random.Generator
) -> list[Word]:
    """Leave out or replace each word with the above chances; at least one remains."""
    chances = rng.random(len(phrase))
    words = []
    for word, chance in zip(phrase, chances, strict=True):
        if chance < SWAP:
            source = task_words if chance < SWAP / 2 else all_words
            words.append(source[rng.integers(len(source))])
        elif chance < 1 - DROP:
            words.append(word)
    return words or phrase[:1]
