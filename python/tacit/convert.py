"""Convert a fine-tuned BERT classifier to a recipe, by distillation from itself.

    python -m tacit.convert models/sst2-tiny --recipe secformer --task sst2 \\
        --out models/sst2-tiny-secformer

The result is a Hugging Face directory with the recipe, its constants and its calibrated ranges;
conversion.json in it records configuration, seed and metrics. Stages are data (tacit/stages.py);
a finished one is kept in the work folder and taken over by every recipe that begins alike, and
--resume goes on inside one. docs/design/conversion.md explains the whole.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
import transformers

from tacit.augment import augment
from tacit.calibrate import agree, calibrate, find_program
from tacit.converted import Converted, load_converted
from tacit.distil import Distiller, Lesson
from tacit.export import export_converted, link_shared, write_json
from tacit.glue import DEFAULT_DATA, REPOSITORY, TASKS, read_split
from tacit.initialise import initialise
from tacit.model import load, load_tokenizer
from tacit.ranges import ranges_of, traces_of
from tacit.report import draw_curves, write_report
from tacit.stages import STAGES, Stage
from tacit.text import Encoded, encode, load_rows, save_rows
from tacit.train import evaluate, teacher_logits

SAMPLE = 512  # sentences that first constants are taken from
CALIBRATION = 20000  # sentences that ranges are taken from


@dataclass(frozen=True)
class Config:
    """All that a conversion's result depends on, besides the data and the libraries' versions."""

    task: str
    recipe: str
    stages: tuple[Mapping[str, object], ...]
    effort: float = 1.0  # of the stages' examples, that share
    pace: float = 1.0  # of the stages' rates, that share
    batch: int | None = None  # in place of the stages' batches
    fold: bool = False  # κ and b of forms without division into the output projection
    augment: int = 1  # made-up sentences per real one
    max_tokens: int = 128
    seed: int = 0
    limit: int | None = None  # use that many training sentences only


class Conversion:
    """A model on its way to a recipe."""

    def __init__(self, config: Config, model: Path, data: Path, work: Path, resume: bool) -> None:
        self.config, self.work, self.resume = config, work, resume
        self.source, self.task = model, TASKS[config.task]
        work.mkdir(parents=True, exist_ok=True)
        self.tokenizer = load_tokenizer(model)
        self.teacher, self.student = load_converted(model), load_converted(model)
        if self.teacher.recipe.name != "exact":
            raise SystemExit(
                f"{model} has the recipe {self.teacher.recipe.name}: give the original"
            )
        positions = self.teacher.config.max_position_embeddings
        self.dev = encode(self.tokenizer, read_split(data, config.task, "dev"), positions)
        self.rows = self.read_rows(data)
        self.key = hashlib.sha256(fingerprint(self.teacher, self.rows))
        self.history: list[dict[str, object]] = []

    def read_rows(self, data: Path) -> list[Encoded]:
        """The task's sentences and made-up ones; kept on disk, for they take a while."""
        c = self.config
        path = self.work / f"rows-{c.task}-{c.seed}-{c.augment}-{c.max_tokens}-{c.limit}.npz"
        if self.resume and path.exists():
            return load_rows(path)
        rows = encode(self.tokenizer, read_split(data, c.task, "train"), c.max_tokens)[: c.limit]
        rng = np.random.default_rng(c.seed)
        rows += augment(rows, c.augment, self.tokenizer, c.max_tokens, rng)
        save_rows(path, rows)
        return rows

    def run(self, soft: torch.Tensor | None) -> None:
        """All stages, each from its checkpoint if that is there."""
        torch.manual_seed(self.config.seed)
        lesson = Lesson(self.rows, soft, self.task, self.config.seed)
        if soft is not None:
            self.key.update(soft.numpy().tobytes())
        self.note("original", [], 0.0)
        for place, given in enumerate(self.config.stages):
            self.take_stage(Stage.of(given), place, lesson)

    def take_stage(self, stage: Stage, place: int, lesson: Lesson) -> None:
        """Replace, then train; or take over what an earlier run made of the same."""
        scaled = replace(
            stage,
            examples=round(stage.examples * self.config.effort),
            rate=stage.rate * self.config.pace,
            batch=self.config.batch or stage.batch,
        )
        self.key.update(json.dumps([self.config.seed, scaled.to_json()], sort_keys=True).encode())
        path = self.work / f"{self.key.hexdigest()[:16]}.pt"
        last = place == len(self.config.stages) - 1
        start = time.monotonic()
        sample = traces_of(self.student, self.rows[: len(self.rows)][:: self.stride(SAMPLE)])
        self.student = initialise(
            self.student,
            stage.replace,
            stage.degrees,
            sample,
            self.config.recipe if last else "custom",
        )
        del sample
        done = path.with_suffix(".done")
        if self.resume and done.exists():
            kept = torch.load(done, weights_only=True)
            self.student.load_state_dict(kept["student"])
            self.history.append(kept["entry"])
            print(json.dumps(brief(kept["entry"]) | {"kept": True}), flush=True)
            return
        before = evaluate(self.student, self.dev, self.task)
        distiller = Distiller(self.student, self.teacher, lesson, scaled, place)
        distiller.run(path if self.resume else None)
        entry = self.note(stage.name, distiller.curves, time.monotonic() - start, before)
        torch.save({"student": self.student.state_dict(), "entry": entry}, done)
        path.unlink(missing_ok=True)

    def stride(self, wanted: int) -> int:
        return max(1, len(self.rows) // wanted)

    def note(
        self,
        name: str,
        curves: list[dict[str, float]],
        seconds: float,
        before: dict[str, float] | None = None,
    ) -> dict[str, object]:
        """Metrics and ranges on the dev set after a stage."""
        entry: dict[str, object] = {"stage": name}
        if before:
            entry["before"] = before
        entry["after"] = evaluate(self.student, self.dev, self.task)
        entry["ranges"] = {
            k: list(v) for k, v in ranges_of(traces_of(self.student, self.dev)).items()
        }
        entry["curves"] = curves
        entry["seconds"] = seconds
        self.history.append(entry)
        print(json.dumps(brief(entry)), flush=True)
        return entry

    def finish(self, data: Path, out: Path) -> dict[str, object]:
        """Write the model in F16, calibrate its ranges, and let the program check it."""
        if self.config.fold:
            self.student.fold_divisors()
        export_converted(self.student, self.tokenizer, out)
        link_shared(out, self.source)
        program = find_program()
        texts = self.calibration_rows()
        result: dict[str, object] = {
            "config": asdict(self.config),
            "made_from": self.source.name,
            "examples": {"train": len(self.rows), "dev": len(self.dev)},
            "metrics_of_original": self.history[0]["after"],
            "metrics": evaluate(load_converted(out), self.dev, self.task),
            "metrics_before_rounding": evaluate(self.student, self.dev, self.task),
            "stages": [
                {k: v for k, v in entry.items() if k not in ("curves", "ranges")}
                for entry in self.history
            ],
            "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        }
        if program:
            calibrate(program, out, texts, self.tokenizer, self.work)
            result["program"] = agree(program, out, self.config.task, data, self.work)
        write_json(out / "conversion.json", result)
        return result

    def calibration_rows(self) -> list[Encoded]:
        """The longest of the task's own sentences and as many drawn from all rows."""
        own = [row for row in self.rows if row.label == row.label]  # others' labels are NaN
        longest = sorted(own, key=lambda row: -len(row.ids))[: CALIBRATION // 2]
        return longest + self.rows[:: self.stride(CALIBRATION // 2)]


def fingerprint(model: Converted, rows: Sequence[Encoded]) -> bytes:
    """Of all weights and all rows."""
    digest = hashlib.sha256()
    for parameter in model.parameters():
        digest.update(parameter.detach().numpy().tobytes())
    for row in rows:
        digest.update(np.asarray(row.ids, dtype=np.int32).tobytes())
    return digest.digest()


def brief(entry: Mapping[str, object]) -> dict[str, object]:
    return {k: v for k, v in entry.items() if k not in ("curves", "ranges")}


def convert(
    config: Config,
    model: Path,
    data: Path,
    out: Path,
    work: Path,
    resume: bool,
    teacher: Path | None = None,
) -> dict[str, object]:
    """Run one conversion to its end; report and curves go to WORK."""
    conversion = Conversion(config, model, data, work, resume)
    soft = None
    if teacher:
        lesson = {"batch": 64, "bf16": True}
        soft = teacher_logits(
            load(teacher), conversion.rows, work / "soft.pt", SimpleConfig(**lesson), resume
        )
    conversion.run(soft)
    result = conversion.finish(data, out)
    draw_curves(conversion.history, work / f"{out.name}.png")
    write_report(result, conversion.history, work / f"{out.name}.md")
    return result


@dataclass(frozen=True)
class SimpleConfig:
    """How a teacher is asked."""

    batch: int
    bf16: bool


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", type=Path, metavar="MODEL", help="a fine-tuned directory")
    parser.add_argument("--recipe", choices=STAGES, required=True)
    parser.add_argument("--task", choices=TASKS, required=True)
    parser.add_argument("--out", type=Path, required=True, help="the result's directory")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="GLUE: folder or tar")
    parser.add_argument("--teacher", type=Path, help="whose logits to learn; MODEL's by default")
    parser.add_argument("--stages", type=Path, metavar="FILE", help="JSON in place of the recipe's")
    parser.add_argument("--effort", type=float, default=1.0, metavar="X", help="times as long")
    parser.add_argument("--pace", type=float, default=1.0, metavar="X", help="times the rates")
    parser.add_argument("--batch", type=int, metavar="N", help="in place of the stages' batches")
    parser.add_argument(
        "--fold", action="store_true", help="constants of freediv into the output projection"
    )
    parser.add_argument("--augment", type=int, default=1, metavar="N")
    parser.add_argument("--max-tokens", type=int, default=128)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=int, metavar="N", help="use N training sentences only")
    parser.add_argument("--threads", type=int, help="one is fastest where others compute too")
    parser.add_argument("--work", type=Path, default=REPOSITORY / "build" / "convert")
    parser.add_argument(
        "--resume", action="store_true", help="take over what is in the work folder"
    )
    args = parser.parse_args(argv)
    if args.threads:
        torch.set_num_threads(args.threads)
    stages = [stage.to_json() for stage in STAGES[args.recipe]]
    if args.stages:
        stages = [Stage.of(given).to_json() for given in json.loads(args.stages.read_text())]
    names = [name for name in Config.__dataclass_fields__ if name != "stages"]
    config = Config(stages=tuple(stages), **{name: vars(args)[name] for name in names})
    result = convert(config, args.model, args.data, args.out, args.work, args.resume, args.teacher)
    print(f"{args.out}:", json.dumps({k: result[k] for k in ("metrics", "program") if k in result}))


if __name__ == "__main__":
    main()
