#!/usr/bin/env python3
"""How hard it is to find the sparse secret of CKKS bootstrapping from the one key under it.

That key is ring-LWE of dimension N modulo q_0 p, with h coefficients of 1 or -1. Two attacks, each
with the most favourable split, in bits of work:

drop    guess N - n coefficients to be zero and solve what is left by lattice reduction (uSVP);
        repeat until the guess is right.
hybrid  guess that at most w of the h lie among N - n coefficients; find them by meeting in the
        middle, each half against a basis that was reduced once, by Babai's nearest plane.

In the attacker's favour: sieving costs 2^(0.292 b) alone for block size b, one call of it reduces a
basis, which serves all N rotations of the secret, meeting in the middle takes the square root of
all guesses and always meets, memory is free and a nearest plane costs one step. Reduced bases
follow the geometric series assumption.

Usage: tools/ckks_sparse_security.py [--log-n 16] [--weight 32] [--log-q 100]
"""

import argparse
from math import comb, e, inf, lgamma, log, log2, pi

ERROR = 3.24  # standard deviation, docs/design/ckks-sampling.md


def log2_delta(block: float) -> float:
    """log2 of the root Hermite factor that blocks of this size reach."""
    return log2((pi * block) ** (1 / block) * block / (2 * pi * e)) / (2 * (block - 1))


def block_for(enough, most: int = 20000) -> float:
    """The least block size for which enough(log2 of the root Hermite factor)."""
    low, high = 50, most
    if not enough(log2_delta(high)):
        return inf
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(log2_delta(middle)) else (middle, high)
    return high


def work_of(block: float) -> float:
    return 0.292 * block


def samples_for(n: int, log_q: float):
    """Numbers of samples that are tried."""
    return range(max(n // 4, 16), 2 * n, max(n // 16, 1))


def usvp_block(n: int, weight: float, log_q: float) -> float:
    """Primal attack on dimension n; the secret is scaled to the size of the error."""
    best = inf
    deviation = max(weight / n, 1 / n) ** 0.5
    scale = log2(ERROR / deviation)
    for m in samples_for(n, log_q):
        d = m + n + 1
        volume = (m * log_q + n * scale) / d
        # log2 ERROR sqrt(b) <= (2 b - d) log2 delta + volume, b itself being searched for
        low, high = 50, 20000

        def fits(b: int, d=d, volume=volume) -> bool:
            return log2(ERROR) + log2(b) / 2 <= (2 * b - d) * log2_delta(b) + volume

        if not fits(high):
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if fits(middle) else (middle, high)
        best = min(best, high)
    return best


def babai_block(n: int, weight: float, log_q: float) -> float:
    """A basis whose shortest Gram-Schmidt vector is twice the error: its nearest plane is right."""
    best = inf
    deviation = max(weight / n, 1 / n) ** 0.5
    scale = log2(ERROR / deviation)
    for m in samples_for(n, log_q):
        d = m + n
        volume = (m * log_q + n * scale) / d
        best = min(best, block_for(lambda x, d=d, v=volume: v - d * x >= log2(2 * ERROR)))
    return best


def log2_comb(n: int, k: int) -> float:
    return (lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)) / log(2)


def drop(n_all: int, weight: int, log_q: float) -> tuple[float, str]:
    best = (inf, "")
    n = 512
    while n < n_all:
        tries = log2_comb(n_all, weight) - log2_comb(n, weight)
        block = usvp_block(n, weight, log_q)
        best = min(
            best,
            (tries + work_of(block) - log2(n_all), f"n {n}, block {block}, tries 2^{tries:.0f}"),
        )
        n = int(n * 1.05)
    return best


def hybrid(n_all: int, weight: int, log_q: float) -> tuple[float, str]:
    best = (inf, "")
    n = 512
    while n < n_all:
        for w in range(weight + 1):
            block = babai_block(n, weight - w, log_q)
            kept = sum(comb(n_all - n, i) * comb(n, weight - i) for i in range(w + 1))
            tries = log2(comb(n_all, weight)) - log2(kept) if kept else inf
            guesses = log2(sum(comb(n_all - n, i) << i for i in range(w + 1)))
            work = tries + max(work_of(block) - log2(n_all), guesses / 2)
            how = f"n {n}, block {block}, weight {w}, guesses 2^{guesses:.0f}, tries 2^{tries:.0f}"
            best = min(best, (work, how))
        n = int(n * 1.05)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--log-n", type=int, default=16)
    parser.add_argument("--weight", type=int, default=32)
    parser.add_argument("--log-q", type=float, default=100)
    a = parser.parse_args()
    n = 1 << a.log_n
    print(f"N 2^{a.log_n}, {a.weight} coefficients of 1 or -1, modulus 2^{a.log_q:g}")
    dense = usvp_block(4096, 4096 * 2 / 3, 106)
    print(f"check   : dense, n 4096, modulus 2^106: 2^{work_of(dense):.0f}, block {dense}")
    for name, attack in (("drop", drop), ("hybrid", hybrid)):
        work, how = attack(n, a.weight, a.log_q)
        print(f"{name:8}: 2^{work:.0f}, {how}")


if __name__ == "__main__":
    main()
