"""The page of results, of a toy in two recipes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tacit.ablate import ABLATIONS
from tacit.accuracy import AIMS, Scorer, aim_text, page, ratio, widest
from tacit.calibrate import find_program
from tacit.convert import Config, convert
from tacit.stages import STAGES, Stage


@pytest.mark.skipif(find_program() is None, reason="the program is not built")
def test_page(data: Path, teacher: Path, tmp_path: Path) -> None:
    shipped, build, folder = tmp_path / "models", tmp_path / "build", tmp_path / "folder"
    folder.mkdir()
    shutil.copytree(teacher, shipped / "sst2-tiny")
    for recipe, seed in (("secformer", 0), ("freediv", 0), ("freediv", 1)):
        stages = tuple(stage.to_json() for stage in STAGES[recipe])
        config = Config("sst2", recipe, stages, effort=0.005, max_tokens=16, seed=seed)
        out = shipped / f"sst2-tiny-{recipe}{f'-seed{seed}' if seed else ''}"
        convert(config, shipped / "sst2-tiny", data, out, tmp_path / "work", resume=True)
    text = page(Scorer(find_program(), data, folder), shipped, build, mpc=False)
    assert "| `exact` | | 100.0 (40 of 40) |" in text
    assert "| `freediv` | 0, 1 | " in text and " ± " in text
    assert "| `thex` | | not made here |" in text
    assert "| `secformer` | 2quad | " in text


def test_ranges() -> None:
    ranges = {"a/scores": [-1.0, 2.0], "b/scores": [-3.0, 1.0], "n/variance": [0.5, 4.0]}
    assert widest(ranges, "/scores") == (-3.0, 2.0)
    assert ratio(ranges, "variance") == 8 and ratio(ranges, "sum") is None


def test_aims() -> None:
    assert aim_text(-0.6, 0.7) == "−0.7: met"
    assert aim_text(-0.8, 0.7) == "−0.7: missed"
    assert aim_text(-0.8, None) == ""
    assert AIMS.keys() <= STAGES.keys()


def test_ablations_are_stages_of_recipes() -> None:
    for recipe, stages in ABLATIONS.values():
        assert recipe in STAGES
        assert all(stage == Stage.of(stage.to_json()) for stage in stages)
