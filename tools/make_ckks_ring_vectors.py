"""Writes tests/vectors/ckks/ring.txt: transforms and conversions by the definitions in
docs/design/ckks-ring.md, in whole numbers of any length and with none of the library's shortcuts.

Each record is a line of words followed by lines of numbers, all decimal:

    ntt LOG_N Q ROOT              N coefficients / N values
    convert LOG_N FROM TO         FROM + TO primes / FROM N residues / TO N approximate residues /
                                  TO N centred residues

Usage: python tools/make_ckks_ring_vectors.py
"""

from __future__ import annotations

import math
import pathlib
import random

OUT = pathlib.Path(__file__).resolve().parents[1] / "tests/vectors/ckks/ring.txt"


def is_prime(n: int) -> bool:
    """Fermat's test to four bases and division by what is small: enough to find; tests check."""
    return (
        n > 1
        and all(n % d for d in range(2, min(n, 2000)))
        and all(pow(a, n - 1, n) == 1 for a in (2, 3, 5, 7) if n > 7)
    )


def primes(n: int, log_n: int, below: int) -> list[int]:
    step = 2 << log_n
    found: list[int] = []
    q = (below - 2) // step * step + 1
    while len(found) < n:
        if is_prime(q):
            found.append(q)
        q -= step
    return found


def root(q: int, log_n: int) -> int:
    """c^((q - 1) / 2N) of the smallest c for which it has order 2N."""
    n = 1 << log_n
    return next(r for c in range(2, q) if pow(r := pow(c, (q - 1) // (2 * n), q), n, q) == q - 1)


def exponent(log_n: int, i: int) -> int:
    """Of the root, at place i."""
    digits = list(f"{i:0{log_n}b}")
    if log_n >= 6:
        digits[-6:] = digits[-3:] + digits[-6:-3]
    return 2 * int("".join(reversed(digits)), 2) + 1


def ntt(rng: random.Random, log_n: int, q: int) -> list[str]:
    n, psi = 1 << log_n, root(q, log_n)
    x = [rng.randrange(q) for _ in range(n)]
    values = []
    for i in range(n):
        at = pow(psi, exponent(log_n, i), q)
        values.append(sum(c * pow(at, k, q) for k, c in enumerate(x)) % q)
    return [f"ntt {log_n} {q} {psi}", " ".join(map(str, x)), " ".join(map(str, values))]


def convert(rng: random.Random, log_n: int, source: list[int], target: list[int]) -> list[str]:
    n, product = 1 << log_n, math.prod(source)
    whole = [rng.randrange(product) for _ in range(n)]
    whole[:2] = [0, product - 1]
    lifted = [
        sum(v % s * pow(product // s, -1, s) % s * (product // s) for s in source) for v in whole
    ]
    centred = [v - product if 2 * v > product else v for v in whole]
    rows = [
        source + target,
        [v % s for s in source for v in whole],
        [v % t for t in target for v in lifted],
        [v % t for t in target for v in centred],
    ]
    head = f"convert {log_n} {len(source)} {len(target)}"
    return [head, *(" ".join(map(str, row)) for row in rows)]


def main() -> None:
    rng = random.Random(1)
    lines: list[str] = []
    for log_n, below in [
        (3, 18),
        (4, 2**20),
        (6, 2**50),
        (7, 2**49),
        (7, 2**50),
        (9, 2**50),
    ]:
        lines += ntt(rng, log_n, primes(1, log_n, below)[0])
    for log_n, k, bits in [(3, 2, 20), (4, 3, 50), (5, 7, 49)]:
        found = primes(k + 3, log_n, 2**bits)
        lines += convert(rng, log_n, found[:k], found[k:])
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
