"""Write docs/results/accuracy.md: what every converted model scores, by the C program.

    python -m tacit.accuracy --out docs/results/accuracy.md [--mpc]

Models are those of models/ and, where they have been made, of build/models (further seeds, MiniLM,
other tasks) and build/ablations. Every figure is of the whole dev set; the program says how many
sentences it cut. --mpc answers it by two servers and a dealer as well.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tacit.calibrate import find_program, run
from tacit.glue import DEFAULT_DATA, REPOSITORY, TASKS, read_text
from tacit.stages import STAGES

AIMS = {  # points below the original that a small model's recipe may lose
    "secformer": 0.7,
    "freediv": 0.7,
    "freediv-2quad": 0.7,
    "thex": 2.5,
    "poly": 2.5,
}
AIMS_OF_MINILM = {
    "mpcformer": 1.0,
    "secformer": 0.5,
    "freediv": 0.5,
    "freediv-2quad": 0.5,
    "thex": 3.0,
    "poly": 3.0,
}
HEAD = """\
# Accuracy of converted models

Written by `PYTHONPATH=python python -m tacit.accuracy --mpc --out docs/results/accuracy.md`. Every
score is the C program's (`tacit eval`, plain engine, fp32) on the whole dev set; of SST-2's 872
sentences none is cut. [Conversion](../design/conversion.md) says how the models came about,
[models](../../models/README.md) which of them ship. Schedules were chosen with the dev set in
sight, so a fresh sample may come out a little lower; the standard error on 872 sentences is 1.3
points.

The papers report, on other models and data: SecFormer a mean loss of 0.9 points for BERT-base on
five tasks of GLUE (79.7 to 78.8), MPCFormer 4.3 on the same five (to 75.4), freeDiv none for
BERT-base on SST-2. They fine-tuned BERT-base and BERT-large, THE-X also tagged CoNLL-2003; neither
those weights nor that corpus is at hand here, so these figures stand beside ours and not against
them.
"""
MPC = """\
Masks are drawn anew each time, so an answer whose logits are within 3·10⁻³ of each other may fall
either way."""


@dataclass
class Scored:
    """One model directory and what the program says of it."""

    path: Path
    recipe: str
    task: str
    seed: int | None
    result: dict[str, float]
    labels: list[object]
    ranges: dict[str, list[float]]
    made: dict[str, object] = field(default_factory=dict)  # its conversion.json

    @property
    def score(self) -> float:
        return 100 * self.result[TASKS[self.task].metric]


class Scorer:
    """Runs the program on dev sets, which it keeps in a folder."""

    def __init__(self, program: Path, data: Path, folder: Path) -> None:
        self.program, self.data, self.folder = program, data, folder

    def dev(self, task: str) -> Path:
        path = self.folder / f"{task}.tsv"
        if not path.exists():
            path.write_text(read_text(self.data, f"{TASKS[task].folder}/dev.tsv"), "utf-8")
        return path

    def answers(self, model: Path, task: str, protect: str) -> tuple[dict, list[object]]:
        """The metrics, and each example's answer."""
        file = self.folder / "answers.jsonl"
        said = run(self.program, "eval", model, self.dev(task), "-p", protect, "-o", file, "--json")
        lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        return json.loads(said)["result"], [line.get("label", line["logits"]) for line in lines]

    def score(self, model: Path, task: str) -> Scored:
        config = json.loads((model / "config.json").read_text("utf-8"))
        tacit = config.get("tacit", {"recipe": "exact"})
        made = {}
        if (model / "conversion.json").exists():
            made = json.loads((model / "conversion.json").read_text("utf-8"))
        seed = made["config"]["seed"] if made else None
        result, labels = self.answers(model, task, "plain")
        return Scored(
            model, tacit["recipe"], task, seed, result, labels, tacit.get("ranges", {}), made
        )


def widest(ranges: dict[str, list[float]], end: str) -> tuple[float, float] | None:
    """The hull of the ranges whose name ends so."""
    found = [span for name, span in ranges.items() if name.endswith(end)]
    return (min(lo for lo, _ in found), max(hi for _, hi in found)) if found else None


def ratio(ranges: dict[str, list[float]], end: str) -> float | None:
    """The largest ratio of a range's ends."""
    found = [hi / lo for name, (lo, hi) in ranges.items() if name.endswith(end) and lo > 0]
    return max(found) if found else None


def models(folders: Sequence[Path], stem: str) -> Iterator[Path]:
    """Directories named stem, stem-RECIPE and stem-RECIPE-seedN."""
    for folder in folders:
        for path in sorted(folder.glob(f"{stem}*")):
            if (path / "config.json").exists():
                yield path


def family(scorer: Scorer, folders: Sequence[Path], stem: str, task: str) -> list[Scored]:
    return [scorer.score(path, task) for path in models(folders, stem)]


def span_text(span: tuple[float, float] | None) -> str:
    return f"{span[0]:.1f} … {span[1]:.1f}".replace("-", "−") if span else ""


def table(scored: Sequence[Scored], aims: dict[str, float]) -> list[str]:
    """A row a recipe: right answers, loss against the original, aim, ranges, effort."""
    exact = next((s for s in scored if s.recipe == "exact"), None)
    if not exact:
        return ["Not made here.", ""]
    lines = [
        "| recipe | seeds | score | against the original | aim | sentences seen |",
        "|---|---|---|---|---|---|",
        f"| `exact` | | {exact.score:.1f}{right(exact)} | | | |",
    ]
    for recipe in STAGES:
        of = [s for s in scored if s.recipe == recipe]
        if not of:
            lines.append(f"| `{recipe}` | | not made here | | | |")
            continue
        scores = [s.score for s in of]
        spread = f" ± {statistics.stdev(scores):.1f}" if len(of) > 1 else right(of[0])
        lost = statistics.mean(scores) - exact.score
        aim = aim_text(lost, aims.get(recipe))
        config = of[0].made["config"]
        seen = round(sum(s["examples"] for s in config["stages"]) * config["effort"])
        seeds = ", ".join(str(s.seed) for s in of)
        cells = (f"`{recipe}`", seeds, f"{statistics.mean(scores):.1f}{spread}", signed(lost), aim)
        lines.append(f"| {' | '.join(cells)} | {seen:,} |")
    return [*lines, ""]


def aim_text(lost: float, aim: float | None) -> str:
    return f"−{aim}: {'met' if lost >= -aim else 'missed'}" if aim is not None else ""


def right(s: Scored) -> str:
    correct = s.result.get("correct")
    return f" ({correct} of {s.result['n']})" if correct is not None else ""


def signed(x: float) -> str:
    return f"{x:+.1f}".replace("-", "−")


def range_table(scored: Sequence[Scored]) -> list[str]:
    lines = [
        "| recipe | scores | activation's input | largest ratio of row sums | of variances |",
        "|---|---|---|---|---|",
    ]
    for s in scored:
        if s.ranges and (s.seed or 0) == 0:
            ratios = (ratio(s.ranges, "attention/sum"), ratio(s.ranges, "norm/variance"))
            divides = s.recipe in ("exact", "secformer", "mpcformer", "thex")
            has_norm = s.recipe not in ("thex", "poly")
            cells = (
                f"`{s.recipe}`",
                span_text(widest(s.ranges, "attention/scores")),
                span_text(widest(s.ranges, "activation/input")),
                f"{ratios[0]:.1f}" if ratios[0] and divides else "–",
                f"{ratios[1]:.0f}" if ratios[1] and has_norm else "–",
            )
            lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]


def stage_table(scored: Sequence[Scored]) -> list[str]:
    lines = ["| recipe | stage | replaced, untrained | trained |", "|---|---|---|---|"]
    for s in scored:
        if s.made and (s.seed or 0) == 0:
            for entry in s.made["stages"][1:]:
                before = entry["before"]["correct"]
                after = entry["after"]["correct"]
                lines.append(f"| `{s.recipe}` | {entry['stage']} | {before} | {after} |")
    return [*lines, ""]


def mpc_table(scorer: Scorer, scored: Sequence[Scored]) -> list[str]:
    lines = ["| recipe | right, plain | right, mpc | answers that differ |", "|---|---|---|---|"]
    for s in scored:
        if not s.made or (s.seed or 0) != 0:
            continue
        try:
            result, labels = scorer.answers(s.path, s.task, "mpc")
        except SystemExit as error:
            lines.append(f"| `{s.recipe}` | {s.result['correct']} | {reason(error)} | |")
            continue
        different = sum(a != b for a, b in zip(labels, s.labels, strict=True))
        cells = (f"`{s.recipe}`", s.result["correct"], result["correct"], different)
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return [*lines, ""]


def reason(error: SystemExit) -> str:
    """What the program said, without its name, the model's, and its advice."""
    parts = str(error).split(": tacit ", 1)[-1].split(": ")[1:]
    wanted = [part for part in parts if not part.startswith(("/", "models/", "choose "))]
    return ": ".join(wanted).strip().replace("|", "/")


def calibrated(scorer: Scorer, original: Path, texts: Path) -> dict[str, list[float]]:
    """The ranges of a model that nobody has converted, on as many training sentences."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "model"
        run(scorer.program, "convert", original, out, "-r", "exact", "-d", texts, "-n", 2000)
        return json.loads((out / "config.json").read_text("utf-8"))["tacit"]["ranges"]


def untrained_table(scorer: Scorer, original: Path, texts: Path) -> list[str]:
    """The same recipes by `tacit convert`, which sets constants and trains nothing."""
    lines = ["| recipe | right without distillation |", "|---|---|"]
    for recipe in STAGES:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "model"
            try:
                run(scorer.program, "convert", original, out, "-r", recipe, "-d", texts, "-n", 2000)
                said = scorer.answers(out, "sst2", "plain")[0]["correct"]
            except SystemExit as error:  # numbers without bounds, for instance
                said = reason(error)
        lines.append(f"| `{recipe}` | {said} |")
    return [*lines, ""]


def ablation_table(folder: Path) -> list[str]:
    lines = ["| what | right | scores | activation's input |", "|---|---|---|---|"]
    found = sorted(folder.glob("*/conversion.json")) if folder.exists() else []
    for path in found:
        made = json.loads(path.read_text("utf-8"))
        ranges = json.loads((path.parent / "config.json").read_text("utf-8"))["tacit"]["ranges"]
        cells = (
            path.parent.name.replace("-", " "),
            str(made["metrics"]["correct"]),
            span_text(widest(ranges, "attention/scores")),
            span_text(widest(ranges, "activation/input")),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""] if found else ["Not made here.", ""]


def page(scorer: Scorer, shipped: Path, build: Path, mpc: bool) -> str:
    made = build / "models"
    tiny = family(scorer, (shipped, made), "sst2-tiny", "sst2")
    texts = scorer.folder / "train.tsv"
    texts.write_text(read_text(scorer.data, "SST-2/train.tsv"), "utf-8")
    lines = [HEAD, "## The small model, SST-2", ""]
    lines += table(tiny, AIMS)
    lines += ["Right answers of 872 after each stage, and before it was trained:", ""]
    lines += stage_table(tiny)
    for exact in (s for s in tiny if s.recipe == "exact"):
        exact.ranges = calibrated(scorer, exact.path, texts)
    lines += [
        "## Ranges",
        "",
        "Calibrated on training sentences, 10 % wider than seen, all layers together:",
        "",
    ]
    lines += range_table(tiny)
    if mpc:
        lines += ["## Under mpc", "", MPC, "", *mpc_table(scorer, tiny)]
    lines += ["## Ablations", "", "Constants set on 2,000 training sentences, nothing trained:", ""]
    lines += untrained_table(scorer, shipped / "sst2-tiny", texts)
    lines += ["One change each (`python -m tacit.ablate`):", ""]
    lines += ablation_table(build / "ablations")
    for task in TASKS:
        scored = family(scorer, (made,), f"{task}-minilm", task)
        if scored:
            lines += [f"## MiniLM-L6, {TASKS[task].folder}", "", *table(scored, AIMS_OF_MINILM)]
    return "\n".join(lines).rstrip() + "\n"


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="the page")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="GLUE: folder or tar")
    parser.add_argument("--build", type=Path, default=REPOSITORY / "build")
    parser.add_argument("--mpc", action="store_true", help="answer by mpc too")
    args = parser.parse_args(argv)
    program = find_program()
    if not program:
        raise SystemExit("the program is not built: make")
    with tempfile.TemporaryDirectory() as folder:
        scorer = Scorer(program, args.data, Path(folder))
        text = page(scorer, REPOSITORY / "models", args.build, args.mpc)
    args.out.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
