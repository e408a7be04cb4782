"""The Python in docs/design/ runs, and its assertions hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DESIGN = Path(__file__).resolve().parents[2] / "docs/design"
BLOCKS = [
    pytest.param(block, id=f"{page.name}-{i}")
    for page in sorted(DESIGN.glob("*.md"))
    for i, block in enumerate(re.findall(r"```python\n(.*?)```", page.read_text(), re.S))
]


def test_there_are_some() -> None:
    assert BLOCKS


@pytest.mark.parametrize("block", BLOCKS)
def test_block(block: str) -> None:
    assert len(block.splitlines()) <= 40
    exec(compile(block, "docs/design", "exec"), {})
