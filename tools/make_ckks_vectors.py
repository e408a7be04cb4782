#!/usr/bin/env python3
"""CKKS in plain integers, apart from the C code: known answers for tests/ckks/test_vectors.c.

Polynomials are lists of Python integers, moduli are products, and nothing is in residues until it
is written: keys, ciphertexts, a product and a rotation, as files of docs/formats/ckks.md.

Usage: tools/make_ckks_vectors.py > tests/vectors/ckks/small.txt
"""

import cmath
import hashlib
import hmac
import struct

LOG_N, N, LIMBS, BASE, SCALE, SPECIAL, N_SPECIAL, ALPHA = 3, 8, 3, 30, 25, 34, 2, 2


# ---- AES-256 and the streams of base/random.h


def _sbox() -> list[int]:
    box, p, q = [0] * 256, 1, 1
    while True:
        p ^= (p << 1) ^ (0x11B if p & 0x80 else 0)
        p &= 0xFF
        q ^= q << 1
        q ^= q << 2
        q ^= q << 4
        q &= 0xFF
        if q & 0x80:
            q ^= 0x09
        x = q ^ (q << 1 | q >> 7) ^ (q << 2 | q >> 6) ^ (q << 3 | q >> 5) ^ (q << 4 | q >> 4)
        box[p] = (x ^ 0x63) & 0xFF
        if p == 1:
            box[0] = 0x63
            return box


SBOX = _sbox()


def _round_keys(key: bytes) -> list[bytes]:
    words, rcon = [key[i : i + 4] for i in range(0, 32, 4)], 1
    for i in range(8, 60):
        t = words[-1]
        if i % 8 == 0:
            t = bytes(SBOX[b] for b in t[1:] + t[:1])
            t = bytes([t[0] ^ rcon]) + t[1:]
            rcon <<= 1
        elif i % 8 == 4:
            t = bytes(SBOX[b] for b in t)
        words.append(bytes(a ^ b for a, b in zip(words[i - 8], t, strict=True)))
    return [b"".join(words[i : i + 4]) for i in range(0, 60, 4)]


def _double(x: int) -> int:
    return (x << 1 ^ (0x11B if x & 0x80 else 0)) & 0xFF


def _encrypt(keys: list[bytes], block: bytes) -> bytes:
    s = [a ^ b for a, b in zip(block, keys[0], strict=True)]
    for r in range(1, 15):
        s = [SBOX[s[(i + 4 * (i % 4)) % 16]] for i in range(16)]
        if r < 14:
            mixed = []
            for c in range(0, 16, 4):
                a = s[c : c + 4]
                every = a[0] ^ a[1] ^ a[2] ^ a[3]
                mixed += [a[i] ^ every ^ _double(a[i] ^ a[(i + 1) % 4]) for i in range(4)]
            s = mixed
        s = [a ^ b for a, b in zip(s, keys[r], strict=True)]
    return bytes(s)


class Stream:
    def __init__(self, seed: bytes, purpose: str) -> None:
        label = b"tacit prg 1: " + purpose.encode()
        self.keys = _round_keys(hmac.new(seed, label, hashlib.sha256).digest())
        self.block, self.held = 0, b""

    def take(self, n: int) -> bytes:
        while len(self.held) < n:
            self.held += _encrypt(self.keys, self.block.to_bytes(16, "big"))
            self.block += 1
        out, self.held = self.held[:n], self.held[n:]
        return out

    def word(self) -> int:
        return int.from_bytes(self.take(8), "little")


# ---- docs/design/ckks-parameters.md


def is_prime(x: int) -> bool:
    return x > 1 and all(x % p for p in range(2, int(x**0.5) + 1))


def nearest_prime(near: float, taken: list[int]) -> int:
    near = int(near)
    start = near - near % (2 * N) + 1
    candidates = sorted(
        (start + i * 2 * N for i in range(-4000, 4000)), key=lambda q: (abs(q - near), -q)
    )
    return next(q for q in candidates if q < 2**50 and q not in taken and is_prime(q))


def find_primes() -> tuple[list[int], list[int], dict[int, float]]:
    special: list[int] = []
    for _ in range(N_SPECIAL):
        special.append(nearest_prime(2**SPECIAL - 1, special))
    limbs, scales, scale = [0] * LIMBS, {}, 2.0**SCALE
    for n in range(LIMBS, 0, -1):
        scales[n] = scale
        near = 2.0**BASE - 1 if n == 1 else scale * scale / 2.0**SCALE
        limbs[n - 1] = nearest_prime(near, special + limbs)
        scale = scale * scale / limbs[n - 1]
    return special, limbs, scales


SPECIALS, QS, SCALES = find_primes()


def prod(xs: list[int]) -> int:
    out = 1
    for x in xs:
        out *= x
    return out


# ---- Polynomials


def centre(x: int, m: int) -> int:
    x %= m
    return x - m if 2 * x > m else x


def mul(x: list[int], y: list[int]) -> list[int]:
    out = [0] * N
    for i, a in enumerate(x):
        for j, b in enumerate(y):
            out[(i + j) % N] += a * b if i + j < N else -a * b
    return out


def add(*xs: list[int]) -> list[int]:
    return [sum(column) for column in zip(*xs, strict=True)]


def turn(x: list[int], k: int) -> list[int]:
    """x(X^k)"""
    out = [0] * N
    for i, a in enumerate(x):
        out[i * k % N] += a if i * k % (2 * N) < N else -a
    return out


def crt(residues: list[int], moduli: list[int]) -> int:
    total = prod(moduli)
    return (
        sum(
            r * (total // m) * pow(total // m, -1, m) for r, m in zip(residues, moduli, strict=True)
        )
        % total
    )


def root(q: int) -> int:
    c = 2
    while pow(c, (q - 1) // 2, q) != q - 1:
        c += 1
    return pow(c, (q - 1) // (2 * N), q)


def exponent(i: int) -> int:
    return 2 * int(f"{i:0{LOG_N}b}"[::-1], 2) + 1


def ntt(x: list[int], q: int) -> list[int]:
    w = root(q)
    return [sum(a * pow(w, exponent(i) * j, q) for j, a in enumerate(x)) % q for i in range(N)]


def intt(y: list[int], q: int) -> list[int]:
    w, n = pow(root(q), -1, q), pow(N, -1, q)
    return [n * sum(v * pow(w, exponent(i) * j, q) for i, v in enumerate(y)) % q for j in range(N)]


# ---- docs/design/ckks-sampling.md, ckks-encoding.md


def ternary(seed: bytes, purpose: str) -> list[int]:
    s = Stream(seed, purpose)
    pairs = [(s.word(), s.word()) for _ in range(N)]
    return [(3 * (low + (high << 64)) >> 128) - 1 for low, high in pairs]


def errors(seed: bytes, purpose: str) -> list[int]:
    s, mask = Stream(seed, purpose), 2**21 - 1
    words = [s.word() for _ in range(N)]
    return [(w & mask).bit_count() - (w >> 21 & mask).bit_count() for w in words]


def uniform(seed: bytes, label: int, number: int, q: int) -> list[int]:
    """In NTT form."""
    s, out = Stream(seed, f"ckks a {label} {number}"), []
    while len(out) < N:
        w = s.word() * q
        if w % 2**64 >= 2**64 % q:
            out.append(w >> 64)
    return out


def public(seed: bytes, label: int, moduli: list[int]) -> list[int]:
    """The polynomial modulo all of them that the seed gives."""
    columns = []
    for q in moduli:
        number = QS.index(q) if q in QS else 64 + SPECIALS.index(q)
        columns.append(intt(uniform(seed, label, number, q), q))
    return [crt(list(r), moduli) for r in zip(*columns, strict=True)]


def derive(seed: bytes, purpose: str) -> bytes:
    return Stream(seed, purpose).take(32)


def encode(slots: list[complex], scale: float) -> list[int]:
    zeta = cmath.exp(2j * cmath.pi / (2 * N))
    points = [zeta ** pow(5, j, 2 * N) for j in range(N // 2)]
    return [
        round(scale * 2 / N * sum((z * p**-k).real for z, p in zip(slots, points, strict=True)))
        for k in range(N)
    ]


# ---- docs/design/ckks-keys.md, ckks-switch.md

MASTER = bytes(range(1, 33))
SECRET = ternary(MASTER, "ckks secret")


def encrypt(slots: list[complex], seed: bytes) -> tuple[bytes, list[list[int]]]:
    published = derive(seed, "ckks cipher seed")
    a = public(published, 0, QS)
    m = encode(slots, SCALES[LIMBS])
    mask = [-x for x in mul(a, SECRET)]
    return published, [add(m, errors(seed, "ckks cipher error"), mask), a]


def switch_key(element: int) -> tuple[bytes, list[list[list[int]]]]:
    published = derive(MASTER, f"ckks key seed {element}")
    back = pow(element, -1, 2 * N)
    source = mul(SECRET, SECRET) if element == 1 else SECRET
    target = SECRET if element == 1 else turn(SECRET, back)
    moduli, key = SPECIALS + QS, []
    for j, first in enumerate(range(0, LIMBS, ALPHA)):
        own = QS[first : first + ALPHA]
        gadget = crt([prod(SPECIALS) % q if q in own else 0 for q in moduli], moduli)
        a = public(published, 1 + j, moduli)
        e = errors(MASTER, f"ckks key error {element} {j}")
        mask = [-x for x in mul(a, target)]
        key.append([add(e, mask, [gadget * x for x in source]), a])
    return published, key


def switch(x: list[int], key: list[list[list[int]]]) -> list[list[int]]:
    """Over P Q, not yet divided."""
    total = [[0] * N, [0] * N]
    for j, pair in enumerate(key):
        own = prod(QS[j * ALPHA : (j + 1) * ALPHA])
        digit = [centre(v, own) for v in x]
        total = [add(t, mul(digit, k)) for t, k in zip(total, pair, strict=True)]
    return total


def divide(x: list[int], by: int, modulus: int) -> list[int]:
    return [(v % modulus - centre(v, by)) // by for v in x]


def rotate(x: list[list[int]], element: int) -> list[list[int]]:
    p, q = prod(SPECIALS), prod(QS)
    sums = switch(x[1], switch_key(element)[1])
    down = [divide(s, p, p * q) for s in sums]
    return [turn(add(down[0], x[0]), element), turn(down[1], element)]


def multiply(x: list[list[int]], y: list[list[int]]) -> list[list[int]]:
    p, q = prod(SPECIALS), prod(QS)
    parts = [mul(x[0], y[0]), add(mul(x[0], y[1]), mul(x[1], y[0])), mul(x[1], y[1])]
    sums = switch(parts[2], switch_key(1)[1])
    raised = [add(s, [p * v for v in d]) for s, d in zip(sums, parts[:2], strict=True)]
    return [divide(r, p * QS[-1], p * q) for r in raised]


# ---- docs/formats/ckks.md


def context_hash() -> bytes:
    fields = [LOG_N, LIMBS, BASE, SCALE, SPECIAL, N_SPECIAL, ALPHA, *SPECIALS, *QS]
    packed = b"".join(struct.pack("<Q", f) for f in fields)
    return hashlib.sha256(b"tacit ckks context 1" + packed).digest()


def header(kind: int) -> bytes:
    return struct.pack("<16sIIQ", b"tacit ckks\n", 1, kind, 0) + context_hash()


def limbs_bytes(x: list[int], moduli: list[int]) -> bytes:
    out = b""
    for q in moduli:
        bits = q.bit_length()
        packed = sum(v << bits * i for i, v in enumerate(ntt(x, q)))
        out += packed.to_bytes(N * bits // 8, "little")
    return out


def cipher_file(parts: list[list[int]], limbs: int, scale: float, seed: bytes | None) -> bytes:
    fields = struct.pack("<IIIId", limbs, 2, LOG_N - 1, seed is not None, scale)
    if seed is not None:
        return header(2) + fields + seed + limbs_bytes(parts[0], QS[:limbs])
    return header(2) + fields + b"".join(limbs_bytes(p, QS[:limbs]) for p in parts)


def keys_file(elements: list[int]) -> bytes:
    out = header(4) + struct.pack("<Q", len(elements))
    for element in sorted(elements):
        seed, key = switch_key(element)
        out += struct.pack("<QII", element, LIMBS, 0) + seed
        out += b"".join(limbs_bytes(pair[0], SPECIALS + QS) for pair in key)
    return out


def main() -> None:
    left = [0.5, -0.25 + 0.5j, 0.125j, -0.75]
    right = [0.75 - 0.25j, 0.5, -0.5, 0.25 + 0.25j]
    seed_x, x = encrypt(left, bytes([7] * 32))
    seed_y, y = encrypt(right, bytes([8] * 32))
    top = SCALES[LIMBS]
    print("version 1")
    print("x", cipher_file(x, LIMBS, top, seed_x).hex())
    print("y", cipher_file(y, LIMBS, top, seed_y).hex())
    print("keys", keys_file([1, 5]).hex())
    print("rotated", cipher_file(rotate(x, 5), LIMBS, top, None).hex())
    product = multiply(x, y)
    print("product", cipher_file(product, LIMBS - 1, top * top / QS[-1], None).hex())


if __name__ == "__main__":
    main()
