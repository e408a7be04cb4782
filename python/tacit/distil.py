"""One stage of a conversion: teach a converted model what the original does.

All randomness comes of the run's seed and the stage's place, and a checkpoint is written every so
many steps, so that an interrupted run ends as an uninterrupted one does.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from tqdm import tqdm

from tacit.converted import Converted, Trace
from tacit.glue import Task
from tacit.losses import TERMS, excess
from tacit.norms import BatchNorm, Norm
from tacit.stages import Stage
from tacit.text import Encoded, collate, shuffled_batches
from tacit.train import NO_DECAY, hard_loss, soft_loss

DECAY = 0.01
SAVE_SECONDS = 60
RECORD_STEPS = 10  # a point of the curves is the mean over so many steps


class Diverged(RuntimeError):
    """The loss is no number any more."""


@dataclass
class Lesson:
    """What a stage works on."""

    rows: Sequence[Encoded]
    soft: torch.Tensor | None  # logits of another teacher for each row; None: the original's
    task: Task
    seed: int


class Distiller:
    """A student between two steps of one stage."""

    def __init__(
        self, student: Converted, teacher: Converted, lesson: Lesson, stage: Stage, place: int
    ) -> None:
        self.student, self.teacher, self.lesson, self.stage = student, teacher, lesson, stage
        self.batches = draw(lesson, stage, place)
        self.step = 0
        self.curves: list[dict[str, float]] = []
        self.sums: dict[str, float] = {}
        self.optimizer = torch.optim.AdamW(parameter_groups(student, stage), fused=True)
        for module in student.modules():
            if isinstance(module, BatchNorm):
                module.frozen = stage.freeze_statistics
        self.trained = [p for group in self.optimizer.param_groups for p in group["params"]]
        for p in student.parameters():
            p.requires_grad_(False)
        for p in self.trained:
            p.requires_grad_(True)

    def run(self, path: Path | None = None) -> None:
        """To the stage's end; goes on from the checkpoint PATH where there is one."""
        if path and path.exists():
            self.restore(path)
        self.student.train()
        saved = time.monotonic()
        bar = tqdm(total=len(self.batches), initial=self.step, desc=self.stage.name, disable=None)
        while self.step < len(self.batches):
            self.take_step(self.batches[self.step])
            self.step += 1
            bar.update()
            if path and time.monotonic() - saved > SAVE_SECONDS:
                self.save(path)
                saved = time.monotonic()
        bar.close()
        self.student.eval()

    def take_step(self, batch: Sequence[int]) -> None:
        factor = self.factor()
        for group in self.optimizer.param_groups:
            group["lr"] = self.stage.rate * group["factor"] * factor
        loss, terms = self.loss(batch)
        if not torch.isfinite(loss):
            raise Diverged(f"stage {self.stage.name!r}, step {self.step}: the loss is {loss}")
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.trained, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.record(terms)

    def factor(self) -> float:
        """The rate's course: linear from nothing to one, then linear to nothing."""
        steps = len(self.batches)
        rise = max(1, round(self.stage.warmup * steps))
        if self.step < rise:
            return (self.step + 1) / rise
        return (steps - self.step) / max(1, steps - rise)

    def loss(self, batch: Sequence[int]) -> tuple[torch.Tensor, dict[str, float]]:
        rows = [self.lesson.rows[i] for i in batch]
        inputs = collate(rows, self.student.config.pad_token_id)
        wide = torch.autocast("cpu", torch.bfloat16, enabled=self.student.is_wide)
        with torch.no_grad(), wide:
            wanted = self.teacher(**inputs)
        if self.lesson.soft is not None:
            wanted.logits = self.lesson.soft[batch]
        with wide:
            got = self.student(**inputs)
        labels = torch.tensor([row.label for row in rows])
        terms = {name: self.term(name, got, wanted, labels) for name in self.stage.losses}
        rise = max(1, round(self.stage.warmup * len(self.batches)))
        grown = min(1.0, (self.step + 1) / rise)
        weights = {n: w * (grown if n == "range" else 1) for n, w in self.stage.losses.items()}
        total = sum(weights[name] * terms[name] for name in terms)
        return total, {n: float(x.detach()) for n, x in terms.items()} | {
            "total": float(total.detach())
        }

    def term(self, name: str, got: Trace, wanted: Trace, labels: torch.Tensor) -> torch.Tensor:
        task = self.lesson.task
        if name == "logits":
            return soft_loss(got.logits, wanted.logits, task, self.stage.temperature)
        if name == "labels":
            known = ~labels.isnan()
            part = known.float().mean()
            return part * hard_loss(got.logits[known], labels[known], task) if part > 0 else part
        if name == "range":
            return excess(got, self.stage.bounds)
        return TERMS[name](got, wanted)

    def record(self, terms: dict[str, float]) -> None:
        for name, x in terms.items():
            self.sums[name] = self.sums.get(name, 0.0) + x
        done, last = self.step + 1, len(self.batches)
        if done % RECORD_STEPS == 0 or done == last:
            steps = (done - 1) % RECORD_STEPS + 1
            point = {name: x / steps for name, x in self.sums.items()}
            self.curves.append({"step": done, **point})
            self.sums = {}

    def save(self, path: Path) -> None:
        state = {
            "step": self.step,
            "curves": self.curves,
            "sums": self.sums,
            "student": self.student.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        torch.save(state, path.with_suffix(".new"))
        os.replace(path.with_suffix(".new"), path)

    def restore(self, path: Path) -> None:
        state = torch.load(path, weights_only=True)
        self.step, self.curves, self.sums = state["step"], state["curves"], state["sums"]
        self.student.load_state_dict(state["student"])
        self.optimizer.load_state_dict(state["optimizer"])


def draw(lesson: Lesson, stage: Stage, place: int) -> list[list[int]]:
    """The stage's batches: epochs over all rows, the last one cut short."""
    generator = torch.Generator().manual_seed(lesson.seed * 1000 + place)
    batches: list[list[int]] = []
    while sum(map(len, batches)) < stage.examples:
        left = stage.examples - sum(map(len, batches))
        chosen = torch.randperm(len(lesson.rows), generator=generator)[:left].tolist()
        some = shuffled_batches([lesson.rows[i] for i in chosen], stage.batch, generator)
        batches += [[chosen[i] for i in batch] for batch in some]
    return batches


def parameter_groups(student: Converted, stage: Stage) -> list[dict[str, object]]:
    """What the stage trains: constants at a rate of their own and without decay; the embeddings,
    which all variants of a model share, never."""
    net = dict(student.net.named_parameters())
    ours = {id(p) for p in net.values()}
    constants = [p for p in student.parameters() if id(p) not in ours]
    norms = {id(p) for m in student.modules() if isinstance(m, Norm) for p in (m.weight, m.bias)}
    groups: dict[float, list[torch.nn.Parameter]] = {0.0: [], DECAY: []}
    for name, p in net.items():
        wanted = stage.train == "all" or (stage.train == "norms" and id(p) in norms)
        if wanted and ".embeddings." not in name:
            groups[0.0 if name.endswith(NO_DECAY) else DECAY].append(p)
    found = [{"params": ps, "factor": 1.0, "weight_decay": d} for d, ps in groups.items() if ps]
    if constants and stage.constants_rate > 0:
        found.append({"params": constants, "factor": stage.constants_rate, "weight_decay": 0.0})
    return found
