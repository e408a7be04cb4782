"""A model's recipe, which form each slot takes, as config.json has it (docs/design/recipes.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

SCHEMA = 1
NAMED = {  # recipe → attention, activation, norm, pooler; exact's activation is the model's own
    "exact": ("softmax", "gelu", "layernorm", "tanh"),
    "custom": ("softmax", "gelu", "layernorm", "tanh"),
    "mpcformer": ("2quad", "quad", "layernorm", "tanh"),
    "secformer": ("2quad", "gelu", "layernorm", "tanh"),
    "freediv": ("softmax-freediv", "quad", "layernorm", "tanh"),
    "freediv-2quad": ("2quad-freediv", "quad", "layernorm", "tanh"),
    "thex": ("thex", "relu", "affine", "none"),
    "poly": ("scaled-sigma", "polynomial", "batchnorm", "none"),
}
FIELDS: dict[str, dict[str, object]] = {  # of an attention form, with what an absent one means
    "softmax": {},
    "2quad": {"c": 5.0},
    "softmax-freediv": {"length_power": 1.0},
    "2quad-freediv": {"c": 5.0, "length_power": 1.0},
    "thex": {"literal": False},
    "scaled-sigma": {"sigma": "polynomial", "length_power": 1.0},
    "power": {"power": 2},
}
HIDDEN_ACT = {"gelu": "gelu", "gelu_new": "gelu-tanh", "gelu_pytorch_tanh": "gelu-tanh"}

Slot = Mapping[str, object]


@dataclass(frozen=True)
class Recipe:
    """Slots by name, each an object with its form and the form's numbers."""

    name: str
    slots: Mapping[str, Slot]
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @classmethod
    def named(cls, name: str, hidden_act: str = "gelu") -> Recipe:
        """The recipe of that name, its numbers at their defaults."""
        if name not in NAMED:
            raise ValueError(f"recipe {name!r}: must be one of {', '.join(NAMED)}")
        forms = dict(zip(("attention", "activation", "norm", "pooler"), NAMED[name], strict=True))
        if name in ("exact", "custom"):
            forms["activation"] = HIDDEN_ACT.get(hidden_act, hidden_act)
        slots = {slot: {"form": form} for slot, form in forms.items()}
        slots["embedding_norm"] = {"form": "layernorm"}
        return cls(name, {slot: complete(slot, fields) for slot, fields in slots.items()})

    @classmethod
    def read(cls, directory: Path) -> Recipe:
        """That of a model directory; exact where its config.json names none."""
        config = json.loads((directory / "config.json").read_text("utf-8"))
        said = config.get("tacit", {"schema": SCHEMA, "recipe": "exact"})
        if said["schema"] != SCHEMA:
            raise ValueError(f"{directory}: schema {said['schema']} of a recipe is not known")
        recipe = cls.named(said["recipe"], config.get("hidden_act", "gelu"))
        recipe = recipe.replaced({slot: said[slot] for slot in recipe.slots if slot in said})
        ranges = {slot: (lo, hi) for slot, (lo, hi) in said.get("ranges", {}).items()}
        return replace(recipe, ranges=ranges)

    def form(self, slot: str) -> str:
        return str(self.slots[slot]["form"])

    def replaced(self, changes: Mapping[str, Slot], name: str | None = None) -> Recipe:
        """With these slots' fields changed; a new form begins with its own defaults."""
        slots = dict(self.slots)
        for slot, fields in changes.items():
            if slot not in slots:
                raise ValueError(f"a recipe has no slot {slot!r}")
            same = fields.get("form", self.form(slot)) == self.form(slot)
            slots[slot] = complete(slot, {**slots[slot], **fields} if same else fields)
        return Recipe(name or self.name, slots, self.ranges)

    def to_json(self) -> dict[str, object]:
        """The object for the key "tacit", every slot written out."""
        said: dict[str, object] = {"schema": SCHEMA, "recipe": self.name}
        said |= {slot: dict(fields) for slot, fields in self.slots.items()}
        if self.ranges:
            said["ranges"] = {slot: list(self.ranges[slot]) for slot in sorted(self.ranges)}
        return said


def complete(slot: str, fields: Slot) -> Slot:
    """With the defaults of what is absent."""
    form = str(fields["form"])
    return {"form": form, **(FIELDS[form] if slot == "attention" else {}), **fields}
