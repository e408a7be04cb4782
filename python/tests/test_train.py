from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import TOY
from safetensors import safe_open

from tacit import train as train_module
from tacit.augment import augment, words_of
from tacit.eval import main as evaluate
from tacit.export import EMBEDDINGS, ENCODER, INDEX, export
from tacit.glue import TASKS, read_split
from tacit.model import Shape, find, load, load_encoder, load_tokenizer, make_student
from tacit.text import collate, encode, shuffled_batches
from tacit.train import Config, main, predict, teacher_logits, train


def test_distils(data: Path, teacher: Path, tmp_path: Path) -> None:
    config = Config(student="1x8x2x16", epochs=8, augment=1, **TOY)
    result = train(config, data, tmp_path / "out", tmp_path / "work", False, teacher)
    assert result["metrics"]["accuracy"] > 0.8
    assert result["examples"] == {"train": 400, "dev": 40}
    assert json.loads((tmp_path / "out" / "training.json").read_text())["config"]["seed"] == 1
    config = load(tmp_path / "out").config
    assert (config.hidden_size, config.id2label) == (8, {0: "negative", 1: "positive"})


def test_resumed_run_is_the_uninterrupted_one(
    data: Path, teacher: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Config(student="1x8x2x16", epochs=3, augment=1, **TOY)
    train(config, data, tmp_path / "whole", tmp_path / "work", False, teacher)

    real, done = train_module.Trainer.run_epoch, []

    def interrupted(self: train_module.Trainer) -> float:
        if done:
            raise KeyboardInterrupt
        done.append(True)
        return real(self)

    monkeypatch.setattr(train_module.Trainer, "run_epoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(config, data, tmp_path / "parts", tmp_path / "parts-work", False, teacher)
    monkeypatch.undo()
    result = train(config, data, tmp_path / "parts", tmp_path / "parts-work", True, teacher)
    assert [entry["epoch"] for entry in result["history"]] == [1, 2, 3]
    for shard in (EMBEDDINGS, ENCODER):
        assert (tmp_path / "parts" / shard).read_bytes() == (
            tmp_path / "whole" / shard
        ).read_bytes()


def test_resume_refuses_another_configuration(data: Path, encoder: Path, tmp_path: Path) -> None:
    config = Config(model=str(encoder), epochs=1, limit=32, **TOY)
    train(config, data, tmp_path / "out", tmp_path / "work", False)
    with pytest.raises(SystemExit, match="another configuration"):
        other = Config(model=str(encoder), epochs=2, limit=32, **TOY)
        train(other, data, tmp_path / "out", tmp_path / "work", True)


def test_kept_logits_are_of_this_teacher_and_these_rows(
    data: Path, teacher: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    master, path, config = load(teacher), tmp_path / "logits.pt", Config(**TOY)
    rows = encode(load_tokenizer(teacher), read_split(data, "sst2", "dev"), 16)
    logits = teacher_logits(master, rows, path, config, True)
    calls = []
    monkeypatch.setattr(train_module, "predict", lambda *_: calls.append(1) or logits)
    assert torch.equal(teacher_logits(master, rows, path, config, True), logits)
    assert not calls
    teacher_logits(master, rows[::-1], path, config, True)
    assert len(calls) == 1


def test_command_makes_the_teacher_too(data: Path, encoder: Path, tmp_path: Path) -> None:
    options = f"--task sst2 --data {data} --model {encoder} --work {tmp_path / 'work'} --limit 32"
    options += f" --out {tmp_path / 'out'} --student 1x8x2x16 --teacher {tmp_path / 'teacher'}"
    main([*options.split(), "--max-tokens", "16", "--epochs", "1", "--teacher-epochs", "1"])
    assert (tmp_path / "teacher" / "training.json").exists()
    assert (tmp_path / "out" / INDEX).exists()


def test_regression_trains(data: Path, encoder: Path) -> None:
    rows = encode(load_tokenizer(encoder), read_split(data, "stsb", "dev"), 16)
    assert rows[0].types.count(1) == 3
    model = load_encoder(encoder, TASKS["stsb"])
    trainer = train_module.Trainer(Config(**TOY | {"task": "stsb", "epochs": 1}), model, rows)
    assert trainer.run_epoch() == pytest.approx(3.8**2, rel=0.3)


def test_export_round_trip(encoder: Path, tmp_path: Path) -> None:
    model, tokenizer = load_encoder(encoder, TASKS["sst2"]).eval(), load_tokenizer(encoder)
    export(model, tokenizer, tmp_path)
    index = json.loads((tmp_path / INDEX).read_text())["weight_map"]
    for shard in (EMBEDDINGS, ENCODER):
        with safe_open(tmp_path / shard, "pt") as file:
            names = list(file.keys())
            assert all(file.get_tensor(name).dtype == torch.float16 for name in names)
        assert sorted(names) == sorted(name for name in index if index[name] == shard)
        assert all((".embeddings." in name) == (shard == EMBEDDINGS) for name in names)
    assert not any("position_ids" in name for name in index)
    again = load(tmp_path)
    for name, tensor in model.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor.half().float()), name
    text = "the film is good"
    assert load_tokenizer(tmp_path)(text)["input_ids"] == tokenizer(text)["input_ids"]
    assert (tmp_path / "vocab.txt").read_text() == (encoder / "vocab.txt").read_text()


def test_export_refuses_what_f16_cannot_hold(encoder: Path, tmp_path: Path) -> None:
    model = load_encoder(encoder, TASKS["sst2"])
    with torch.no_grad():
        model.classifier.weight[0, 0] = 1e6
    with pytest.raises(OverflowError, match=r"classifier\.weight"):
        export(model, load_tokenizer(encoder), tmp_path)


def test_student_keeps_the_word_geometry(encoder: Path) -> None:
    """With as many dimensions as the teacher, the projection is a rotation."""
    teacher = load_encoder(encoder, TASKS["sst2"])
    student = make_student(teacher, Shape.parse("1x16x2x32"), 8, TASKS["sst2"])

    def angles(model: torch.nn.Module) -> torch.Tensor:
        words = model.base_model.embeddings.word_embeddings.weight.detach()
        return torch.corrcoef((words - words.mean(dim=0)) @ (words - words.mean(dim=0)).T)

    assert torch.allclose(angles(teacher), angles(student), atol=1e-4)


def test_augmented_rows(data: Path, encoder: Path) -> None:
    tokenizer = load_tokenizer(encoder)
    rows = encode(tokenizer, read_split(data, "sst2", "dev"), 16)
    made = augment(rows, 2, tokenizer, 8, np.random.default_rng(1))
    assert made == augment(rows, 2, tokenizer, 8, np.random.default_rng(1))
    assert len(made) == 2 * len(rows)
    for row in made:
        assert len(row.ids) == len(row.types)
        assert 2 < len(row.ids) <= 8
        assert (row.ids[0], row.ids[-1]) == (tokenizer.cls_token_id, tokenizer.sep_token_id)
    assert words_of([0, 1, 2, 0], ["a", "##b", "##c"]) == [(0, 1, 2), (0,)]


def test_batches_hold_every_row_once(data: Path, encoder: Path) -> None:
    rows = encode(load_tokenizer(encoder), read_split(data, "sst2", "train"), 16)
    batches = shuffled_batches(rows, 7, torch.Generator().manual_seed(1))
    assert sorted(i for batch in batches for i in batch) == list(range(len(rows)))
    inputs = collate(rows[:5], 0)
    assert inputs["attention_mask"].sum(dim=1).tolist() == [len(row.ids) for row in rows[:5]]


def test_predicts_in_order(data: Path, encoder: Path) -> None:
    rows = encode(load_tokenizer(encoder), read_split(data, "sst2", "dev"), 16)
    model = load_encoder(encoder, TASKS["sst2"])
    alone = torch.cat([predict(model, [row]) for row in rows])
    assert torch.allclose(predict(model, rows, batch=8), alone, atol=1e-6)


def test_finds_minilm() -> None:
    try:
        directory = find("minilm")
    except FileNotFoundError as error:
        pytest.skip(str(error))
    assert (directory / "model.safetensors").exists()


def test_eval_agrees(
    data: Path, teacher: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logits = tmp_path / "logits.tsv"
    evaluate([str(teacher), "--task", "sst2", "--data", str(data), "--logits", str(logits)])
    got = json.loads(capsys.readouterr().out)
    wanted = json.loads((teacher / "training.json").read_text())["metrics"]
    assert got == {"n": 40, **wanted}
    assert len(logits.read_text().splitlines()) == 40
