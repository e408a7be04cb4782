#!/usr/bin/env python3
"""A BERT encoder under SecretFlow's SPU: three servers by ABY3, weights and input secret-shared.

Each party is a process of its own, on loopback, as it would be on a machine of its own. Weights are
random; the input is a random embedded sentence, so that looking words up is not part of it. Forms:

    puma        softmax with its maximum taken off and exp as (1 + x/32)^32, GELU in four pieces,
                two of them polynomials (PUMA, Dong et al. 2023)
    mpcformer   (s + 5)^2 over its sum; x^2/8 + x/4 + 1/2 (MPCFormer, Li et al. 2023)
    freediv     (s + 5)^2 over a constant; x^2/8 + x/4 + 1/2

Prints one JSON object: seconds of sharing and of inference, bytes and messages that each party has
sent, and the error against the same forms in numpy. All layers do the same work, so where other
programs disturb a run, the fastest layer times their number says what a quiet machine would take.

    python=$(bench/peers/spu_env)
    $python bench/peers/spu_bert.py --shape bert-base --tokens 128 --form puma
    $python bench/peers/spu_bert.py --shape bert-tiny --tokens 16 --form freediv
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import platform
import re
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np

SHAPES = {  # hidden size, layers, heads, feed-forward size
    "bert-tiny": (128, 2, 2, 512),
    "minilm-l6": (384, 6, 12, 1536),
    "bert-base": (768, 12, 12, 3072),
    "bert-large": (1024, 24, 16, 4096),
}
FORMS = ["puma", "mpcformer", "freediv"]
PARTIES = 3
LIMIT_S = 3600


# ------------------------------------------------------------------------------------- the model


def random_layer(rng: np.random.Generator, dim: int, ff: int) -> dict[str, np.ndarray]:
    def normal(*shape: int) -> np.ndarray:
        return (0.02 * rng.standard_normal(shape)).astype(np.float32)

    layer = {}
    for name, rows, columns in (
        ("q", dim, dim),
        ("k", dim, dim),
        ("v", dim, dim),
        ("o", dim, dim),
        ("up", dim, ff),
        ("down", ff, dim),
    ):
        layer[name], layer[name + "_b"] = normal(rows, columns), normal(columns)
    for name in ("ln1", "ln2"):
        layer[name], layer[name + "_b"] = 1 + normal(dim), normal(dim)
    return layer


def gelu_pieces(xp, x):
    """0, a cubic, a polynomial of degree 6, x; from -4, -1.95 and 3 on."""
    low, middle, high = x < -4.0, x < -1.95, x > 3.0
    x2 = x * x
    x3, x4 = x2 * x, x2 * x2
    x6 = x3 * x3
    cubic = (
        -0.011034134030615728 * x3
        - 0.11807612951181953 * x2
        - 0.42226581151983866 * x
        - 0.5054031199708174
    )
    sixth = (
        0.0018067462606141187 * x6
        - 0.037688200365904236 * x4
        + 0.3603292692789629 * x2
        + 0.5 * x
        + 0.008526321541038084
    )
    in_cubic = xp.logical_xor(low, middle)
    in_sixth = xp.logical_not(xp.logical_xor(middle, high))
    return xp.where(in_cubic, cubic, 0) + xp.where(in_sixth, sixth, 0) + xp.where(high, x, 0)


def attend(xp, exp, q, k, v, form: str):
    """heads, tokens, features of each. puma and mpcformer as published. freediv takes (s/5 + 1)^2
    and divides by the length behind the product: less work, and no constant so small that 18
    fraction bits leave it one part in a hundred wrong."""
    scale = 1 / math.sqrt(q.shape[-1])
    products = q @ k.transpose(0, 2, 1)
    if form == "puma":
        scores = products * scale
        below = scores - scores.max(axis=-1, keepdims=True) - 1e-6
        e = xp.where(below > -14.0, exp(below), 0)
        return (e * (1.0 / e.sum(axis=-1, keepdims=True))) @ v
    if form == "mpcformer":
        squares = xp.square(products * scale + 5.0)
        return (squares * (1.0 / squares.sum(axis=-1, keepdims=True))) @ v
    return (xp.square(products * (scale / 5) + 1.0) @ v) * (1 / k.shape[1])


def normalise(xp, rsqrt, x, gamma, beta):
    x = x - x.mean(axis=-1, keepdims=True)
    variance = xp.square(x).mean(axis=-1, keepdims=True)
    return x * rsqrt(variance + 1e-12) * gamma + beta


def encoder_layer(x, w: dict, *, xp, exp, rsqrt, heads: int, form: str):
    tokens, dim = x.shape

    def split(y):
        return y.reshape(tokens, heads, dim // heads).transpose(1, 0, 2)

    q, k, v = (split(x @ w[name] + w[name + "_b"]) for name in ("q", "k", "v"))
    y = attend(xp, exp, q, k, v, form).transpose(1, 0, 2).reshape(tokens, dim) @ w["o"] + w["o_b"]
    x = normalise(xp, rsqrt, x + y, w["ln1"], w["ln1_b"])
    up = x @ w["up"] + w["up_b"]
    up = gelu_pieces(xp, up) if form == "puma" else 0.125 * xp.square(up) + 0.25 * up + 0.5
    return normalise(xp, rsqrt, x + up @ w["down"] + w["down_b"], w["ln2"], w["ln2_b"])


def in_numpy(x: np.ndarray, layers: list[dict], heads: int, form: str) -> np.ndarray:
    """The same in double, with exp as SPU takes it."""
    x = x.astype(np.float64)
    for layer in layers:
        x = encoder_layer(
            x,
            {name: w.astype(np.float64) for name, w in layer.items()},
            xp=np,
            exp=lambda s: np.maximum(1 + s / 32, 0) ** 32,
            rsqrt=lambda v: 1 / np.sqrt(v),
            heads=heads,
            form=form,
        )
    return x


# ------------------------------------------------------------------------------------- the parties


def runtime_config(profile: bool = False):
    from spu import libspu

    config = libspu.RuntimeConfig(
        protocol=libspu.ProtocolKind.ABY3, field=libspu.FieldType.FM64, fxp_fraction_bits=18
    )
    config.fxp_exp_mode = libspu.RuntimeConfig.ExpMode.EXP_TAYLOR
    config.fxp_exp_iters = 5
    config.enable_pphlo_profile = profile  # says at the end what was sent
    return config


def set_logging(folder: Path) -> None:
    """SPU's log, which is otherwise left where one happens to be."""
    from spu import libspu

    options = libspu.logging.LogOptions()
    options.enable_console_logger = True
    options.system_log_path = str(folder / f"spu-{os.getpid()}.log")
    libspu.logging.setup_logging(options)


def follow(parent: int) -> None:
    """End with the program: a party that waits for another would stay for an hour."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def serve(rank: int, hosts: list[str], pipe, log: str) -> None:
    """One party: shares arrive by the pipe, and are kept; then programs are run."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    import spu
    from spu import libspu

    set_logging(Path(log).parent)
    threading.Thread(target=follow, args=(os.getppid(),), daemon=True).start()
    description = libspu.link.Desc()
    description.recv_timeout_ms = LIMIT_S * 1000
    description.http_timeout_ms = LIMIT_S * 1000
    for i, host in enumerate(hosts):
        description.add_party(f"party{i}", host)
    link = libspu.link.create_brpc(description, rank)
    runtime = spu.Runtime(link, runtime_config(profile=True))
    pipe.send("ready")
    while True:
        verb, *arguments = pipe.recv()
        if verb == "stop":
            break
        begin = time.perf_counter()
        if verb == "keep":
            runtime.set_var(*arguments)
        elif verb == "run":
            runtime.run(libspu.Executable(**arguments[0]))
        elif verb == "get":
            pipe.send(runtime.get_var(arguments[0]))
        if verb != "get":
            pipe.send(time.perf_counter() - begin)
    peak = Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]
    link.stop_link()
    pipe.send(int(peak) * 1024)


def free_ports(n: int) -> list[int]:
    sockets = [socket.socket() for _ in range(n)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Parties:
    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        context = multiprocessing.get_context("spawn")
        hosts = [f"127.0.0.1:{port}" for port in free_ports(PARTIES)]
        self.pipes, self.processes = [], []
        for rank in range(PARTIES):
            ours, theirs = context.Pipe()
            process = context.Process(
                target=serve, args=(rank, hosts, theirs, self.log(rank)), daemon=True
            )
            process.start()
            theirs.close()
            self.pipes.append(ours)
            self.processes.append(process)
        for pipe in self.pipes:
            pipe.recv()

    def log(self, rank: int) -> str:
        return f"{self.folder.name}/{rank}.log"

    def ask(self, *messages: tuple) -> list:
        """A message to each, or the same to all; then the answer of each."""
        for rank, pipe in enumerate(self.pipes):
            pipe.send(messages[rank % len(messages)])
        return [pipe.recv() for pipe in self.pipes]

    def stop(self) -> list[int]:
        peaks = self.ask(("stop",))
        for process in self.processes:
            process.join()
        return peaks

    def sent(self, rank: int) -> tuple[int, int]:
        """Bytes and messages, from what SPU logs after each program."""
        text = Path(self.log(rank)).read_text()
        found = re.findall(r"total send bytes (\d+).*?send actions (\d+)", text)
        if not found:
            sys.exit(f"no figures of traffic in SPU's log:\n{text[-2000:]}")
        return sum(int(b) for b, _ in found), sum(int(n) for _, n in found)


def compile_layer(layer: dict, tokens: int, dim: int, heads: int, form: str):
    """SPU's program for one layer: x, then the weights by name in sorted order."""
    import jax
    import jax.numpy as jnp
    import spu.utils.frontend as frontend
    from spu import libspu

    names = sorted(layer)

    def program(x, *weights):
        w = dict(zip(names, weights, strict=True))
        return encoder_layer(x, w, xp=jnp, exp=jnp.exp, rsqrt=jax.lax.rsqrt, heads=heads, form=form)

    arguments = [np.zeros((tokens, dim), np.float32), *(layer[name] for name in names)]
    executable, _ = frontend.compile(
        frontend.Kind.JAX,
        program,
        arguments,
        {},
        [f"in{i}" for i in range(len(arguments))],
        [libspu.Visibility.VIS_SECRET] * len(arguments),
        lambda flat: [f"out{i}" for i in range(len(flat))],
    )
    return executable.code, names


def measure(a: argparse.Namespace) -> dict:
    import spu
    from spu import libspu

    dim, layers, heads, ff = SHAPES[a.shape]
    layers = a.layers or layers
    rng = np.random.default_rng(a.seed)
    model = [random_layer(rng, dim, ff) for _ in range(layers)]
    x = rng.standard_normal((a.tokens, dim)).astype(np.float32)
    begin = time.perf_counter()
    code, names = compile_layer(model[0], a.tokens, dim, heads, a.form)
    seconds = SimpleNamespace(compile=time.perf_counter() - begin)

    parties = Parties()
    set_logging(Path(parties.folder.name))
    io = spu.Io(PARTIES, runtime_config())

    def share(name: str, value: np.ndarray) -> None:
        shares = io.make_shares(np.ascontiguousarray(value), libspu.Visibility.VIS_SECRET)
        parties.ask(*(("keep", name, s) for s in shares))

    begin = time.perf_counter()
    for i, layer in enumerate(model):
        for name in names:
            share(f"{i}.{name}", layer[name])
    seconds.share_weights = time.perf_counter() - begin
    begin = time.perf_counter()
    share("x0", x)
    seconds.share_input = time.perf_counter() - begin

    runs = []
    load = os.getloadavg()[0]
    for _ in range(a.runs):
        by_layer = []
        for i in range(layers):
            program = {
                "name": f"layer{i}",
                "input_names": [f"x{i}", *(f"{i}.{name}" for name in names)],
                "output_names": [f"x{i + 1}"],
                "code": code,
            }
            begin = time.perf_counter()
            parties.ask(("run", program))
            by_layer.append(time.perf_counter() - begin)
        runs.append(by_layer)
    result = io.reconstruct(parties.ask(("get", f"x{layers}")))
    peaks = parties.stop()
    sent = [parties.sent(rank) for rank in range(PARTIES)]
    error = np.abs(result - in_numpy(x, model, heads, a.form))
    return {
        "system": f"SPU {spu.__version__}, ABY3, FM64, 18 fraction bits",
        "form": a.form,
        "shape": a.shape,
        "layers": layers,
        "tokens": a.tokens,
        "seconds": {
            **{name: round(s, 3) for name, s in vars(seconds).items()},
            "inference": [round(sum(run), 3) for run in runs],
            "fastest_layer": round(min(map(min, runs)), 3),
            "by_layer": [[round(t, 3) for t in run] for run in runs],
        },
        "sent_by_party": [{"bytes": b // a.runs, "messages": n // a.runs} for b, n in sent],
        "peak_bytes": peaks,
        "error": {"max": float(error.max()), "mean": float(error.mean())},
        "machine": machine(),
        "load_before": round(load, 2),
    }


def machine() -> dict:
    info = Path("/proc/cpuinfo").read_text()
    name = re.search(r"model name\s*: (.*)", info)
    return {
        "processor": name.group(1) if name else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "system": f"{platform.system()} {platform.release()}",
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shape", default="bert-base", choices=SHAPES)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--form", default="puma", choices=FORMS)
    parser.add_argument("--layers", type=int, help="fewer than the shape has")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", help="write the JSON there too")
    a = parser.parse_args()
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # SPU talks on stdout
    result = measure(a)
    text = json.dumps(result, indent=2)
    print(text, file=out, flush=True)
    if a.out:
        Path(a.out).write_text(text + "\n")
    if not result["error"]["mean"] < 0.01:
        sys.exit("that is not the answer of numpy")


if __name__ == "__main__":
    main()
