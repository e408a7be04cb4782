#!/usr/bin/env python3
"""The plain engine and PyTorch side by side: BERT encoders with random weights, batch 1.

Both run in child processes that live at the same time and take turns, so that whatever else the
machine does hits both. PyTorch runs as users of transformers run it: eager, sdpa attention,
inference_mode. Writes a table to docs/results/plain.md.

    ninja -C build/release bench_plain
    python bench/peers/plain_vs_torch.py --bench build/release/bench_plain
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

SHAPES = {"bert-base": (768, 12, 12, 3072), "bert-large": (1024, 24, 16, 4096)}


def torch_child(shape: str, tokens: int, threads: int, precision: str) -> None:
    """Answer each line of the input with the milliseconds of one run, then the peak memory."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    dim, layers, heads, ff = SHAPES[shape]
    config = BertConfig(
        hidden_size=dim, num_hidden_layers=layers, num_attention_heads=heads, intermediate_size=ff
    )
    config._attn_implementation = "sdpa"
    model = BertForSequenceClassification(config).eval()
    if precision == "bf16":
        model = model.to(torch.bfloat16)
    ids = torch.randint(0, config.vocab_size, (1, tokens))
    with torch.inference_mode():
        for _ in range(3):
            model(input_ids=ids)
        for _ in sys.stdin:
            begin = time.perf_counter()
            model(input_ids=ids)
            print(f"{1e3 * (time.perf_counter() - begin):.4f}", flush=True)
    # Not getrusage: its figure begins at the size of the process that started this one.
    status = Path("/proc/self/status").read_text()
    print(f"peak {int(status.split('VmHWM:')[1].split()[0]) / 1024:.1f}", flush=True)


class Child:
    """A process that measures one run for each line it is given."""

    def __init__(self, command: list[str]) -> None:
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.ms: list[float] = []

    def run(self, keep: bool) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write("run\n")
        self.process.stdin.flush()
        ms = float(self.process.stdout.readline())
        if keep:
            self.ms.append(ms)

    def finish(self) -> float:
        """Peak memory in MiB."""
        out, _ = self.process.communicate()
        return float(out.split()[-1])


def compare(arguments: argparse.Namespace, precision: str, threads: int, tokens: int) -> dict:
    common = ["--shape", arguments.shape, "--tokens", str(tokens), "--threads", str(threads)]
    common += ["--precision", precision]
    ours = Child([arguments.bench, "--serve", *common])
    theirs = Child([sys.executable, __file__, "--torch-child", *common])
    for i in range(arguments.runs + 2):
        for child in (ours, theirs):
            child.run(keep=i >= 2)
            time.sleep(0.02)  # threads that wait by spinning come to rest
    return {
        "precision": precision,
        "threads": threads,
        "tokens": tokens,
        "ours": ours.ms,
        "theirs": theirs.ms,
        "ours_mib": ours.finish(),
        "theirs_mib": theirs.finish(),
    }


def row(r: dict) -> str:
    median = statistics.median
    ours, theirs = median(r["ours"]), median(r["theirs"])
    least = min(r["ours"]) / min(r["theirs"])
    return (
        f"| {r['precision']} | {r['threads']} | {r['tokens']} "
        f"| {ours:.1f} ({min(r['ours']):.1f}) | {theirs:.1f} ({min(r['theirs']):.1f}) "
        f"| {ours / theirs:.2f} ({least:.2f}) | {r['ours_mib']:.0f} | {r['theirs_mib']:.0f} |"
    )


def machine() -> str:
    flags, model = set(), ""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("flags"):
            flags = set(line.split(":")[1].split())
        if line.startswith("model name"):
            model = line.split(":")[1].strip()
    seen = [f for f in ("avx2", "fma", "avx512f", "avx512_bf16", "amx_bf16") if f in flags]
    real_time = os.sched_getscheduler(0) != os.SCHED_OTHER
    priority = "; both at real-time priority, other programs at work" if real_time else ""
    import torch
    import transformers

    return (
        f"{model} ({', '.join(seen)}), Linux {platform.release()}, "
        f"torch {torch.__version__}, transformers {transformers.__version__}{priority}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bench", default="build/release/bench_plain")
    parser.add_argument("--shape", default="bert-base", choices=sorted(SHAPES))
    parser.add_argument("--tokens", default="32,128,512")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--precision", default="f32,bf16")
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--out", help="write the table there too")
    parser.add_argument("--torch-child", action="store_true", help=argparse.SUPPRESS)
    a = parser.parse_args()
    if a.torch_child:
        torch_child(a.shape, int(a.tokens), int(a.threads), a.precision)
        return
    lines = [
        f"{a.shape}, random weights, batch 1, from token ids to logits; median (best) of {a.runs}",
        "runs in milliseconds, taken in turns; memory is each process's peak resident set (Python",
        "with torch and transformers imported takes 550 MiB of it; tacit's includes 128 MiB of the",
        "random numbers that its weights are taken from).",
        "",
        f"Machine: {machine()}.",
        "",
        f"Command: `python bench/peers/plain_vs_torch.py --shape {a.shape} --runs {a.runs}`;",
        "PyTorch eager with sdpa attention and inference_mode, its weights in fp32 or bf16.",
        "",
        "| precision | threads | tokens | tacit ms | PyTorch ms | ratio"
        " | tacit MiB | PyTorch MiB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    print("\n".join(lines), flush=True)
    for precision in a.precision.split(","):
        for threads in a.threads.split(","):
            for tokens in a.tokens.split(","):
                lines.append(row(compare(a, precision, int(threads), int(tokens))))
                print(lines[-1], flush=True)
    if a.out:
        Path(a.out).parent.mkdir(parents=True, exist_ok=True)
        Path(a.out).write_text("# The plain engine against PyTorch\n\n" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
