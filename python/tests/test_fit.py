"""The series of src/mpc/fit.c against numpy's.

The program under test is TACIT_BUILD/tests/fit_function (TACIT_BUILD: build/release by default).
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tacit.fit import FUNCTIONS, Series, best, fit

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("TACIT_BUILD", ROOT / "build/release")) / "tests/fit_function"
needs_program = pytest.mark.skipif(not PROGRAM.exists(), reason=f"{PROGRAM} is not built")

CASES = [
    ("gelu", -12, 12, 3e-4, 16),
    ("gelu", -17, 25, 3e-4, 16),
    ("gelu", -40, 40, 1e-3, 14),
    ("gelu-tanh", -8, 8, 1e-4, 18),
    ("silu", -12, 12, 3e-4, 16),
    ("tanh", -6, 6, 3e-4, 16),
    ("sigmoid", -10, 10, 1e-4, 16),
    ("exp", -16, 0, 1e-4, 20),
    ("reciprocal", 1, 16, 1e-4, 24),
    ("reciprocal", 0.01, 1, 1e-4, 32),
    ("rsqrt", 1, 64, 1e-4, 28),
]


def theirs(name: str, lo: float, hi: float, wanted: float, frac: int) -> tuple[Series, float]:
    command = [PROGRAM, name, *map(str, (lo, hi, wanted, frac))]
    out = subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()
    period, constant, slope, error = map(float, out[0].split())
    h, a, b = np.array([[float(x) for x in line.split()] for line in out[1:]]).T
    return Series(name, lo, hi, period, constant, slope, h, a, b), error


@needs_program
@pytest.mark.parametrize("name,lo,hi,wanted,frac", CASES)
def test_series(name: str, lo: float, hi: float, wanted: float, frac: int) -> None:
    c, error = theirs(name, lo, hi, wanted, frac)
    assert c.error() <= wanted
    assert abs(c.error() - error) <= 0.05 * error
    # The same problem solved by numpy: as good, and the same curve where both are right.
    ours = fit(name, lo, hi, c.period, c.harmonics, frac)
    assert 0.7 < ours.error() / error < 1.4
    z = np.linspace(lo, hi, 1000)
    apart = np.abs(ours(z) - c(z)) / np.maximum(1, np.abs(FUNCTIONS[name](z)))
    assert apart.max() < wanted
    # A search of another kind finds nothing shorter by more than chance.
    if len(c.a) > 2:
        assert best(name, lo, hi, len(c.a) - 2, frac).error() > wanted


@needs_program
def test_out_of_reach() -> None:
    done = subprocess.run([PROGRAM, "gelu", "-12", "12", "1e-15", "16"], capture_output=True)
    assert done.returncode == 9
    assert b"gelu on [-12, 12]" in done.stderr


def test_known_series() -> None:
    """A curve that is such a sum is found as it is."""
    FUNCTIONS["two cosines"] = lambda z: 1 + np.cos(z) / 2 - np.sin(3 * z) / 4
    try:
        s = fit("two cosines", -2.0, 2.5, 2 * np.pi, np.arange(1, 5), 30)
    finally:
        del FUNCTIONS["two cosines"]
    assert abs(s.constant - 1) < 1e-6
    assert np.allclose(s.a, [0.5, 0, 0, 0], atol=1e-6)
    assert np.allclose(s.b, [0, 0, -0.25, 0], atol=1e-6)


def test_command() -> None:
    out = subprocess.run(
        [sys.executable, "-m", "tacit.fit", "gelu", "-12", "12", "--terms", "9"],
        cwd=ROOT / "python",
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    terms, harmonics, period, error, _ = out.splitlines()[1].split()
    assert (terms, harmonics) == ("9", "odd")
    assert 31 < float(period) < 33 and float(error) < 3e-4
