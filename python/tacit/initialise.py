"""First constants of new forms, from what the model shows on a sample of its data.

Each form begins where it stands for the old one as well as it can, so that training has little to
mend: a divisor that leaves half of the rows below one, a polynomial through the old function on the
inputs seen, an affine map that meets LayerNorm's outputs in the least squares.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch

from tacit.converted import Converted, Trace
from tacit.forms import FreeDiv
from tacit.norms import BatchNorm
from tacit.recipe import Slot, complete

MARGIN = 1.2  # an interval's width beside that of what was seen
NET_WIDTH = 16  # of THE-X's net
FLOOR = 0.02  # weight of an interval's emptiest part beside its fullest
BINS = 200

Constants = dict[str, torch.Tensor]


def initialise(
    model: Converted,
    changes: Mapping[str, Slot],
    degrees: Mapping[str, int],
    traces: Sequence[Trace],
    name: str,
) -> Converted:
    """The model under changed slots; `degrees` are those of new polynomials, by slot. It takes
    the weights over, and where a form has no constant for it, folds one into them."""
    constants: Constants = {}
    for i in range(len(model.attention)):
        if "attention" in changes:
            slot = complete("attention", changes["attention"])
            new = attention_constants(model, i, slot, degrees.get("attention", 2), traces)
            constants |= {f"layers.{i}.attention.{k}": v for k, v in new.items()}
        if changes.get("activation", {}).get("form") == "polynomial":
            x = visible([t.activations[i] for t in traces], traces)
            new = polynomial(model.activation[i], x, degrees.get("activation", 2))
            constants |= {f"layers.{i}.activation.{k}": v for k, v in new.items()}
    form = changes.get("norm", {}).get("form")
    if form == "layernorm-polynomial":
        constants |= inverse_roots(model, degrees.get("norm", 4), traces)
    if form in ("affine", "batchnorm"):
        moments = fit_norms(model, traces)
    model = model.changed(dict(changes), name, constants)
    if form == "batchnorm":
        model.use_batch_statistics()
        for norm, (mean, variance) in zip(norms_of(model), moments, strict=True):
            start_statistics(norm, mean, variance)
    return model


def attention_constants(
    model: Converted, i: int, slot: Slot, degree: int, traces: Sequence[Trace]
) -> Constants:
    """Of layer i's attention under the form of `slot`."""
    form, alpha = slot["form"], float(slot.get("length_power", 1))
    if form == "softmax-freediv":
        shift = torch.stack([largest(t.scores[i], t) for t in traces]).amax(dim=0)
        kappa = median_sum(i, lambda s: torch.exp(s - shift.view(-1, 1, 1)), alpha, traces)
        return {"shift": shift, "kappa": kappa}
    if form == "2quad-freediv":
        return {"kappa": median_sum(i, lambda s: (s + slot["c"]) ** 2, alpha, traces)}
    if form == "thex":
        sums = [cubic_sums(t, i) for t in traces]
        lo = min(float(s[s > 0].min()) for s in sums)
        return reciprocal_net(lo / MARGIN**2, max(float(s.max()) for s in sums) * MARGIN**2)
    if form == "scaled-sigma" and slot["sigma"] == "polynomial":
        return sigma_polynomial(model, i, degree, traces)
    return {}


def sigma_polynomial(model: Converted, i: int, degree: int, traces: Sequence[Trace]) -> Constants:
    """A polynomial through the freediv form that layer i has. Heads differ by a factor, which goes
    into the columns of the output projection."""
    old = model.attention[i]
    if not isinstance(old, FreeDiv):
        raise ValueError("scaled-sigma by polynomials follows a freediv form")
    with torch.no_grad():
        log_factor = old.log_factor()
        common = log_factor.mean()
        model.scale_heads(i, (log_factor - common).exp())

    def function(s: torch.Tensor) -> torch.Tensor:
        return ((s + old.c) ** 2 if old.c is not None else torch.exp(s)) * common.exp()

    return polynomial(function, torch.cat([seen_scores(t, i) for t in traces]), degree)


def polynomial(
    function: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, degree: int
) -> Constants:
    """Chebyshev series of `function` on an interval a little wider than that of x, by least
    squares weighted with how often values occur."""
    middle, half = float(x.max() + x.min()) / 2, MARGIN * float(x.max() - x.min()) / 2
    lo, hi = middle - half, middle + max(half, 1e-3)
    density, edges = np.histogram(x.detach().numpy(), bins=BINS, range=(lo, hi))
    at = (edges[:-1] + edges[1:]) / 2
    weight = np.sqrt(density / density.max() + FLOOR)
    with torch.no_grad():
        wanted = function(torch.from_numpy(at).float()).double().numpy()
    t = (2 * at - lo - hi) / (hi - lo)
    rows = np.polynomial.chebyshev.chebvander(t, degree) * weight[:, None]
    coefficients = np.linalg.lstsq(rows, wanted * weight, rcond=None)[0]
    return {
        "coefficients": torch.from_numpy(coefficients).float(),
        "interval": torch.tensor([lo, hi]),
    }


def reciprocal_net(lo: float, hi: float, width: int = NET_WIDTH) -> Constants:
    """T(x) through 1/x at points evenly spaced in log x: 1/hi plus ramps ReLU(knot - x), each with
    the change of slope at its knot. The middle layer passes them on."""
    knots = lo * (hi / lo) ** np.linspace(0, 1, width + 1)
    slopes = 1 / (knots[:-1] * knots[1:])
    change = slopes - np.append(slopes[1:], 0)
    tensors = {
        "w1": -np.ones((width, 1)),
        "b1": knots[1:],
        "w2": np.eye(width),
        "b2": np.zeros(width),
        "w3": change[None],
        "b3": np.array([1 / hi]),
    }
    return {name: torch.from_numpy(x).float() for name, x in tensors.items()}


def fit_norms(model: Converted, traces: Sequence[Trace]) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """γ and β of every norm of the layers such that γ x + β meets the norm's own output in the
    least squares, feature by feature; the inputs' means and variances."""
    moments = []
    for j, norm in enumerate(norms_of(model)):
        x = visible([t.norm_inputs[j] for t in traces], traces, flat=False).double()
        y = visible([t.norm_outputs[j] for t in traces], traces, flat=False).double()
        mean, variance = x.mean(dim=0), x.var(dim=0, unbiased=False)
        slope = ((x - mean) * (y - y.mean(dim=0))).mean(dim=0) / variance.clamp_min(1e-12)
        with torch.no_grad():
            norm.weight.copy_(slope)
            norm.bias.copy_(y.mean(dim=0) - slope * mean)
        moments.append((mean.float(), variance.float()))
    return moments


def start_statistics(norm: BatchNorm, mean: torch.Tensor, variance: torch.Tensor) -> None:
    """Turn γ x + β into the same map, written with these statistics."""
    with torch.no_grad():
        norm.running_mean.copy_(mean)
        norm.running_variance.copy_(variance)
        norm.bias += norm.weight * mean
        norm.weight *= (variance + norm.eps).sqrt()


def inverse_roots(model: Converted, degree: int, traces: Sequence[Trace]) -> Constants:
    """Polynomials through the inverse square root, one a norm, on the variances seen."""
    constants: Constants = {}
    for j, norm in enumerate(norms_of(model)):
        v = visible([t.variances[j] for t in traces], traces)
        operation = f"layers.{j // 2}.{('attention_norm', 'output_norm')[j % 2]}"

        def inverse(x: torch.Tensor, low: float = float(v.min()), eps: float = norm.eps):
            return torch.rsqrt(x.clamp_min(low / 2) + eps)

        new = polynomial(inverse, v, degree)
        constants |= {f"{operation}.{k}": c for k, c in new.items()}
    return constants


def norms_of(model: Converted) -> list[torch.nn.Module]:
    """Those of the layers, in the order in which a trace has them."""
    pairs = zip(model.attention_norm, model.output_norm, strict=True)
    return [norm for pair in pairs for norm in pair]


def visible(
    tensors: Sequence[torch.Tensor], traces: Sequence[Trace], flat: bool = True
) -> torch.Tensor:
    """What belongs to tokens that are there: all of it in a row, or a row for each."""
    rows = [x[t.tokens > 0] for x, t in zip(tensors, traces, strict=True)]
    return torch.cat(rows).flatten() if flat else torch.cat(rows)


def pairs(t: Trace) -> torch.Tensor:
    """[b, 1, n, n] where both query and key are there."""
    return (t.tokens[:, None, :, None] * t.tokens[:, None, None, :]) > 0


def seen_scores(t: Trace, i: int) -> torch.Tensor:
    return t.scores[i][pairs(t).expand_as(t.scores[i])]


def largest(s: torch.Tensor, t: Trace) -> torch.Tensor:
    """[heads] the largest score of each head."""
    return s.masked_fill(~pairs(t), -math.inf).amax(dim=(0, 2, 3))


def median_sum(
    i: int,
    function: Callable[[torch.Tensor], torch.Tensor],
    alpha: float,
    traces: Sequence[Trace],
) -> torch.Tensor:
    """[heads] the median over rows of a row's sum, divided by a power of its length."""
    sums = []
    for t in traces:
        n = t.tokens.sum(dim=1)[:, None, None]
        total = (function(t.scores[i]) * t.tokens[:, None, None, :]).sum(dim=-1) / n**alpha
        sums.append(total.transpose(1, 2)[t.tokens > 0])
    return torch.cat(sums).median(dim=0).values.clamp_min(1e-6)


def cubic_sums(t: Trace, i: int) -> torch.Tensor:
    r = torch.relu(t.scores[i] / 2 + 1) ** 3 * t.tokens[:, None, None, :]
    return r.sum(dim=-1).transpose(1, 2)[t.tokens > 0]
