"""A toy converted to every recipe; PyTorch and the program must agree on what came of it.

Needs the program for the second half (TACIT_BUILD, default build/release).
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from tacit import distil
from tacit.calibrate import Disagreement, agree, find_program
from tacit.convert import Config, convert, main
from tacit.converted import Converted, load_converted
from tacit.distil import Distiller, Diverged, Lesson, draw, parameter_groups
from tacit.export import ENCODER, INDEX, link_shared
from tacit.glue import TASKS, read_split
from tacit.initialise import initialise
from tacit.losses import excess
from tacit.model import load_tokenizer
from tacit.ranges import ranges_of, traces_of
from tacit.stages import STAGES, Stage
from tacit.text import Encoded, encode, load_rows, save_rows

EFFORT = 0.01
needs_program = pytest.mark.skipif(find_program() is None, reason="the program is not built")


def config_of(recipe: str, **more: object) -> Config:
    stages = tuple(stage.to_json() for stage in STAGES[recipe])
    return Config("sst2", recipe, stages, effort=EFFORT, max_tokens=16, **more)


def rows_of(teacher: Path, data: Path) -> list[Encoded]:
    return encode(load_tokenizer(teacher), read_split(data, "sst2", "dev"), 16)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all recipes, so that those that begin alike share stages."""
    return tmp_path_factory.mktemp("work")


@pytest.mark.parametrize("recipe", STAGES)
def test_converts(recipe: str, data: Path, teacher: Path, work: Path, tmp_path: Path) -> None:
    out = tmp_path / f"toy-{recipe}"
    result = convert(config_of(recipe), teacher, data, out, work, resume=True)
    assert result["metrics"]["accuracy"] > 0.8
    assert load_converted(out).recipe.name == recipe
    assert json.loads((out / "conversion.json").read_text())["config"]["seed"] == 0
    assert (work / f"{out.name}.png").read_bytes()[:4] == b"\x89PNG"
    assert "| original |" in (work / f"{out.name}.md").read_text()
    if find_program():
        ranges = load_converted(out).recipe.ranges
        seen = ranges_of(traces_of(load_converted(out), rows_of(teacher, data)))
        assert seen.keys() <= ranges.keys() | {k for k in seen if k.endswith("/sum")}
        assert all(lo < hi for lo, hi in ranges.values())
        assert result["program"]["different"] == 0
        assert result["program"]["apart"] < 1e-4


@needs_program
@pytest.mark.parametrize("recipe", ["freediv", "freediv-2quad"])
def test_folds_divisors(recipe: str, data: Path, teacher: Path, work: Path, tmp_path: Path) -> None:
    """No constant is left, and PyTorch, before and after, and the program agree."""
    apart, folded = tmp_path / "apart", tmp_path / "folded"
    convert(config_of(recipe), teacher, data, apart, work, resume=True)
    result = convert(config_of(recipe, fold=True), teacher, data, folded, work, resume=True)
    assert result["program"]["different"] == 0
    model = load_converted(folded)
    assert "tacit." not in (folded / INDEX).read_text()
    assert "kappa" in (apart / INDEX).read_text()
    rows = rows_of(teacher, data)
    wanted = traces_of(load_converted(apart), rows, batch=40)[0].logits
    assert torch.allclose(traces_of(model, rows, batch=40)[0].logits, wanted, atol=2e-2)
    assert not torch.allclose(weight_of(model), weight_of(load_converted(apart)), rtol=0.1)


def weight_of(model: Converted) -> torch.Tensor:
    return model.layer(0).attention.output.dense.weight


@needs_program
def test_disagreement_is_seen(data: Path, teacher: Path, work: Path, tmp_path: Path) -> None:
    """The check can fail: the program computes what config.json says, PyTorch another form."""
    out = tmp_path / "toy"
    convert(config_of("secformer"), teacher, data, out, work, resume=True)
    original = load_converted

    def other(directory: Path) -> object:
        model = original(directory)
        return model.changed({"activation": {"form": "quad"}}, "custom", {}).eval()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tacit.calibrate.load_converted", other)
        with pytest.raises(Disagreement, match="from PyTorch's"):
            agree(find_program(), out, "sst2", data, tmp_path)


def test_interrupted_stage_ends_as_an_uninterrupted_one(
    data: Path, teacher: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config_of("freediv")
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    convert(config, teacher, data, whole / "toy", whole, resume=True)

    monkeypatch.setattr(distil, "SAVE_SECONDS", -1)
    real, steps = Distiller.take_step, []

    def interrupted(self: Distiller, batch: list[int]) -> None:
        steps.append(1)
        if len(steps) == 5:
            raise KeyboardInterrupt
        real(self, batch)

    monkeypatch.setattr(Distiller, "take_step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        convert(config, teacher, data, parts / "toy", parts, resume=True)
    convert(config, teacher, data, parts / "toy", parts, resume=True)
    assert (parts / "toy" / ENCODER).read_bytes() == (whole / "toy" / ENCODER).read_bytes()
    total = sum(len(s.to_json()) > 0 for s in STAGES["freediv"])
    entries = json.loads((parts / "toy" / "conversion.json").read_text())["stages"]
    assert len(entries) == total + 1


def test_command(data: Path, teacher: Path, tmp_path: Path) -> None:
    stages = [{"name": "one", "replace": {"activation": {"form": "quad"}}, "examples": 64}]
    stages[0] |= {"losses": {"logits": 1.0}, "batch": 16}
    (tmp_path / "stages.json").write_text(json.dumps(stages))
    options = f"{teacher} --recipe mpcformer --task sst2 --data {data} --max-tokens 16"
    options += f" --out {tmp_path / 'out'} --work {tmp_path} --teacher {teacher}"
    main([*options.split(), "--stages", str(tmp_path / "stages.json"), "--augment", "0"])
    assert load_converted(tmp_path / "out").recipe.form("attention") == "softmax"
    with pytest.raises(SystemExit, match="give the original"):
        main(options.replace(str(teacher), str(tmp_path / "out"), 1).split())


def test_unknown_field_of_a_stage() -> None:
    with pytest.raises(ValueError, match="no field rat"):
        Stage.of({"name": "x", "rat": 1})


def test_embeddings_are_never_trained(teacher: Path) -> None:
    model = load_converted(teacher)
    trained = {id(p) for g in parameter_groups(model, Stage("x")) for p in g["params"]}
    for name, p in model.net.named_parameters():
        assert (id(p) in trained) != (".embeddings." in name), name


def test_draws_what_a_stage_asks_for(data: Path, teacher: Path) -> None:
    rows = rows_of(teacher, data)
    lesson = Lesson(rows, None, TASKS["sst2"], 0)
    batches = draw(lesson, Stage("x", examples=100, batch=16), 0)
    drawn = [i for batch in batches for i in batch]
    assert len(drawn) == 100 and set(drawn) == set(range(40))
    assert batches == draw(lesson, Stage("x", examples=100, batch=16), 0)
    assert batches != draw(lesson, Stage("x", examples=100, batch=16), 1)


def test_divergence_is_an_error(data: Path, teacher: Path) -> None:
    student, original = load_converted(teacher), load_converted(teacher)
    with torch.no_grad():
        student.net.classifier.weight[0, 0] = torch.inf
    stage = Stage("x", losses={"logits": 1.0}, examples=16)
    lesson = Lesson(rows_of(teacher, data), None, TASKS["sst2"], 0)
    with pytest.raises(Diverged, match="step 0"):
        Distiller(student, original, lesson, stage, 0).run()


def test_range_term(data: Path, teacher: Path) -> None:
    """Zero within bounds; the square of the largest excess beyond; padding does not count."""
    model = load_converted(teacher)
    trace = traces_of(model, rows_of(teacher, data), batch=40)[0]
    lo, hi = ranges_of([trace])["layers.0.attention/scores"]
    trace.scores = trace.scores[:1]
    assert excess(trace, {"scores": (lo, hi)}) == 0
    rows = trace.scores[0].masked_fill(trace.tokens[:, None, None, :] == 0, -9e9)
    rows = rows.masked_fill(trace.tokens[:, None, :, None] == 0, -9e9)
    wanted = (rows.flatten(1).amax(dim=1) - lo).square().mean()
    assert torch.isclose(excess(trace, {"scores": (lo - 99, lo)}), wanted)


def test_affine_norms_begin_near_layernorm(data: Path, teacher: Path) -> None:
    """Feature by feature the best map: its error has no correlation with the input."""
    rows = rows_of(teacher, data)
    for form in ("affine", "batchnorm"):
        model = load_converted(teacher)
        before = traces_of(model, rows)
        new = initialise(model, {"norm": {"form": form}}, {}, before, "custom").eval()
        x = before[0].norm_inputs[0][before[0].tokens > 0]
        y = before[0].norm_outputs[0][before[0].tokens > 0]
        norm = new.attention_norm[0]
        error = norm(x.unsqueeze(0), torch.ones(1, len(x), 1))[0] - y
        assert error.square().mean() < 0.5 * y.var()
        gamma, beta = norm.folded()
        assert torch.allclose(gamma * x + beta, y + error, atol=1e-4)


def test_links_what_is_shared(tmp_path: Path) -> None:
    base, out = tmp_path / "base", tmp_path / "out"
    for directory, text in ((base, "a"), (out, "b")):
        directory.mkdir()
        (directory / "same").write_text("x")
        (directory / "other").write_text(text)
    assert link_shared(out, base) == ["same"]
    assert (out / "same").is_symlink() and (out / "same").read_text() == "x"
    assert not (out / "other").is_symlink()


def test_rows_are_kept(data: Path, teacher: Path, tmp_path: Path) -> None:
    rows = [*rows_of(teacher, data), Encoded((2, 3), (0, 0), float("nan"))]
    save_rows(tmp_path / "rows.npz", rows)
    again = load_rows(tmp_path / "rows.npz")
    assert again[:-1] == rows[:-1]
    assert again[-1].ids == (2, 3) and again[-1].label != again[-1].label
