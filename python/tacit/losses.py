"""What a student is taught by: terms of a distillation's loss, by name.

Every term compares what is at tokens only; padding counts for nothing. Terms of layers are summed
over them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch.nn import functional

from tacit.converted import Trace

RANGES = {  # a bound's name → the lists of a trace that it is for
    "scores": "scores",
    "sums": "sums",
    "context": "context",
    "activations": "activations",
    "variances": "variances",
    "norm_inputs": "norm_inputs",
}


def apart(a: torch.Tensor, b: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean square of the difference where mask is one; the mask's shape may end in ones."""
    return ((a - b).square() * mask).sum() / mask.expand_as(a).sum()


def scores(student: Trace, teacher: Trace) -> torch.Tensor:
    t = student.tokens
    both = t[:, None, :, None] * t[:, None, None, :]
    lists = zip(student.scores, teacher.scores, strict=True)
    return sum(apart(a, b, both) for a, b in lists)


def hidden(student: Trace, teacher: Trace) -> torch.Tensor:
    mask = student.tokens.unsqueeze(-1)
    lists = zip(student.hidden[1:], teacher.hidden[1:], strict=True)
    return sum(apart(a, b, mask) for a, b in lists)


def context(student: Trace, teacher: Trace) -> torch.Tensor:
    mask = student.tokens.unsqueeze(-1)
    lists = zip(student.context, teacher.context, strict=True)
    return sum(apart(a, b, mask) for a, b in lists)


TERMS: dict[str, Callable[[Trace, Trace], torch.Tensor]] = {
    "scores": scores,
    "hidden": hidden,
    "context": context,
}


def excess(student: Trace, bounds: Mapping[str, Sequence[float]]) -> torch.Tensor:
    """A hinge: the squared distance by which the farthest value of each sentence leaves its
    bounds, mean over sentences. A mean over values would not feel the few that matter."""
    total = student.logits.sum() * 0
    t = student.tokens
    for name, (lo, hi) in bounds.items():
        for x in getattr(student, RANGES[name]):
            shape = (*t.shape, 1) if x.dim() == 3 else (t.shape[0], 1, t.shape[1], 1)
            mask = t.view(shape)
            if name == "scores":
                mask = mask * t[:, None, None, :]
            over = (functional.relu(x - hi) + functional.relu(lo - x)) * mask
            total = total + over.flatten(1).amax(dim=1).square().mean()
    return total
