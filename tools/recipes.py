"""Every form of docs/design/recipes.md for one sequence, in float64 and as the page writes it.

A second implementation for tests: it reads a BERT sequence classifier's config and tensors and
shares nothing with the program. Equation numbers are the page's.
"""

from __future__ import annotations

import numpy as np
import torch


def cheb(x: torch.Tensor, coef: torch.Tensor, interval: torch.Tensor) -> torch.Tensor:
    lo, hi = interval.tolist()
    t = (2 * x - lo - hi) / (hi - lo)
    return torch.from_numpy(np.polynomial.chebyshev.chebval(t.numpy(), coef.numpy()))  # (11)


def activation(form: str, x: torch.Tensor, const: dict) -> torch.Tensor:
    if form == "gelu":
        return 0.5 * x * (1 + torch.erf(x / 2**0.5))  # (8)
    if form == "gelu-tanh":
        return 0.5 * x * (1 + torch.tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x**3)))  # (9)
    if form == "polynomial":
        return cheb(x, const["coefficients"], const["interval"])
    return {
        "relu": torch.relu,
        "tanh": torch.tanh,
        "none": lambda v: v,
        "silu": lambda v: v / (1 + torch.exp(-v)),
        "quad": lambda v: 0.125 * v**2 + 0.25 * v + 0.5,
    }[form](x)  # (10)


def norm(
    form: str, x: torch.Tensor, g: torch.Tensor, b: torch.Tensor, eps: float, const: dict
) -> torch.Tensor:
    if form in ("affine", "batchnorm"):
        return g * x + b  # (14)
    if form == "rmsnorm":
        return g * x / torch.sqrt((x**2).mean(-1, keepdim=True) + eps)  # (13)
    mu = x.mean(-1, keepdim=True)
    var = ((x - mu) ** 2).mean(-1, keepdim=True)
    if form == "layernorm":
        return g * (x - mu) / torch.sqrt(var + eps) + b  # (12)
    return g * (x - mu) * cheb(var, const["coefficients"], const["interval"]) + b  # (15)


def attention(slot: dict, s: torch.Tensor, const: dict) -> torch.Tensor:
    """Weights P from the scores of all heads, heads × queries × keys."""
    form, n, heads = slot.get("form", "softmax"), s.shape[-1], s.shape[0]
    c, alpha = slot.get("c", 5.0), slot.get("length_power", 1.0)
    kappa = const.get("kappa", torch.ones(heads)).double().view(-1, 1, 1)
    shift = const.get("shift", torch.zeros(heads)).double().view(-1, 1, 1)
    if form == "softmax":
        return torch.softmax(s, -1)  # (1)
    if form == "2quad":
        return (s + c) ** 2 / ((s + c) ** 2).sum(-1, keepdim=True)  # (2)
    if form == "softmax-freediv":
        return torch.exp(s - shift) / (kappa * n**alpha)  # (3)
    if form == "2quad-freediv":
        return (s + c) ** 2 / (kappa * n**alpha)  # (4)
    if form == "thex":
        r = torch.relu((s / 2 + 1) ** 3)
        h = torch.relu(r.sum(-1, keepdim=True) * const["w1"].view(-1) + const["b1"])
        h = torch.relu(h @ const["w2"].T + const["b2"])
        t = h @ const["w3"].T + const["b3"]
        return (s if slot.get("literal") else r) * t  # (5)
    if form == "scaled-sigma":
        sigma = slot.get("sigma", "polynomial")
        if "lo" in slot:
            const = const | {"interval": torch.tensor([slot["lo"], slot["hi"]])}
        return activation(sigma, s, const) / n**alpha  # (6)
    p = slot.get("power", 2)
    return s**p / (s**p).sum(-1, keepdim=True)  # (7)


NAMED = {  # recipe → attention, activation, norm, pooler
    "exact": ("softmax", "gelu", "layernorm", "tanh"),
    "custom": ("softmax", "gelu", "layernorm", "tanh"),
    "mpcformer": ("2quad", "quad", "layernorm", "tanh"),
    "secformer": ("2quad", "gelu", "layernorm", "tanh"),
    "freediv": ("softmax-freediv", "quad", "layernorm", "tanh"),
    "freediv-2quad": ("2quad-freediv", "quad", "layernorm", "tanh"),
    "thex": ("thex", "relu", "affine", "none"),
    "poly": ("scaled-sigma", "polynomial", "batchnorm", "none"),
}


def slots(config: dict) -> dict[str, dict]:
    tacit = config.get("tacit", {"recipe": "exact"})
    names = ("attention", "activation", "norm", "pooler")
    default = dict(zip(names, ({"form": f} for f in NAMED[tacit["recipe"]]), strict=True))
    default["embedding_norm"] = {"form": "layernorm"}
    return {k: v | tacit.get(k, {}) for k, v in default.items()}


def encoder_forward(
    config: dict, state: dict[str, torch.Tensor], ids: list[int], types: list[int], mask: list[int]
) -> torch.Tensor:
    """Logits of one sequence of a BertForSequenceClassification."""
    w = {k: v.double() for k, v in state.items()}
    r, eps = slots(config), config["layer_norm_eps"]

    def const(slot: str) -> dict:
        head = f"tacit.{slot}."
        return {k[len(head) :]: v for k, v in w.items() if k.startswith(head)}

    def linear(name: str, v: torch.Tensor) -> torch.Tensor:
        return v @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    def normed(which: str, name: str, slot: str, v: torch.Tensor) -> torch.Tensor:
        return norm(r[which]["form"], v, w[f"{name}.weight"], w[f"{name}.bias"], eps, const(slot))

    at = [i for i, shown in enumerate(mask) if shown]  # hidden tokens are not there at all
    e = "bert.embeddings"
    x = w[f"{e}.word_embeddings.weight"][[ids[i] for i in at]]
    x = x + w[f"{e}.position_embeddings.weight"][at]
    x = x + w[f"{e}.token_type_embeddings.weight"][[types[i] for i in at]]
    x = normed("embedding_norm", f"{e}.LayerNorm", "embeddings.norm", x)
    heads, d = config["num_attention_heads"], config["hidden_size"] // config["num_attention_heads"]
    for i in range(config["num_hidden_layers"]):
        name, slot = f"bert.encoder.layer.{i}", f"layers.{i}"
        q, k, v = (
            linear(f"{name}.attention.self.{p}", x).view(-1, heads, d).transpose(0, 1)
            for p in ("query", "key", "value")
        )
        p = attention(r["attention"], q @ k.transpose(1, 2) / d**0.5, const(f"{slot}.attention"))
        h = linear(f"{name}.attention.output.dense", (p @ v).transpose(0, 1).reshape(len(at), -1))
        x = normed("norm", f"{name}.attention.output.LayerNorm", f"{slot}.attention_norm", x + h)
        h = activation(
            r["activation"]["form"],
            linear(f"{name}.intermediate.dense", x),
            const(f"{slot}.activation"),
        )
        x = normed(
            "norm",
            f"{name}.output.LayerNorm",
            f"{slot}.output_norm",
            x + linear(f"{name}.output.dense", h),
        )
    x = activation(r["pooler"]["form"], linear("bert.pooler.dense", x[0]), const("head.activation"))
    return linear("classifier", x)
