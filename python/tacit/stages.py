"""The stages by which each recipe is reached, as data: what is replaced, what is trained, by which
losses, for how long. docs/design/conversion.md says why.

Recipes that begin alike share the tuples of their first stages, and so the work of these. A file of
the same fields, a JSON list of stages, takes the place of all of them (--stages FILE).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields

from tacit.recipe import Slot


@dataclass(frozen=True)
class Stage:
    """One step of a conversion: forms change at its beginning, then weights follow."""

    name: str
    replace: Mapping[str, Slot] = field(default_factory=dict)  # slot → its new form and numbers
    degrees: Mapping[str, int] = field(default_factory=dict)  # slot → of its new polynomials
    train: str = "all"  # or "norms", "constants"; embeddings never
    losses: Mapping[str, float] = field(default_factory=dict)  # term → weight
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)  # of term "range"
    examples: int = 0  # sentences that it sees
    batch: int = 128
    rate: float = 1.5e-3
    constants_rate: float = 10.0  # that of a form's constants beside the others'
    warmup: float = 0.1  # part of all steps, of rate and of the range term's weight
    temperature: float = 2.0
    freeze_statistics: bool = False  # of BatchNorm

    @classmethod
    def of(cls, given: Mapping[str, object]) -> Stage:
        known = {f.name for f in fields(cls)}
        if unknown := set(given) - known:
            raise ValueError(f"a stage has no field {', '.join(sorted(unknown))}")
        return cls(**given)

    def to_json(self) -> dict[str, object]:
        return asdict(self)


FOLLOW = {"hidden": 1.0, "context": 0.3, "logits": 1.0, "labels": 0.1, "range": 0.05}
LOOSE = {"hidden": 0.3, "logits": 1.0, "labels": 0.1, "range": 0.05}
QUAD_BOUNDS = {"scores": (-4.0, 7.0), "activations": (-6.0, 6.0), "sums": (12.0, 60.0)}
FREE_BOUNDS = {"scores": (-4.0, 7.0), "activations": (-5.0, 5.0)}
EXP_BOUNDS = {"scores": (-6.0, 3.5), "activations": (-5.0, 5.0), "variances": (0.5, 20.0)}


TO_2QUAD = (
    Stage("2quad", {"attention": {"form": "2quad"}}, {}, "all", FOLLOW, QUAD_BOUNDS, 120_000),
)
TO_QUAD = (
    *TO_2QUAD,
    Stage("quad", {"activation": {"form": "quad"}}, {}, "all", FOLLOW, QUAD_BOUNDS, 100_000),
)


def no_division(rate: float, examples: int) -> Stage:
    slots = {"attention": {"form": "2quad-freediv"}}
    return Stage("no division", slots, {}, "all", FOLLOW, FREE_BOUNDS, examples, rate=rate)


TO_2QUAD_FREEDIV = (*TO_QUAD, no_division(5e-4, 40_000))
TO_SOFTMAX_FREEDIV = (
    Stage("quad", {"activation": {"form": "quad"}}, {}, "all", FOLLOW, FREE_BOUNDS, 60_000),
    Stage(
        "no division",
        {"attention": {"form": "softmax-freediv"}},
        {},
        "all",
        FOLLOW,
        EXP_BOUNDS,
        100_000,
    ),
)
THEX_BOUNDS = {"scores": (-3.0, 4.0)}
TO_THEX = (
    Stage(
        "relu",
        {"activation": {"form": "relu"}, "pooler": {"form": "none"}},
        {},
        "all",
        FOLLOW,
        THEX_BOUNDS,
        40_000,
    ),
    Stage(
        "estimated softmax",
        {"attention": {"form": "thex"}},
        {},
        "all",
        FOLLOW,
        THEX_BOUNDS,
        60_000,
        constants_rate=0.0,
    ),
    Stage(
        "affine",
        {"norm": {"form": "affine"}},
        {},
        "all",
        LOOSE,
        THEX_BOUNDS,
        50_000,
        rate=5e-4,
        constants_rate=0.0,
    ),
)
TO_POLY = (
    *TO_QUAD,
    no_division(1.5e-3, 100_000),
    Stage(
        "batch norm",
        {"norm": {"form": "batchnorm"}, "pooler": {"form": "none"}},
        {},
        "all",
        LOOSE,
        FREE_BOUNDS,
        100_000,
        rate=5e-4,
        freeze_statistics=True,
    ),
    Stage(
        "polynomials",
        {"attention": {"form": "scaled-sigma"}, "activation": {"form": "polynomial"}},
        {"attention": 2, "activation": 2},
        "all",
        LOOSE,
        {"scores": (-4.0, 6.0), "activations": (-4.5, 4.5)},
        60_000,
        rate=3e-4,
        constants_rate=1.0,
        freeze_statistics=True,
    ),
)
STAGES: dict[str, tuple[Stage, ...]] = {
    "secformer": TO_2QUAD,
    "mpcformer": TO_QUAD,
    "freediv": TO_SOFTMAX_FREEDIV,
    "freediv-2quad": TO_2QUAD_FREEDIV,
    "thex": TO_THEX,
    "poly": TO_POLY,
}
