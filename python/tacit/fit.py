"""Look-ups fitted by numpy: period, terms and error of a function on a range.

    python -m tacit.fit gelu -12 12                     # terms against error
    python -m tacit.fit rsqrt 0.001 1 --frac 38 --terms 64,128,256
    python -m tacit.fit gelu -12 12 --plot gelu.png     # the error over the range

A look-up stands for f(z) by constant + slope·z + a sum over harmonics h of
a cos(2 pi h z / P) + b sin(2 pi h z / P). This is the independent check of src/mpc/fit.c, which
finds its series by other means; docs/design/lookup.md explains both.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass

import numpy as np

erf = np.vectorize(math.erf, otypes=[float])


def gelu(z: np.ndarray) -> np.ndarray:
    return z / 2 * (1 + erf(z / math.sqrt(2)))


def gelu_tanh(z: np.ndarray) -> np.ndarray:
    return z / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3)))


FUNCTIONS = {
    "gelu": gelu,
    "gelu-tanh": gelu_tanh,
    "silu": lambda z: z / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "exp": np.exp,
    "reciprocal": lambda z: 1 / z,
    "rsqrt": lambda z: 1 / np.sqrt(z),
}
EVEN = {"gelu", "gelu-tanh", "silu"}  # but for z/2
ODD = {"tanh", "sigmoid"}  # but for a constant
RELATIVE = {"reciprocal", "rsqrt"}


@dataclass
class Series:
    name: str
    lo: float
    hi: float
    period: float
    constant: float
    slope: float
    harmonics: np.ndarray
    a: np.ndarray
    b: np.ndarray

    def __call__(self, z: np.ndarray) -> np.ndarray:
        turns = np.outer(z, self.harmonics) * (2 * np.pi / self.period)
        return self.constant + self.slope * z + np.cos(turns) @ self.a + np.sin(turns) @ self.b

    def error(self) -> float:
        return float(np.abs(self.errors()[1]).max())

    def errors(self) -> tuple[np.ndarray, np.ndarray]:
        z = points(self.name, self.lo, self.hi, 40 * len(self.a) + 2000)
        return z, (self(z) - FUNCTIONS[self.name](z)) * weight(self.name, z, self.hi)


def points(name: str, lo: float, hi: float, n: int) -> np.ndarray:
    t = (1 - np.cos(np.linspace(0, np.pi, n))) / 2
    z = lo + (hi - lo) * t
    return np.concatenate([z, lo * (hi / lo) ** t]) if name in RELATIVE else z


def weight(name: str, z: np.ndarray, hi: float) -> np.ndarray:
    if name == "exp":
        return np.full_like(z, math.exp(-hi))
    return 1 / FUNCTIONS[name](z) if name in RELATIVE else np.ones_like(z)


def fit(name: str, lo: float, hi: float, period: float, harmonics: np.ndarray, frac: int) -> Series:
    """Weighted least squares. The ridge is what the rounding of dealt words to `frac` bits, uniform
    within half a unit, brings in by a coefficient of one. Symmetric functions are fitted on the
    whole of [-m, m], cosines and sines alike: their symmetry is for the numbers to show."""
    end = max(abs(lo), abs(hi))
    n = 4 * len(harmonics) + 200
    z = points(name, lo, hi, 2 * n)
    if name in EVEN | ODD:
        z = np.concatenate([points(name, -end, 0, n), points(name, 0, end, n)])
    w = weight(name, z, hi)
    slope = 0.5 if name in EVEN else 0.0
    turns = np.outer(z, harmonics) * (2 * np.pi / period)
    columns = np.hstack([np.ones((len(z), 1)), np.cos(turns), np.sin(turns)])
    ridge = math.sqrt((w * w).sum() / 12) * 2.0**-frac * np.eye(columns.shape[1])
    ridge[0, 0] = 0
    rows = np.vstack([columns * w[:, None], ridge])
    right = np.concatenate([(FUNCTIONS[name](z) - slope * z) * w, np.zeros(len(ridge))])
    x = np.linalg.lstsq(rows, right, rcond=None)[0]
    n = len(harmonics)
    return Series(name, lo, hi, period, x[0], slope, harmonics, x[1 : n + 1], x[n + 1 :])


def best(name: str, lo: float, hi: float, terms: int, frac: int) -> Series:
    """The best period of a list for so many terms, with all harmonics and with the odd ones."""
    symmetric = name in EVEN | ODD
    width = 2 * max(abs(lo), abs(hi)) if symmetric else hi - lo
    found = []
    for every in (1, 2):
        harmonics = np.arange(terms) * every + 1
        for gap in np.geomspace(0.003, 4, 12 if terms > 48 else 40):
            period = width * (1 + gap) * (1 if symmetric else every)
            found.append(fit(name, lo, hi, period, harmonics, frac))
    return min(found, key=Series.error)


def plot(series: Series, path: str) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    z, e = series.errors()
    order = np.argsort(z)
    plt.plot(z[order], e[order], linewidth=0.8)
    plt.title(f"{series.name}, {len(series.a)} terms, period {series.period:.3f}")
    plt.xlabel("z")
    plt.ylabel("error")
    plt.savefig(path, dpi=150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("function", choices=FUNCTIONS)
    parser.add_argument("lo", type=float)
    parser.add_argument("hi", type=float)
    parser.add_argument("--terms", default="4,6,8,9,10,12,16", help="numbers of terms to try")
    parser.add_argument("--frac", type=int, default=16, help="fraction bits of the dealt words")
    parser.add_argument("--plot", metavar="FILE", help="draw the error of the last one")
    a = parser.parse_args()
    if not a.lo < a.hi or (a.function in RELATIVE and a.lo <= 0):
        parser.error("the range has to go up, and to lie above 0 for a pole there")
    print("terms  harmonics  period      error     largest amplitude")
    for terms in map(int, a.terms.split(",")):
        s = best(a.function, a.lo, a.hi, terms, a.frac)
        odd = "odd" if terms > 1 and s.harmonics[1] == 3 else "all"
        amplitude = float(np.hypot(s.a, s.b).max())
        print(f"{terms:5}  {odd:9}  {s.period:10.4f}  {s.error():.2e}  {amplitude:.4g}")
    if a.plot:
        plot(s, a.plot)


if __name__ == "__main__":
    main()
