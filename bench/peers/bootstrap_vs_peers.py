#!/usr/bin/env python3
"""Bootstrapping beside OpenFHE and DESILO FHE, one after the other, on this machine.

OpenFHE 1.6.1 is its wheel from PyPI, built without HEXL for a generic x86-64: 2^16 coefficients, 27
limbs (25 with all slots), scale 2^50, sparse secret encapsulation, 128 bits by its own table.
DESILO FHE 2.0.0 is a wheel too, whose parameters are its own. Slots are uniform in [-1, 1] + i
[-1, 1]; bits are -log2 of the mean and of the worst absolute error. OpenFHE takes some 12 to 17 GB
of memory, DESILO 17.

Usage: bench/peers/bootstrap_vs_peers.py BENCH_BOOTSTRAP [--slots 15,12] [--threads 2] [--repeat 3]
                                         [--only openfhe,desilo]
"""

import argparse
import json
import math
import os
import random
import resource
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUDGET = {15: 4, 12: 3}


def slots_of(n: int) -> list[complex]:
    draw = random.Random(1)
    return [complex(draw.uniform(-1, 1), draw.uniform(-1, 1)) for _ in range(n)]


def bits(got: list[complex], wanted: list[complex]) -> dict[str, float]:
    off = [abs(a - b) for a, b in zip(got, wanted, strict=False)]
    return {"mean_bits": -math.log2(sum(off) / len(off)), "worst_bits": -math.log2(max(off))}


def peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1048576


def openfhe(log_slots: int, repeat: int) -> dict:
    import openfhe as fhe

    budget = [BUDGET.get(log_slots, 3)] * 2
    p = fhe.CCParamsCKKSRNS()
    p.SetSecretKeyDist(fhe.SPARSE_ENCAPSULATED)
    p.SetSecurityLevel(fhe.HEStd_128_classic)
    p.SetRingDim(1 << 16)
    p.SetScalingModSize(50)
    p.SetFirstModSize(51)
    p.SetScalingTechnique(fhe.FLEXIBLEAUTO)
    depth = 24 if log_slots == 15 else 26
    p.SetNumLargeDigits(3 if log_slots == 15 else 4)
    p.SetMultiplicativeDepth(depth)
    p.SetBatchSize(1 << log_slots)
    p.SetCKKSDataType(fhe.COMPLEX)
    cc = fhe.GenCryptoContext(p)
    for feature in (fhe.PKE, fhe.KEYSWITCH, fhe.LEVELEDSHE, fhe.ADVANCEDSHE, fhe.FHE):
        cc.Enable(feature)
    cc.EvalBootstrapSetup(budget, [0, 0], 1 << log_slots)
    keys = cc.KeyGen()
    cc.EvalMultKeyGen(keys.secretKey)
    cc.EvalBootstrapKeyGen(keys.secretKey, 1 << log_slots)
    wanted = slots_of(1 << log_slots)
    took, used = [], []
    for _ in range(repeat):
        plain = cc.MakeCKKSPackedPlaintext(wanted, 1, depth - 1)
        x = cc.Encrypt(keys.publicKey, plain)
        w, c = time.perf_counter(), time.process_time()
        y = cc.EvalBootstrap(x)
        took.append(time.perf_counter() - w)
        used.append(time.process_time() - c)
    out = cc.Decrypt(y, keys.secretKey)
    out.SetLength(1 << log_slots)
    precision = bits(out.GetCKKSPackedValue(), wanted)
    return {
        "seconds": min(took),
        "processor": min(used),
        "levels": depth - y.GetLevel() - (y.GetNoiseScaleDeg() - 1),
        "peak_gb": peak_gb(),
        **precision,
    }


def desilo(log_slots: int, repeat: int, threads: int) -> dict:
    import desilofhe

    kind = {"mode": "cpu"} if threads == 1 else {"mode": "parallel", "thread_count": threads}
    e = desilofhe.Engine(bootstrap=True, **kind)
    secret = e.create_secret_key()
    public, relin = e.create_public_key(secret), e.create_relinearization_key(secret)
    conjugation = e.create_conjugation_key(secret)
    key = e.create_bootstrap_key(secret, size="medium")
    wanted = slots_of(e.slot_count)
    took, used = [], []
    for _ in range(repeat):
        x = e.encrypt(wanted, public, level=0)
        w, c = time.perf_counter(), time.process_time()
        y = e.bootstrap(x, relin, conjugation, key)
        took.append(time.perf_counter() - w)
        used.append(time.process_time() - c)
    return {
        "seconds": min(took),
        "processor": min(used),
        "levels": y.level,
        "peak_gb": peak_gb(),
        **bits(list(e.decrypt(y, secret)), wanted),
    }


def child(arguments: list[str], threads: int) -> dict:
    python = subprocess.check_output([str(HERE / "ckks_env")], text=True).strip()
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
    done = subprocess.run(
        [python, __file__, *arguments], text=True, env=environment, stdout=subprocess.PIPE
    )
    if done.returncode != 0:
        return {"failed": done.returncode}
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bench")
    parser.add_argument("--slots", default="15,12")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", default="openfhe,desilo")
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    a = parser.parse_args()
    if a.peer == "openfhe":
        print(json.dumps(openfhe(int(a.slots), a.repeat)))
        return
    if a.peer == "desilo":
        print(json.dumps(desilo(int(a.slots), a.repeat, a.threads)))
        return
    for log_slots in (int(s) for s in a.slots.split(",")):
        command = [a.bench, str(a.threads), str(a.repeat), str(log_slots), "complex"]
        print(subprocess.check_output(command, text=True), end="", flush=True)
        for peer in a.only.split(","):
            if peer == "desilo" and log_slots != 15:
                continue
            common = ["-", "--slots", str(log_slots), "--repeat", str(a.repeat)]
            got = child([*common, "--peer", peer, "--threads", str(a.threads)], a.threads)
            print(f"2^{log_slots} slots, {peer}: {json.dumps(got)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
