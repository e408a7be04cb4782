#!/usr/bin/env python3
"""CKKS beside OpenFHE and DESILO FHE: the same operations, one after the other, on this machine.

OpenFHE 1.6.1 is its wheel from PyPI, built without HEXL for a generic x86-64; hybrid key switching,
uniform ternary secrets, FIXEDMANUAL, 128 bits by its own table. DESILO FHE 2.0.0 is a wheel too;
its primes and digits are its own (17 levels at 2^16 coefficients). Each figure is the least of
several runs: wall time, and the process's processor time, which does not mind other work on the
machine.

Usage: bench/peers/ckks_vs_openfhe.py TACIT [--rings n16,n15] [--threads 1,2] [--repeat 3]
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
OPENFHE = {
    "n16": {"log_n": 16, "limbs": 27, "digits": 4},
    "n15": {"log_n": 15, "limbs": 12, "digits": 3},
}
LOW = 4


def least(run: Callable[[], object], repeat: int) -> dict[str, float]:
    run()
    wall, cpu = [], []
    for _ in range(repeat):
        w, c = time.perf_counter(), time.process_time()
        run()
        wall.append(time.perf_counter() - w)
        cpu.append(time.process_time() - c)
    return {"wall_ms": 1e3 * min(wall), "cpu_ms": 1e3 * min(cpu)}


def openfhe(ring: str, repeat: int) -> dict[str, dict]:
    import openfhe as fhe

    shape = OPENFHE[ring]
    p = fhe.CCParamsCKKSRNS()
    p.SetMultiplicativeDepth(shape["limbs"] - 1)
    p.SetScalingModSize(49)
    p.SetFirstModSize(50)
    p.SetRingDim(1 << shape["log_n"])
    p.SetBatchSize(1 << (shape["log_n"] - 1))
    p.SetScalingTechnique(fhe.FIXEDMANUAL)
    p.SetKeySwitchTechnique(fhe.HYBRID)
    p.SetNumLargeDigits(shape["digits"])
    p.SetSecretKeyDist(fhe.UNIFORM_TERNARY)
    p.SetSecurityLevel(fhe.HEStd_128_classic)
    cc = fhe.GenCryptoContext(p)
    for feature in (fhe.PKE, fhe.KEYSWITCH, fhe.LEVELEDSHE):
        cc.Enable(feature)
    keys = cc.KeyGen()
    cc.EvalMultKeyGen(keys.secretKey)
    cc.EvalRotateKeyGen(keys.secretKey, list(range(1, 9)))
    slots = [0.25] * (1 << (shape["log_n"] - 1))
    out = {}
    for limbs in (shape["limbs"], LOW):
        level = shape["limbs"] - limbs
        plain = cc.MakeCKKSPackedPlaintext(slots, 1, level)
        x = cc.Encrypt(keys.publicKey, plain)

        def eight(x=x) -> None:
            digits = cc.EvalFastRotationPrecompute(x)
            for step in range(1, 9):
                cc.EvalFastRotation(x, step, 4 << shape["log_n"] >> 1, digits)

        out[f"limbs_{limbs}"] = {
            "rotation": least(lambda x=x: cc.EvalRotate(x, 1), repeat),
            "eight_rotations": least(eight, repeat),
            "product": least(lambda x=x: cc.Rescale(cc.EvalMult(x, x)), repeat),
            "rescaling": least(lambda x=x: cc.Rescale(x), repeat),
        }
    return out


def desilo(threads: int, repeat: int) -> dict[str, dict]:
    import desilofhe

    kind = {"mode": "cpu"} if threads == 1 else {"mode": "parallel", "thread_count": threads}
    e = desilofhe.Engine(max_level=17, **kind)
    secret = e.create_secret_key()
    public, relin = e.create_public_key(secret), e.create_relinearization_key(secret)
    keys = [e.create_fixed_rotation_key(secret, i) for i in range(1, 9)]
    out = {"coefficients": 2 * e.slot_count}
    for level in (17, LOW - 1):
        x = e.encrypt([0.25] * e.slot_count, public, level)
        out[f"limbs_{level + 1}"] = {
            "rotation": least(lambda x=x: e.rotate(x, keys[0]), repeat),
            "eight_rotations": least(lambda x=x: e.rotate_many(x, keys), repeat),
            "product": least(lambda x=x: e.multiply(x, x, relin), repeat),
        }
    return out


def child(arguments: list[str], threads: int) -> dict:
    python = subprocess.check_output([str(HERE / "ckks_env")], text=True).strip()
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
    command = [python, __file__, *arguments]
    text = subprocess.check_output(command, text=True, env=environment)
    return json.loads(text.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tacit")
    parser.add_argument("--rings", default="n16,n15")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    a = parser.parse_args()
    if a.peer:
        done = (
            desilo(int(a.threads), a.repeat) if a.peer == "desilo" else openfhe(a.rings, a.repeat)
        )
        print(json.dumps(done))
        return
    for ring in a.rings.split(","):
        for threads in (int(t) for t in a.threads.split(",")):
            command = [a.tacit, "bench", "ckks", "--shape", ring, "--repeat", str(a.repeat)]
            command += ["--threads", str(threads), "-q", "--json"]
            ours = json.loads(subprocess.check_output(command, text=True))[ring]
            common = ["-", "--repeat", str(a.repeat)]
            peer = child([*common, "--peer", "openfhe", "--rings", ring], threads)
            report(ring, threads, "OpenFHE", ours[f"threads_{threads}"], peer)
            if ring == "n16":
                other = child([*common, "--peer", "desilo", "--threads", str(threads)], threads)
                report(ring, threads, "DESILO", ours[f"threads_{threads}"], other)


def report(ring: str, threads: int, name: str, ours: dict, peer: dict) -> None:
    for level, operations in peer.items():
        if not isinstance(operations, dict):
            continue
        for operation, took in operations.items():
            line = f"{ring} {threads} thread(s) {name:8} {level:9} {operation:16}"
            line += f" {took['wall_ms']:8.1f} ms wall {took['cpu_ms']:8.1f} ms cpu"
            if level in ours:
                mine = ours[level][operation]
                ratio = took["cpu_ms" if threads == 1 else "wall_ms"]
                ratio /= mine["thread_ms" if threads == 1 else "wall_ms"]
                line += f"; ours {mine['wall_ms']:7.1f} wall {mine['thread_ms']:7.1f} thread"
                line += f"; {ratio:5.1f} x"
            print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
