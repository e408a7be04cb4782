"""Forms of a norm as PyTorch modules, each over the γ and β of the LayerNorm it stands for.

`forward` takes values [batch, tokens, features] and a mask of tokens [batch, tokens, 1]. `seen`
holds the variances of the last forward pass where the form computes any.
"""

from __future__ import annotations

import torch
from torch import nn

from tacit.forms import Polynomial, Tensors

MOMENTUM = 0.02  # of BatchNorm's running statistics, one step's share


class Norm(nn.Module):
    """(12), (13), (14) and (15) of docs/design/recipes.md."""

    def __init__(self, form: str, layer_norm: nn.LayerNorm, constants: Tensors) -> None:
        super().__init__()
        if form not in ("layernorm", "rmsnorm", "affine", "batchnorm", "layernorm-polynomial"):
            raise ValueError(f"a norm has no form {form!r}")
        self.form, self.eps = form, layer_norm.eps
        self.weight, self.bias = layer_norm.weight, layer_norm.bias
        self.inverse = None
        if form == "layernorm-polynomial":
            self.inverse = Polynomial(constants["coefficients"], constants["interval"])
        self.seen: torch.Tensor | None = None

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        self.seen = None
        if self.form in ("affine", "batchnorm"):
            return self.weight * x + self.bias
        if self.form == "rmsnorm":
            return self.weight * x * torch.rsqrt((x * x).mean(-1, keepdim=True) + self.eps)
        centred = x - x.mean(dim=-1, keepdim=True)
        self.seen = (centred * centred).mean(dim=-1, keepdim=True)
        scale = torch.rsqrt(self.seen + self.eps) if not self.inverse else self.inverse(self.seen)
        return self.weight * (centred * scale) + self.bias

    def constants(self) -> dict[str, torch.Tensor]:
        return self.inverse.constants() if self.inverse else {}

    def folded(self) -> tuple[torch.Tensor, torch.Tensor]:
        """γ and β as a file has them."""
        return self.weight, self.bias


class BatchNorm(Norm):
    """(14) while it is trained: statistics of each feature over the batch's visible tokens, and
    running ones for evaluation, which are folded into γ and β at export."""

    def __init__(self, layer_norm: nn.LayerNorm) -> None:
        super().__init__("batchnorm", layer_norm, {})
        self.frozen = False
        self.register_buffer("running_mean", torch.zeros_like(self.weight))
        self.register_buffer("running_variance", torch.ones_like(self.weight))

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        mean, variance = self.running_mean, self.running_variance
        if self.training and not self.frozen:
            count = mask.sum()
            mean = (x * mask).sum(dim=(0, 1)) / count
            variance = ((x - mean) ** 2 * mask).sum(dim=(0, 1)) / count
            with torch.no_grad():
                self.running_mean.lerp_(mean, MOMENTUM)
                self.running_variance.lerp_(variance, MOMENTUM)
        gamma = self.weight * torch.rsqrt(variance + self.eps)
        return gamma * x + (self.bias - gamma * mean)

    def folded(self) -> tuple[torch.Tensor, torch.Tensor]:
        gamma = self.weight.double() / (self.running_variance.double() + self.eps).sqrt()
        return gamma.float(), (self.bias - gamma * self.running_mean).float()
