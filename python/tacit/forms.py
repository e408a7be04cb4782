"""The forms of docs/design/recipes.md as PyTorch modules; the equation numbers are that page's.

Attention forms take scores [batch, heads, queries, keys], a mask of keys [batch, 1, 1, keys] with
ones and zeros, and the number n of visible keys [batch, 1, 1, 1]. Constants that a form keeps in
tensors are its parameters, trained as any other; `constants()` gives them by the names that files
have for them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import nn
from torch.nn import functional

from tacit.recipe import Slot

Tensors = Mapping[str, torch.Tensor]

POINTWISE: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "none": lambda x: x,
    "gelu": functional.gelu,  # (8)
    "gelu-tanh": lambda x: functional.gelu(x, approximate="tanh"),  # (9)
    "silu": functional.silu,
    "relu": functional.relu,
    "tanh": torch.tanh,
    "quad": lambda x: 0.125 * x * x + 0.25 * x + 0.5,  # (10)
}


class Point(nn.Module):
    """A function of one number without constants of its own."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.function = POINTWISE[form]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x)

    def constants(self) -> dict[str, torch.Tensor]:
        return {}


class Polynomial(nn.Module):
    """(11): a Chebyshev series on an interval, of low degree: powers of t would do as well."""

    def __init__(self, coefficients: torch.Tensor, interval: torch.Tensor) -> None:
        super().__init__()
        self.coefficients = nn.Parameter(coefficients.detach().float().clone())
        self.register_buffer("interval", interval.detach().float().clone())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        lo, hi = self.interval.tolist()
        t = x * (2 / (hi - lo)) - (lo + hi) / (hi - lo)
        below, above = torch.zeros_like(t), torch.zeros_like(t)
        for k in range(len(self.coefficients) - 1, 0, -1):  # Clenshaw
            below, above = 2 * t * below - above + self.coefficients[k], below
        return t * below - above + self.coefficients[0]

    def constants(self) -> dict[str, torch.Tensor]:
        return {"coefficients": self.coefficients, "interval": self.interval}


class Softmax(nn.Module):
    """(1)"""

    def forward(
        self, s: torch.Tensor, mask: torch.Tensor, n: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """The weights, and the mean of a row before its division where that is by a secret sum of
        which a look-up or a net must know the range."""
        return torch.softmax(s.masked_fill(mask == 0, -math.inf), dim=-1), None

    def constants(self) -> dict[str, torch.Tensor]:
        return {}


class Quotient(Softmax):
    """(2) and (7): an even power of s + c, divided by its sum."""

    def __init__(self, c: float, power: int) -> None:
        super().__init__()
        self.c, self.power = c, power

    def forward(
        self, s: torch.Tensor, mask: torch.Tensor, n: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        w = (s + self.c) ** self.power * mask
        total = w.sum(dim=-1, keepdim=True)
        return w / total.clamp_min(torch.finfo(w.dtype).tiny), total / n


class FreeDiv(Softmax):
    """(3) and (4): no division by a secret; κ is kept as its logarithm, so that it stays positive.

    Our reading of a paper whose text gives no formula.
    """

    def __init__(self, slot: Slot, constants: Tensors, heads: int) -> None:
        super().__init__()
        self.c = float(slot["c"]) if "c" in slot else None
        self.length_power = float(slot["length_power"])
        self.is_folded = False
        self.log_kappa = nn.Parameter(constants.get("kappa", torch.ones(heads)).float().log())
        if self.c is None:
            self.shift = nn.Parameter(constants.get("shift", torch.zeros(heads)).float().clone())

    def forward(
        self, s: torch.Tensor, mask: torch.Tensor, n: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        if self.c is None:
            w = torch.exp(s - (self.shift + self.log_kappa).view(-1, 1, 1))
        else:
            w = (s + self.c) ** 2 * torch.exp(-self.log_kappa).view(-1, 1, 1)
        return w * (mask / n**self.length_power), None

    def log_factor(self) -> torch.Tensor:
        """[heads] the logarithm of what a head's weights have beside (s + c)² or exp s."""
        return -self.log_kappa if self.c is not None else -self.log_kappa - self.shift

    def without_factor(self) -> None:
        """Leave it to the projection behind."""
        with torch.no_grad():
            self.log_kappa.zero_()
            if self.c is None:
                self.shift.zero_()
        self.is_folded = True

    def constants(self) -> dict[str, torch.Tensor]:
        if self.is_folded:
            return {}
        kappa = {"kappa": self.log_kappa.exp()}
        return kappa if self.c is not None else {"shift": self.shift, **kappa}


class Thex(Softmax):
    """(5): a cubic instead of exp, and a net T that estimates the reciprocal of its sum."""

    NAMES = ("w1", "b1", "w2", "b2", "w3", "b3")

    def __init__(self, slot: Slot, constants: Tensors) -> None:
        super().__init__()
        self.literal = bool(slot["literal"])
        for name in self.NAMES:
            self.register_parameter(name, nn.Parameter(constants[name].float().clone()))

    def reciprocal(self, x: torch.Tensor) -> torch.Tensor:
        h = functional.relu(functional.linear(x, self.w1, self.b1))
        h = functional.relu(functional.linear(h, self.w2, self.b2))
        return functional.linear(h, self.w3, self.b3)

    def forward(
        self, s: torch.Tensor, mask: torch.Tensor, n: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        r = functional.relu(s / 2 + 1) ** 3 * mask
        total = r.sum(dim=-1, keepdim=True)
        return (s * mask if self.literal else r) * self.reciprocal(total), total / n

    def constants(self) -> dict[str, torch.Tensor]:
        return {name: getattr(self, name) for name in self.NAMES}


class ScaledSigma(Softmax):
    """(6): a function of each score alone, divided by a power of the length."""

    def __init__(self, slot: Slot, constants: Tensors) -> None:
        super().__init__()
        if "lo" in slot:
            constants = {**constants, "interval": torch.tensor([slot["lo"], slot["hi"]])}
        self.in_slot = "lo" in slot
        self.length_power = float(slot["length_power"])
        self.sigma = make_point(str(slot["sigma"]), constants)

    def forward(
        self, s: torch.Tensor, mask: torch.Tensor, n: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        return self.sigma(s) * (mask / n**self.length_power), None

    def constants(self) -> dict[str, torch.Tensor]:
        kept = self.sigma.constants()
        return {k: v for k, v in kept.items() if not (self.in_slot and k == "interval")}


def make_point(form: str, constants: Tensors) -> Point | Polynomial:
    """An activation, or what stands in the pooler."""
    if form == "polynomial":
        return Polynomial(constants["coefficients"], constants["interval"])
    return Point(form)


def make_attention(slot: Slot, constants: Tensors, heads: int) -> Softmax:
    form = slot["form"]
    if form == "2quad":
        return Quotient(float(slot["c"]), 2)
    if form == "power":
        return Quotient(0.0, int(slot["power"]))
    if form in ("softmax-freediv", "2quad-freediv"):
        return FreeDiv(slot, constants, heads)
    if form == "thex":
        return Thex(slot, constants)
    if form == "scaled-sigma":
        return ScaledSigma(slot, constants)
    if form == "softmax":
        return Softmax()
    raise ValueError(f"attention has no form {form!r}")
