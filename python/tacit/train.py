"""Fine-tune an encoder on a GLUE task, or distil a fine-tuned one into a small student.

    python -m tacit.train --task sst2 --out build/sst2-minilm --epochs 2
    python -m tacit.train --task sst2 --out models/sst2-tiny --student 2x128x8x512 \\
        --teacher build/sst2-minilm

The result is a Hugging Face directory; training.json in it records configuration, seed and
metrics. After every epoch a checkpoint is written; --resume goes on from it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
import transformers
from torch.nn import functional
from tqdm import tqdm
from transformers import PreTrainedModel

from tacit.augment import augment
from tacit.export import export, write_json
from tacit.glue import DEFAULT_DATA, REPOSITORY, TASKS, Task, read_split, score
from tacit.model import Shape, find, load, load_encoder, load_tokenizer, make_student
from tacit.text import Encoded, collate, encode, shuffled_batches, sorted_batches

NO_DECAY = ("bias", "LayerNorm.weight")


@dataclass(frozen=True)
class Config:
    """All that a run's result depends on, besides the data and the versions of the libraries."""

    task: str
    model: str = "minilm"  # the encoder to start from; of a student: whence its teacher came
    student: str | None = None  # LAYERSxHIDDENxHEADSxINTERMEDIATE
    epochs: int = 2
    batch: int = 64
    rate: float = 5e-5
    word_rate: float = 1.0  # the word vectors' rate, as part of the others'
    warmup: float = 0.06  # part of all steps
    decay: float = 0.01
    dropout: float = 0.1
    max_tokens: int = 128
    soft: float = 0.9  # weight of the teacher's logits against the labels'
    temperature: float = 2.0
    augment: int = 0  # made-up examples, which the teacher labels, per real one
    seed: int = 1
    bf16: bool = True  # for wide models: a small student gains nothing by it
    limit: int | None = None  # use that many training examples only


class Trainer:
    """A model, its data and its optimizer, between two epochs."""

    def __init__(
        self,
        config: Config,
        model: PreTrainedModel,
        rows: Sequence[Encoded],
        logits: torch.Tensor | None = None,
    ) -> None:
        self.config, self.model, self.rows, self.logits = config, model, rows, logits
        self.task: Task = TASKS[config.task]
        self.epoch = 0
        self.history: list[dict[str, float]] = []
        groups: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
        for name, parameter in model.named_parameters():
            factor = config.word_rate if ".word_embeddings." in name else 1.0
            decay = 0.0 if name.endswith(NO_DECAY) else config.decay
            groups.setdefault((factor, decay), []).append(parameter)
        self.optimizer = torch.optim.AdamW(
            [
                {"params": parameters, "factor": factor, "weight_decay": decay}
                for (factor, decay), parameters in groups.items()
            ],
            fused=True,
        )

    def rate_at(self, step: int, steps: int) -> float:
        """Linear from nothing to the full rate, then linear to nothing."""
        rise = max(1, round(self.config.warmup * steps))
        if step < rise:
            return self.config.rate * (step + 1) / rise
        return self.config.rate * (steps - step) / max(1, steps - rise)

    def run_epoch(self) -> float:
        """Once through the data; the mean loss. Its randomness depends on seed and epoch only."""
        generator = torch.Generator().manual_seed(self.config.seed * 1000 + self.epoch)
        torch.manual_seed(self.config.seed * 1000 + self.epoch)
        batches = shuffled_batches(self.rows, self.config.batch, generator)
        steps = len(batches) * self.config.epochs
        self.model.train()
        total = 0.0
        bar = tqdm(batches, desc=f"epoch {self.epoch + 1}/{self.config.epochs}", disable=None)
        for number, batch in enumerate(bar):
            rate = self.rate_at(self.epoch * len(batches) + number, steps)
            for group in self.optimizer.param_groups:
                group["lr"] = rate * group["factor"]
            loss = self.loss(batch)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
            total += loss.item()
            if number % 20 == 0:
                bar.set_postfix(loss=f"{total / (number + 1):.4f}")
        self.epoch += 1
        return total / len(batches)

    def loss(self, batch: Sequence[int]) -> torch.Tensor:
        rows = [self.rows[i] for i in batch]
        bf16 = self.config.bf16 and self.config.student is None
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            output = self.model(**collate(rows, self.model.config.pad_token_id)).logits
        output = output.float()
        labels = torch.tensor([row.label for row in rows])
        known = ~labels.isnan()
        hard = hard_loss(output[known], labels[known], self.task) if known.any() else 0.0
        if self.logits is None:
            return hard
        soft = soft_loss(output, self.logits[batch], self.task, self.config.temperature)
        return self.config.soft * soft + (1 - self.config.soft) * known.float().mean() * hard

    def save(self, path: Path) -> None:
        state = {
            "config": asdict(self.config),
            "epoch": self.epoch,
            "history": self.history,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        torch.save(state, path.with_suffix(".new"))
        os.replace(path.with_suffix(".new"), path)

    def restore(self, path: Path) -> None:
        state = torch.load(path, weights_only=True)
        if state["config"] != asdict(self.config):
            raise SystemExit(f"{path} is of a run with another configuration: {state['config']}")
        self.epoch, self.history = state["epoch"], state["history"]
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])


def hard_loss(output: torch.Tensor, labels: torch.Tensor, task: Task) -> torch.Tensor:
    """Against the data's labels."""
    if not task.labels:
        return functional.mse_loss(output[:, 0], labels)
    return functional.cross_entropy(output, labels.long())


def soft_loss(
    output: torch.Tensor, wanted: torch.Tensor, task: Task, temperature: float
) -> torch.Tensor:
    """Against the teacher's output (Hinton et al., 2015): KL divergence at a temperature."""
    if not task.labels:
        return functional.mse_loss(output, wanted)
    return temperature**2 * functional.kl_div(
        functional.log_softmax(output / temperature, dim=1),
        functional.log_softmax(wanted / temperature, dim=1),
        reduction="batchmean",
        log_target=True,
    )


@torch.inference_mode()
def predict(
    model: PreTrainedModel, rows: Sequence[Encoded], batch: int = 64, bf16: bool = False
) -> torch.Tensor:
    """The model's output for each row, in their order."""
    model.eval()
    outputs = torch.empty(len(rows), model.config.num_labels)
    for indices in tqdm(sorted_batches(rows, batch), desc="predict", leave=False, disable=None):
        inputs = collate([rows[i] for i in indices], model.config.pad_token_id)
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            outputs[indices] = model(**inputs).logits.float()
    return outputs.clone()


def evaluate(model: PreTrainedModel, rows: Sequence[Encoded], task: Task) -> dict[str, float]:
    return score(task, predict(model, rows).numpy(), [row.label for row in rows])


def set_dropout(model: PreTrainedModel, p: float) -> None:
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = p


def train(
    config: Config, data: Path, out: Path, work: Path, resume: bool, teacher: Path | None = None
) -> dict[str, object]:
    """Run one job to its end and write its result to OUT; checkpoints go to WORK."""
    start = time.monotonic()
    work.mkdir(parents=True, exist_ok=True)
    task = TASKS[config.task]
    source = teacher or find(config.model)
    tokenizer = load_tokenizer(source)
    rows = encode(tokenizer, read_split(data, config.task, "train"), config.max_tokens)
    rows = rows[: config.limit]
    dev = encode(tokenizer, read_split(data, config.task, "dev"), config.max_tokens)

    torch.manual_seed(config.seed)
    logits = None
    if teacher is None:
        model = load_encoder(source, task)
    else:
        master = load(source)
        model = make_student(master, Shape.parse(config.student), config.max_tokens, task)
        rng = np.random.default_rng(config.seed)
        rows += augment(rows, config.augment, tokenizer, config.max_tokens, rng)
        logits = teacher_logits(master, rows, work / "teacher-logits.pt", config, resume)
        del master
    set_dropout(model, config.dropout)

    trainer = Trainer(config, model, rows, logits)
    checkpoint = work / "checkpoint.pt"
    if resume and checkpoint.exists():
        trainer.restore(checkpoint)
        print(f"going on after epoch {trainer.epoch}", flush=True)
    while trainer.epoch < config.epochs:
        before = time.monotonic()
        loss = trainer.run_epoch()
        entry = {"epoch": trainer.epoch, "loss": loss, **evaluate(model, dev, task)}
        entry["seconds"] = time.monotonic() - before
        trainer.history.append(entry)
        trainer.save(checkpoint)
        print(json.dumps(entry), flush=True)

    export(model, tokenizer, out, torch.float16 if teacher else torch.float32)
    result = {
        "config": asdict(config),
        "examples": {"train": len(rows), "dev": len(dev)},
        "metrics": evaluate(load(out), dev, task),
        "metrics_before_rounding": evaluate(model, dev, task),
        "history": trainer.history,
        "seconds": time.monotonic() - start,
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
    }
    write_json(out / "training.json", result)
    return result


def teacher_logits(
    master: PreTrainedModel, rows: Sequence[Encoded], path: Path, config: Config, resume: bool
) -> torch.Tensor:
    """The teacher's output for each row; kept on disk for an interrupted run to go on."""
    lesson = fingerprint(master, rows)
    if resume and path.exists():
        kept = torch.load(path, weights_only=True)
        if kept["lesson"] == lesson:
            return kept["logits"]
    logits = predict(master, rows, config.batch, config.bf16)
    torch.save({"lesson": lesson, "logits": logits}, path)
    return logits


def fingerprint(master: PreTrainedModel, rows: Sequence[Encoded]) -> str:
    """Of the teacher's head and all rows: what was kept from others is not used."""
    digest = hashlib.sha256()
    for parameter in list(master.parameters())[-2:]:
        digest.update(parameter.detach().numpy().tobytes())
    for row in rows:
        digest.update(np.asarray(row.ids, dtype=np.int32).tobytes())
    return digest.hexdigest()


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    default = Config(task="")
    parser.add_argument("--task", choices=TASKS, required=True)
    parser.add_argument("--out", type=Path, required=True, help="the result's directory")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="GLUE: folder or tar")
    parser.add_argument("--model", default=default.model, help="minilm, or a directory")
    parser.add_argument("--student", metavar="SHAPE", help="e.g. 2x128x8x512: distil into this")
    parser.add_argument("--teacher", type=Path, help="fine-tuned model; made first if missing")
    parser.add_argument("--teacher-epochs", type=int, default=default.epochs)
    parser.add_argument("--epochs", type=int, default=default.epochs)
    parser.add_argument("--batch", type=int, default=default.batch)
    parser.add_argument("--rate", type=float, default=default.rate)
    parser.add_argument("--word-rate", type=float, default=default.word_rate, metavar="PART")
    parser.add_argument("--warmup", type=float, default=default.warmup)
    parser.add_argument("--decay", type=float, default=default.decay)
    parser.add_argument("--dropout", type=float, default=default.dropout)
    parser.add_argument("--max-tokens", type=int, default=default.max_tokens)
    parser.add_argument("--soft", type=float, default=default.soft, help="teacher's weight, 0–1")
    parser.add_argument("--temperature", type=float, default=default.temperature)
    parser.add_argument("--augment", type=int, default=default.augment, metavar="N")
    parser.add_argument("--seed", type=int, default=default.seed)
    parser.add_argument("--bf16", action=argparse.BooleanOptionalAction, default=default.bf16)
    parser.add_argument("--limit", type=int, metavar="N", help="use N training examples only")
    parser.add_argument("--threads", type=int, help="one is fastest where others compute too")
    parser.add_argument("--work", type=Path, help="checkpoints; build/train/<name> by default")
    parser.add_argument("--resume", action="store_true", help="go on after the last epoch done")
    args = parser.parse_args(argv)
    if bool(args.student) != bool(args.teacher):
        parser.error("--student and --teacher go together")

    if args.threads:
        torch.set_num_threads(args.threads)
    names = [name for name in Config.__dataclass_fields__ if name in vars(args)]
    config = Config(**{name: vars(args)[name] for name in names})
    work = args.work or REPOSITORY / "build" / "train" / args.out.name
    if args.teacher and not (args.teacher / "training.json").exists():
        lesson = replace(
            default,
            task=config.task,
            model=config.model,
            epochs=args.teacher_epochs,
            seed=config.seed,
            bf16=config.bf16,
            limit=config.limit,
        )
        result = train(lesson, args.data, args.teacher, work / "teacher", args.resume)
        print("teacher:", json.dumps(result["metrics"]))
    result = train(config, args.data, args.out, work, args.resume, args.teacher)
    print(f"{args.out}:", json.dumps(result["metrics"]))


if __name__ == "__main__":
    main()
