"""Conversions that differ in one thing from those that ship: what each part is worth.

    python -m tacit.ablate [NAME…] --model models/sst2-tiny

Results go to build/ablations/NAME, which `python -m tacit.accuracy` reads.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from tacit.convert import Config, convert
from tacit.glue import DEFAULT_DATA, REPOSITORY
from tacit.recipe import Slot
from tacit.stages import FOLLOW, TO_2QUAD, TO_POLY, Stage

BEFORE_NORMS = 3  # stages of poly before LayerNorm goes
BUDGET = 60_000  # sentences of a replacement that is tried alone


def without(stages: Sequence[Stage], term: str) -> tuple[Stage, ...]:
    return tuple(
        replace(s, losses={k: v for k, v in s.losses.items() if k != term}) for s in stages
    )


def alone(name: str, slots: Mapping[str, Slot]) -> tuple[Stage, ...]:
    """One replacement, everything else as in the original."""
    return (Stage(name, slots, {}, "all", FOLLOW, {}, BUDGET),)


def last_degree(degree: int) -> tuple[Stage, ...]:
    """GELU itself approximated, from the stage of the quotients on."""
    stage = Stage(
        "polynomials",
        {"attention": {"form": "scaled-sigma"}, "activation": {"form": "polynomial"}},
        {"attention": degree, "activation": degree},
        "all",
        FOLLOW,
        {"scores": (-4.0, 6.0), "activations": (-5.0, 5.0)},
        BUDGET,
        rate=5e-4,
        constants_rate=1.0,
    )
    softmax = Stage(
        "no division", {"attention": {"form": "softmax-freediv"}}, {}, "all", FOLLOW, {}, BUDGET
    )
    return softmax, stage


ABLATIONS: dict[str, tuple[str, tuple[Stage, ...]]] = {
    "2quad-without-range-loss": ("secformer", without(TO_2QUAD, "range")),
    "2quad-without-hidden-states": ("secformer", without(TO_2QUAD, "hidden")),
    "2quad-by-labels-alone": (
        "secformer",
        tuple(replace(s, losses={"labels": 1.0, "range": 0.05}) for s in TO_2QUAD),
    ),
    "poly-without-range-loss": (
        "poly",
        (*TO_POLY[:BEFORE_NORMS], *without(TO_POLY[BEFORE_NORMS:], "range")),
    ),
    "alone-quad": ("mpcformer", alone("quad", {"activation": {"form": "quad"}})),
    "alone-relu": ("thex", alone("relu", {"activation": {"form": "relu"}})),
    "alone-no-tanh": ("thex", alone("no tanh", {"pooler": {"form": "none"}})),
    "alone-softmax-freediv": (
        "freediv",
        alone("no division", {"attention": {"form": "softmax-freediv"}}),
    ),
    "alone-thex": ("thex", alone("estimated softmax", {"attention": {"form": "thex"}})),
    "alone-batchnorm": ("poly", alone("batch norm", {"norm": {"form": "batchnorm"}})),
    "degree-2": ("poly", last_degree(2)),
    "degree-4": ("poly", last_degree(4)),
    "degree-8": ("poly", last_degree(8)),
}


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="all by default")
    parser.add_argument("--model", type=Path, default=REPOSITORY / "models" / "sst2-tiny")
    parser.add_argument("--task", default="sst2")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="GLUE: folder or tar")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "build" / "ablations")
    parser.add_argument("--work", type=Path, default=REPOSITORY / "build" / "convert")
    parser.add_argument("--effort", type=float, default=1.0, metavar="X", help="times as long")
    parser.add_argument("--threads", type=int)
    args = parser.parse_args(argv)
    if args.threads:
        torch.set_num_threads(args.threads)
    if unknown := set(args.names) - set(ABLATIONS):
        parser.error(f"no ablation is called {', '.join(sorted(unknown))}")
    for name in args.names or ABLATIONS:
        recipe, stages = ABLATIONS[name]
        given = tuple(stage.to_json() for stage in stages)
        config = Config(args.task, recipe, given, effort=args.effort)
        convert(config, args.model, args.data, args.out / name, args.work, resume=True)


if __name__ == "__main__":
    main()
