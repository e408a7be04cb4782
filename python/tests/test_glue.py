from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from tacit.glue import DEFAULT_DATA, TASKS, Example, pearson, ranks, read_split, score


def test_reads_every_format(data: Path) -> None:
    assert len(read_split(data, "sst2", "train")) == 200
    assert read_split(data, "mrpc", "dev") == [Example(('A " b', 'b a "'), 1)]
    assert read_split(data, "rte", "dev") == [Example(("a", "b"), 1)]
    assert read_split(data, "qnli", "dev") == [Example(("what?", "that."), 0)]
    assert read_split(data, "stsb", "dev") == [Example(("a b", "c d"), 3.8)]
    assert [e.label for e in read_split(data, "cola", "dev")] == [0, 1]


def test_folder_and_tar_agree(data: Path, tmp_path: Path) -> None:
    shutil.unpack_archive(data, tmp_path)  # tarfile's filter is younger than Debian 12's Python
    assert read_split(tmp_path / "glue", "sst2", "dev") == read_split(data, "sst2", "dev")


def test_refuses_what_is_wrong(data: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"holds no QNLI/train\.tsv"):
        read_split(data, "qnli", "train")
    with pytest.raises(FileNotFoundError, match="--data"):
        read_split(tmp_path / "absent", "sst2", "dev")
    with pytest.raises(ValueError, match=r"WNLI/dev\.tsv:2: label '2'"):
        read_split(data, "wnli", "dev")
    (tmp_path / "SST-2").mkdir()
    (tmp_path / "SST-2" / "dev.tsv").write_text("sentence\tlabel\nno label\n")
    with pytest.raises(ValueError, match=r"SST-2/dev\.tsv:2: 1 columns instead of 2"):
        read_split(tmp_path, "sst2", "dev")


def test_metrics() -> None:
    logits = np.array([[2.0, 1.0], [0.0, 1.0], [0.0, 1.0], [3.0, 1.0]])
    assert score(TASKS["sst2"], logits, [0, 1, 0, 0]) == {"accuracy": 0.75, "correct": 3}
    # one true positive, one false positive, two true negatives
    assert score(TASKS["cola"], logits, [0, 1, 0, 0])["matthews"] == pytest.approx(2 / 12**0.5)
    scores = np.array([[1.0], [2.0], [4.0]])
    assert score(TASKS["stsb"], scores, [1, 2, 3])["spearman"] == pytest.approx(1.0)
    assert pearson(np.ones(3), np.arange(3.0)) == 0.0
    assert ranks(np.array([5.0, 1.0, 5.0])).tolist() == [2.5, 1.0, 2.5]


@pytest.mark.skipif(not DEFAULT_DATA.exists(), reason=f"no GLUE data at {DEFAULT_DATA}")
def test_real_data() -> None:
    sizes = {"sst2": 872, "mrpc": 408, "rte": 277, "cola": 1043, "stsb": 1500, "qnli": 5463}
    assert {name: len(read_split(DEFAULT_DATA, name, "dev")) for name in sizes} == sizes
    assert sum(e.label for e in read_split(DEFAULT_DATA, "sst2", "dev")) == 444
