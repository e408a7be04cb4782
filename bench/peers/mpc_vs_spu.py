#!/usr/bin/env python3
"""BERT-base between two servers and a dealer, beside SPU, in one run on one machine.

Makes a BERT of random weights, converts it to a recipe, widens its ranges to those of a trained
model of that recipe (--ranges; without one, activations to +-12, row sums to a ratio of 128,
variances to one of 1,000), shares it, and starts server 0, server 1 and the dealer as processes of
their own, joined by TLS on loopback. An owner, one more process, asks; its answer is compared with
the plain engine's. Then SPU runs the forms of PUMA on the same shape (spu_bert.py). Sharing of
weights is apart, for both.

    bench/peers/mpc_vs_spu.py --recipe secformer freediv-2quad --ranges models/sst2-tiny-secformer \
        models/sst2-tiny-freediv-2quad --spu puma freediv --out result.json
    bench/peers/mpc_vs_spu.py --recipe secformer --isa best avx512 --spu puma
    bench/peers/mpc_vs_spu.py --shape bert-base --tokens 32 128 512 --networks local lan wan --spu

Needs numpy alone; SPU's own environment is made where --spu names a form.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
SHAPES = {  # hidden size, layers, heads, feed-forward size
    "bert-tiny": (128, 2, 2, 512),
    "minilm-l6": (384, 6, 12, 1536),
    "bert-base": (768, 12, 12, 3072),
    "bert-large": (1024, 24, 16, 4096),
}
MARGIN = 1.25  # that the program adds at either end of a range; its square to a largest variance
ROLES = ["dealer", "server1", "server0"]


def tensors(shape: str, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """A BERT classifier of that shape under its Hugging Face names."""
    dim, layers, _, ff = SHAPES[shape]
    found = {}

    def matrix(name: str, rows: int, columns: int) -> None:
        found[f"{name}.weight"] = (0.02 * rng.standard_normal((rows, columns))).astype(np.float32)

    def linear(name: str, rows: int, columns: int) -> None:
        matrix(name, rows, columns)
        found[f"{name}.bias"] = (0.02 * rng.standard_normal(rows)).astype(np.float32)

    def norm(name: str) -> None:
        found[f"{name}.weight"] = np.ones(dim, np.float32)
        found[f"{name}.bias"] = np.zeros(dim, np.float32)

    matrix("bert.embeddings.word_embeddings", 30522, dim)
    matrix("bert.embeddings.position_embeddings", 512, dim)
    matrix("bert.embeddings.token_type_embeddings", 2, dim)
    norm("bert.embeddings.LayerNorm")
    for i in range(layers):
        layer = f"bert.encoder.layer.{i}"
        for part in ("query", "key", "value"):
            linear(f"{layer}.attention.self.{part}", dim, dim)
        linear(f"{layer}.attention.output.dense", dim, dim)
        norm(f"{layer}.attention.output.LayerNorm")
        linear(f"{layer}.intermediate.dense", ff, dim)
        linear(f"{layer}.output.dense", dim, ff)
        norm(f"{layer}.output.LayerNorm")
    linear("bert.pooler.dense", dim, dim)
    linear("classifier", 2, dim)
    return found


def write_safetensors(path: Path, found: dict[str, np.ndarray]) -> None:
    header, at = {}, 0
    for name, x in found.items():
        header[name] = {"dtype": "F32", "shape": list(x.shape), "data_offsets": [at, at + x.nbytes]}
        at += x.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as f:
        f.write(len(text).to_bytes(8, "little") + text)
        for x in found.values():
            f.write(x.tobytes())


def make_model(out: Path, shape: str) -> None:
    dim, layers, heads, ff = SHAPES[shape]
    source = ROOT / "models/sst2-tiny"
    out.mkdir()
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"):
        if (source / name).exists():
            shutil.copy(source / name, out / name)
    config = json.loads((source / "config.json").read_text())
    config.pop("tacit", None)
    config |= {
        "hidden_size": dim,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "intermediate_size": ff,
        "max_position_embeddings": 512,
    }
    (out / "config.json").write_text(json.dumps(config))
    write_safetensors(out / "model.safetensors", tensors(shape, np.random.default_rng(1)))


def ranges_of(models: list[str], recipe: str) -> tuple[str, dict[str, list[float]]]:
    """The widest input of an activation, and ratios of row sums and variances: those of the layers
    of a converted model of that recipe, or what stands in for one."""
    for model in models:
        said = json.loads((Path(model) / "config.json").read_text())["tacit"]
        if said["recipe"] == recipe:
            kinds: dict[str, list[list[float]]] = {}
            for slot, r in said["ranges"].items():
                if slot.startswith("layers."):
                    kinds.setdefault(slot.split(".", 2)[2], []).append(r)
            norms = kinds["attention_norm/variance"] + kinds["output_norm/variance"]
            return Path(model).name, {
                "activation": [
                    min(r[0] for r in kinds["activation/input"]),
                    max(r[1] for r in kinds["activation/input"]),
                ],
                "sum": [1, max(r[1] / r[0] for r in kinds["attention/sum"])],
                "variance": [1, max(r[1] / r[0] for r in norms)],
            }
    return "stand-in", {
        "activation": [-12 / MARGIN, 12 / MARGIN],
        "sum": [1, 128 / MARGIN**2],
        "variance": [1, 1000 / MARGIN**3],
    }


def widen(model: Path, wanted: dict[str, list[float]]) -> None:
    """Ranges as trained weights have them; random ones would be too kind."""
    path = model / "config.json"
    config = json.loads(path.read_text())
    for slot, r in config["tacit"]["ranges"].items():
        if slot.endswith(".activation/input") and slot.startswith("layers"):
            r[:] = wanted["activation"]
        elif slot.endswith(".attention/sum"):
            r[0] = r[1] / wanted["sum"][1]
        elif slot.endswith("norm/variance"):
            r[0] = r[1] / wanted["variance"][1]
    path.write_text(json.dumps(config))


class Parties:
    """Dealer and servers as processes; their peak memory when they have ended."""

    def __init__(self, tacit: str, where: Path, certs: Path, network: str, threads: int) -> None:
        self.tacit, self.where, self.certs = tacit, where, certs
        self.network, self.threads = network, threads
        self.processes: dict[str, subprocess.Popen[str]] = {}
        self.at: dict[str, str] = {}
        self.logs: dict[str, Path] = {}

    def __enter__(self) -> Parties:
        for role in ROLES:
            peers = [
                f"{r}={self.at[r]}" for r in ("server1", "dealer") if r in self.at and r != role
            ]
            command = [
                self.tacit,
                "party",
                role,
                str(self.where / role),
                "--certs",
                str(self.certs),
            ]
            command += ["--listen", "127.0.0.1:0", "--json", "--network", self.network]
            command += ["--threads", str(self.threads)]
            if role != "dealer":
                command += ["--peers", ",".join(peers)]
            self.logs[role] = self.where / f"{role}.log"
            log = self.logs[role].open("w")
            self.processes[role] = subprocess.Popen(command, stdout=log, stderr=log, text=True)
            self.at[role] = self.address(role)
        return self

    def address(self, role: str) -> str:
        """Where it listens, as it says."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            found = re.search(r'"port": (\d+)', self.logs[role].read_text())
            if found:
                return f"127.0.0.1:{found.group(1)}"
            if self.processes[role].poll() is not None:
                break
            time.sleep(0.05)
        sys.exit(f"{role} did not start: {self.logs[role].read_text()}")

    def peers(self) -> str:
        return f"server0={self.at['server0']},server1={self.at['server1']}"

    def peak_bytes(self) -> int:
        """Of all parties together."""
        total = 0
        for p in self.processes.values():
            status = Path(f"/proc/{p.pid}/status").read_text()
            total += 1024 * int(re.search(r"VmHWM:\s+(\d+)", status).group(1))
        return total

    def __exit__(self, *_: object) -> None:
        for p in self.processes.values():
            p.terminate()
        for p in self.processes.values():
            p.wait()


def report(command: list[str]) -> dict:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.stderr}")
    return json.loads(done.stdout)


def text_of(tokens: int) -> str:
    return " ".join(["film", "good", "bad", "actor", "plot"][i % 5] for i in range(tokens - 2))


def measure(args: argparse.Namespace, tmp: Path, model: Path, recipe: str) -> list[dict]:
    certs, shared = tmp / "certs", tmp / f"shared-{recipe}"
    converted = tmp / recipe
    texts = tmp / "texts.txt"
    texts.write_text("\n".join(text_of(n) for n in (16, 64, 128, 512)) + "\n")
    report(
        [
            args.tacit,
            "convert",
            str(model),
            str(converted),
            "--recipe",
            recipe,
            "--data",
            str(texts),
            "--json",
            "--quiet",
        ]
    )
    ranges, wanted = ranges_of(args.ranges, recipe)
    widen(converted, wanted)
    shared.mkdir()
    begin = time.monotonic()
    command = [
        args.tacit,
        "share",
        str(converted),
        "--to",
        str(shared / "server0"),
        str(shared / "server1"),
    ]
    command += [
        "--dealer",
        str(shared / "dealer"),
        "--owner",
        str(shared / "owner"),
        "--json",
        "--quiet",
    ]
    report(command)
    sharing = time.monotonic() - begin
    found = []
    for network in args.networks:
        with Parties(args.tacit, shared, certs, network, args.threads) as parties:
            for tokens in args.tokens:
                seconds, private = [], {}
                for _ in range(args.runs):
                    command = [
                        args.tacit,
                        "run",
                        str(shared / "owner"),
                        text_of(tokens),
                        "--protect",
                        "mpc",
                    ]
                    command += ["--peers", parties.peers(), "--certs", str(certs), "--json"]
                    private = report([*command, "--network", network])
                    seconds.append(private["seconds"]["online"])
                plain = report([args.tacit, "run", str(converted), text_of(tokens), "--json"])
                pairs = zip(private["result"]["logits"], plain["result"]["logits"], strict=True)
                row = {
                    "recipe": recipe,
                    "ranges": {"of": ranges, **wanted},
                    "network": network,
                    "tokens": private["result"]["input_tokens"],
                    "seconds": {"min": min(seconds), "median": statistics.median(seconds)},
                    "sharing_seconds": sharing,
                    "difference": max(abs(a - b) for a, b in pairs),
                    "peak_bytes": parties.peak_bytes(),
                    "sent": session_costs(parties),
                }
                print(json.dumps(row), file=sys.stderr)
                if row["difference"] > 5e-3:
                    sys.exit("the answer is not the plain engine's")
                found.append(row)
    shutil.rmtree(shared)
    return found


def session_costs(parties: Parties) -> dict:
    """What each party said of its last session."""
    costs = {}
    for role, log in parties.logs.items():
        lines = [line for line in log.read_text().splitlines() if line.startswith("{")]
        if lines:
            last = json.loads(lines[-1])
            costs[role] = {
                k: last[k]
                for k in ("bytes_sent", "bytes_received", "rounds", "peers", "seconds")
                if k in last
            }
    return costs


def run_spu(args: argparse.Namespace, form: str) -> dict:
    python = subprocess.run(
        [str(ROOT / "bench/peers/spu_env")], capture_output=True, text=True, check=True
    ).stdout.strip()
    command = [
        python,
        str(ROOT / "bench/peers/spu_bert.py"),
        "--shape",
        args.shape,
        "--tokens",
        "128",
        "--form",
        form,
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"SPU: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shape", default="bert-base", choices=SHAPES)
    parser.add_argument("--recipe", nargs="+", default=["secformer"])
    parser.add_argument("--tokens", type=int, nargs="+", default=[128])
    parser.add_argument("--networks", nargs="+", default=["local"], choices=["local", "lan", "wan"])
    parser.add_argument(
        "--ranges",
        nargs="*",
        default=[],
        metavar="DIR",
        help="converted models whose ranges are used",
    )
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1, help="of each party")
    parser.add_argument("--spu", nargs="*", default=[], choices=["puma", "mpcformer", "freediv"])
    parser.add_argument("--isa", nargs="+", default=["best"], help="TACIT_ISA, in turn")
    parser.add_argument("--tacit", default=str(ROOT / "build/tacit"))
    parser.add_argument("--out", help="write the JSON there too")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tacit-mpc-") as name:
        tmp = Path(name)
        roles = "owner,server0,server1,dealer"
        report([args.tacit, "certs", str(tmp / "certs"), "--roles", roles, "--json"])
        make_model(tmp / "model", args.shape)
        ours = []
        for isa in args.isa:
            os.environ["TACIT_ISA"] = "" if isa == "best" else isa  # SPU knows nothing of it
            for recipe in args.recipe:
                ours += [{"isa": isa, **row} for row in measure(args, tmp, tmp / "model", recipe)]
                shutil.rmtree(tmp / recipe)
    peers = {form: run_spu(args, form) for form in args.spu}
    result = {
        "shape": args.shape,
        "tacit": ours,
        "spu": peers,
    }
    for row in ours:
        for form, spu in peers.items():
            if row["tokens"] == 128 and row["network"] == "local":
                row[f"times_faster_than_spu_{form}"] = (
                    statistics.median(spu["seconds"]["inference"]) / row["seconds"]["median"]
                )
    text = json.dumps(result, indent=1)
    print(text)
    if args.out:
        Path(args.out).write_text(text + "\n")


if __name__ == "__main__":
    main()
