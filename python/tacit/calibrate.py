"""What a conversion asks the C program: calibrated ranges, and whether it computes the same."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from transformers import PreTrainedTokenizerBase

from tacit.converted import load_converted
from tacit.export import write_json
from tacit.glue import REPOSITORY, TASKS, read_split, read_text
from tacit.model import load_tokenizer
from tacit.text import Encoded, encode
from tacit.train import predict

CLOSE = 2e-3  # logits of two fp32 computations of one model, beside the largest of them


class Disagreement(RuntimeError):
    """The program does not compute what PyTorch does."""


def find_program() -> Path | None:
    """The program of TACIT_BUILD, else of build/release; None where none is built."""
    path = Path(os.environ.get("TACIT_BUILD", REPOSITORY / "build" / "release")) / "tacit"
    return path if path.exists() else None


def calibrate(
    program: Path,
    model: Path,
    rows: Sequence[Encoded],
    tokenizer: PreTrainedTokenizerBase,
    work: Path,
) -> None:
    """Write the ranges that the program sees on the rows' texts into the model's recipe."""
    texts, whole = work / f"{model.name}.texts.jsonl", work / f"{model.name}.calibrated"
    with texts.open("w", encoding="utf-8") as file:
        for row in rows:
            cut = row.types.index(1) if 1 in row.types else len(row.ids)
            parts = [row.ids[1 : cut - 1], row.ids[cut:-1]] if 1 in row.types else [row.ids[1:-1]]
            names = ("text", "pair")
            decoded = (tokenizer.decode(part, clean_up_tokenization_spaces=False) for part in parts)
            file.write(json.dumps(dict(zip(names, decoded, strict=False))) + "\n")
    shutil.rmtree(whole, ignore_errors=True)
    config = json.loads((model / "config.json").read_text("utf-8"))
    command = ["convert", model, whole, "--recipe", config["tacit"]["recipe"], "--data", texts]
    run(program, *command, "--limit", str(len(rows)))
    seen = json.loads((whole / "config.json").read_text("utf-8"))["tacit"]["ranges"]
    config["tacit"]["ranges"] = {name: [rounded(x) for x in seen[name]] for name in sorted(seen)}
    write_json(model / "config.json", config)
    shutil.rmtree(whole)


def agree(program: Path, model: Path, name: str, data: Path, work: Path) -> dict[str, object]:
    """The plain engine's answers on the dev set beside PyTorch's; an error where they differ."""
    task, path = TASKS[name], work / f"{model.name}.dev.tsv"
    path.write_text(read_text(data, f"{task.folder}/dev.tsv"), "utf-8")
    answers = work / f"{model.name}.answers.jsonl"
    run(program, "eval", model, path, "--predictions", answers)
    theirs = np.array([logits_of(json.loads(line)) for line in answers.read_text().splitlines()])
    ours_model, tokenizer = load_converted(model), load_tokenizer(model)
    positions = ours_model.config.max_position_embeddings
    rows = encode(tokenizer, read_split(data, name, "dev"), positions)
    ours = predict(ours_model, rows).numpy()
    apart = float(np.abs(ours - theirs).max() / max(1.0, float(np.abs(ours).max())))
    different = int((ours.argmax(axis=1) != theirs.argmax(axis=1)).sum())
    if apart > CLOSE:
        raise Disagreement(f"{model}: logits of the program are {apart:.1e} from PyTorch's")
    return {"n": len(rows), "different": different, "apart": apart}


def logits_of(answer: dict[str, object]) -> list[float]:
    return answer["logits"]


def run(program: Path, *arguments: object) -> str:
    """The program's output; its complaint where it fails."""
    command = [str(program), *map(str, arguments), "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def rounded(x: float) -> float:
    """To six digits, which is more than a range has a meaning for."""
    return float(f"{x:.6g}")
