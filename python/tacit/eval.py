"""Score a model directory on a GLUE dev set with PyTorch, in fp32: what the C program must match.

python -m tacit.eval models/sst2-tiny --task sst2 [--logits FILE]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from tacit.glue import DEFAULT_DATA, TASKS, read_split, score
from tacit.model import load, load_tokenizer
from tacit.text import encode
from tacit.train import predict


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", type=Path, metavar="MODEL")
    parser.add_argument("--task", choices=TASKS, required=True)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="GLUE: folder or tar")
    parser.add_argument("--logits", type=Path, help="write each example's outputs here, as TSV")
    args = parser.parse_args(argv)
    model, task = load(args.model), TASKS[args.task]
    examples = read_split(args.data, args.task, "dev")
    rows = encode(load_tokenizer(args.model), examples, model.config.max_position_embeddings)
    outputs = predict(model, rows)
    if args.logits:
        lines = ("\t".join(f"{x:.6f}" for x in row) for row in outputs.tolist())
        args.logits.write_text("".join(f"{line}\n" for line in lines))
    metrics = score(task, outputs.numpy(), [example.label for example in examples])
    print(json.dumps({"n": len(rows), **metrics}))


if __name__ == "__main__":
    main()
