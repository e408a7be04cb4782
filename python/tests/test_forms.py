"""PyTorch's forms on every fixture with a recipe. What the fixtures expect comes of
tools/recipes.py, which shares no code with them and works in float64; the C program is tested
against the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from tacit.converted import load_converted
from tacit.initialise import polynomial, reciprocal_net
from tacit.recipe import NAMED, Recipe
from tacit.text import Encoded, collate

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests/vectors/models"
RECIPES = sorted(path.name for path in FIXTURES.glob("recipe-*"))


def cases(directory: Path) -> tuple[list[Encoded], torch.Tensor]:
    """The sequences of a fixture that hide no token before their end, and their logits."""
    rows, wanted = [], []
    for case in json.loads((directory / "expected.json").read_text())["cases"]:
        lists = (case[key] for key in ("ids", "types", "mask", "expected"))
        for ids, types, mask, logits in zip(*lists, strict=True):
            n = sum(mask)
            if mask[:n] == [1] * n:
                rows.append(Encoded(tuple(ids[:n]), tuple(types[:n]), 0.0))
                wanted.append(logits)
    return rows, torch.tensor(wanted)


@pytest.mark.parametrize("name", RECIPES)
def test_fixture(name: str) -> None:
    """Alone, and padded in one batch, every sequence gets the logits that are expected."""
    rows, wanted = cases(FIXTURES / name)
    assert len({len(row.ids) for row in rows}) > 1
    model = load_converted(FIXTURES / name)
    with torch.no_grad():
        alone = torch.cat([model(**collate([row], 0)).logits for row in rows])
        together = model(**collate(rows, 0)).logits
    size = max(1.0, float(wanted.abs().max()))
    assert (alone - wanted).abs().max() < 1e-4 * size
    assert (together - wanted).abs().max() < 1e-4 * size


def test_fixtures_cover_the_recipes() -> None:
    named = {
        json.loads((FIXTURES / r / "config.json").read_text())["tacit"]["recipe"] for r in RECIPES
    }
    assert set(NAMED) - {"exact", "custom"} <= named


def test_recipe_round_trip(tmp_path: Path) -> None:
    recipe = Recipe.named("freediv-2quad").replaced({"attention": {"c": 4.0}})
    said = recipe.to_json()
    assert said["attention"] == {"form": "2quad-freediv", "c": 4.0, "length_power": 1.0}
    (tmp_path / "config.json").write_text(json.dumps({"tacit": said}))
    assert Recipe.read(tmp_path).to_json() == said
    other = recipe.replaced({"attention": {"form": "power", "power": 4}}, "custom")
    assert other.slots["attention"] == {"form": "power", "power": 4}
    with pytest.raises(ValueError, match="no slot 'soup'"):
        recipe.replaced({"soup": {}})


def test_reciprocal_net() -> None:
    net = reciprocal_net(0.5, 200.0)
    x = torch.logspace(-0.3, 2.3, 100).unsqueeze(1)
    h = torch.relu(torch.relu(x @ net["w1"].T + net["b1"]) @ net["w2"].T + net["b2"])
    got = h @ net["w3"].T + net["b3"]
    assert ((got * x - 1).abs() < 0.06).all()


def test_polynomial_is_exact_where_it_can_be() -> None:
    x = torch.linspace(-3, 5, 500)
    fit = polynomial(lambda s: (s + 5) ** 2 / 7, x, 2)
    lo, hi = fit["interval"].tolist()
    assert lo < -3 and hi > 5
    t = (2 * x - lo - hi) / (hi - lo)
    a = fit["coefficients"]
    got = a[0] + a[1] * t + a[2] * (2 * t * t - 1)
    assert (got - (x + 5) ** 2 / 7).abs().max() < 1e-4
