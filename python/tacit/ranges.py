"""The range of every slot of a model on given rows, by the names of docs/design/recipes.md."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from tacit.converted import Converted, Trace
from tacit.initialise import pairs, visible
from tacit.text import Encoded, collate, sorted_batches

Range = tuple[float, float]


@torch.no_grad()
def traces_of(model: Converted, rows: Sequence[Encoded], batch: int = 64) -> list[Trace]:
    """What the model sees on the rows, in evaluation."""
    model.eval()
    return [
        model(**collate([rows[i] for i in indices], model.config.pad_token_id))
        for indices in sorted_batches(rows, batch)
    ]


def ranges_of(traces: Sequence[Trace]) -> dict[str, Range]:
    """Smallest and largest value of each quantity that a range is about."""
    found: dict[str, Range] = {}
    for i in range(len(traces[0].scores)):
        name = f"layers.{i}"
        scores = [t.scores[i][pairs(t).expand_as(t.scores[i])] for t in traces]
        found[f"{name}.attention/scores"] = ends(torch.cat(scores))
        if traces[0].sums:
            sums = [t.sums[i].transpose(1, 2) for t in traces]
            found[f"{name}.attention/sum"] = ends(visible(sums, traces))
        found[f"{name}.attention/context"] = ends(visible([t.context[i] for t in traces], traces))
        x = visible([t.activations[i] for t in traces], traces)
        found[f"{name}.activation/input"] = ends(x)
        for j, norm in ((2 * i, "attention_norm"), (2 * i + 1, "output_norm")):
            x = visible([t.norm_inputs[j] for t in traces], traces, flat=False)
            centred = x - x.mean(dim=-1, keepdim=True)
            found[f"{name}.{norm}/centred"] = ends(centred)
            found[f"{name}.{norm}/variance"] = ends(centred.square().mean(dim=-1))
    return found


def ends(x: torch.Tensor) -> Range:
    return float(x.min()), float(x.max())
