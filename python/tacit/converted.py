"""A BERT sequence classifier under a recipe: PyTorch's counterpart of the plain engine.

The weights are those of transformers' own model, which is never run: the forward pass below takes
its modules one by one and puts the recipe's forms between them. It also returns what a
distillation compares and what a protection's look-ups must know the range of.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import safe_open
from torch import nn
from transformers import BertForSequenceClassification, PreTrainedModel
from transformers.utils import logging

from tacit.forms import FreeDiv, Tensors, make_attention, make_point
from tacit.norms import BatchNorm, Norm
from tacit.recipe import Recipe, Slot

PREFIX = "tacit."
WIDE = 256


@dataclass
class Trace:
    """What one forward pass saw, a list entry a layer; b sentences of at most n tokens."""

    logits: torch.Tensor
    tokens: torch.Tensor  # [b, n] one where there is a token
    hidden: list[torch.Tensor] = field(default_factory=list)  # [b, n, d] after each layer
    scores: list[torch.Tensor] = field(default_factory=list)  # [b, heads, n, n]
    sums: list[torch.Tensor] = field(default_factory=list)  # [b, heads, n, 1] row sums over length
    context: list[torch.Tensor] = field(default_factory=list)  # [b, n, d] before W_O
    norm_inputs: list[torch.Tensor] = field(default_factory=list)  # [b, n, d] two a layer
    norm_outputs: list[torch.Tensor] = field(default_factory=list)  # [b, n, d]
    variances: list[torch.Tensor] = field(default_factory=list)  # [b, n, 1]
    activations: list[torch.Tensor] = field(default_factory=list)  # [b, n, f] inputs


class Converted(nn.Module):
    """Forms by layer beside the weights that they work with."""

    def __init__(self, net: PreTrainedModel, recipe: Recipe, constants: Tensors) -> None:
        super().__init__()
        if not isinstance(net, BertForSequenceClassification):
            raise TypeError(f"{type(net).__name__}: BertForSequenceClassification is converted")
        self.net, self.recipe = net, recipe
        layers = range(net.config.num_hidden_layers)
        self.attention = nn.ModuleList(
            make_attention(
                recipe.slots["attention"],
                below(constants, f"layers.{i}.attention"),
                net.config.num_attention_heads,
            )
            for i in layers
        )
        self.activation = nn.ModuleList(
            make_point(recipe.form("activation"), below(constants, f"layers.{i}.activation"))
            for i in layers
        )
        self.attention_norm = nn.ModuleList(
            self.make_norm("norm", self.layer(i).attention.output.LayerNorm, constants, name)
            for i, name in ((i, f"layers.{i}.attention_norm") for i in layers)
        )
        self.output_norm = nn.ModuleList(
            self.make_norm("norm", self.layer(i).output.LayerNorm, constants, name)
            for i, name in ((i, f"layers.{i}.output_norm") for i in layers)
        )
        self.embedding_norm = self.make_norm(
            "embedding_norm", net.bert.embeddings.LayerNorm, constants, "embeddings.norm"
        )
        self.pooler = make_point(recipe.form("pooler"), below(constants, "head.activation"))

    @property
    def config(self) -> object:
        return self.net.config

    @property
    def is_wide(self) -> bool:
        """Whether bf16 products, which tiles do fast, pay for the conversions around them."""
        return self.net.config.hidden_size >= WIDE

    def layer(self, i: int) -> nn.Module:
        return self.net.bert.encoder.layer[i]

    def make_norm(self, slot: str, of: nn.LayerNorm, constants: Tensors, name: str) -> Norm:
        return Norm(self.recipe.form(slot), of, below(constants, name))

    def embed(self, ids: torch.Tensor, types: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        e = self.net.bert.embeddings
        x = e.word_embeddings(ids) + e.token_type_embeddings(types)
        x = x + e.position_embeddings.weight[: ids.shape[1]]
        return self.embedding_norm(x, mask)

    def attend(self, i: int, x: torch.Tensor, keys: torch.Tensor, t: Trace) -> torch.Tensor:
        """The output of layer i's attention, projected, before the residual."""
        a = self.layer(i).attention
        b, n, d = x.shape
        heads = self.net.config.num_attention_heads

        def split(linear: nn.Linear) -> torch.Tensor:
            return linear(x).view(b, n, heads, d // heads).transpose(1, 2)

        s = split(a.self.query) @ split(a.self.key).transpose(2, 3) * (d // heads) ** -0.5
        length = keys.sum(dim=-1, keepdim=True)
        p, row_mean = self.attention[i](s, keys, length)
        context = (p @ split(a.self.value)).transpose(1, 2).reshape(b, n, d)
        t.scores.append(s)
        t.context.append(context)
        if row_mean is not None:
            t.sums.append(row_mean)
        return a.output.dense(context)

    def normalise(self, norm: Norm, x: torch.Tensor, mask: torch.Tensor, t: Trace) -> torch.Tensor:
        y = norm(x, mask)
        t.norm_inputs.append(x)
        t.norm_outputs.append(y)
        if norm.seen is not None:
            t.variances.append(norm.seen)
        return y

    def forward(
        self,
        input_ids: torch.Tensor,
        token_type_ids: torch.Tensor,
        attention_mask: torch.Tensor,
    ) -> Trace:
        tokens = attention_mask.float()
        mask, keys = tokens.unsqueeze(-1), tokens[:, None, None, :]
        t = Trace(torch.empty(0), tokens)
        x = self.embed(input_ids, token_type_ids, mask)
        t.hidden.append(x)
        for i in range(self.net.config.num_hidden_layers):
            layer = self.layer(i)
            y = self.attend(i, x, keys, t)
            x = self.normalise(self.attention_norm[i], x + y, mask, t)
            h = layer.intermediate.dense(x)
            t.activations.append(h)
            y = layer.output.dense(self.activation[i](h))
            x = self.normalise(self.output_norm[i], x + y, mask, t)
            t.hidden.append(x)
        pooled = self.pooler(self.net.bert.pooler.dense(x[:, 0]))
        t.logits = self.net.classifier(pooled).float()
        return t

    def operations(self) -> Iterator[tuple[str, nn.Module]]:
        """Every module with constants, by the name of its operation."""
        yield "embeddings.norm", self.embedding_norm
        for i in range(len(self.attention)):
            yield f"layers.{i}.attention", self.attention[i]
            yield f"layers.{i}.activation", self.activation[i]
            yield f"layers.{i}.attention_norm", self.attention_norm[i]
            yield f"layers.{i}.output_norm", self.output_norm[i]
        yield "head.activation", self.pooler

    def constants(self) -> dict[str, torch.Tensor]:
        """The recipe's tensors by the names that they have in a file, below "tacit."."""
        return {
            f"{operation}.{name}": tensor.detach().float().contiguous()
            for operation, module in self.operations()
            for name, tensor in module.constants().items()
        }

    def folded(self) -> dict[str, torch.Tensor]:
        """transformers' state, γ and β as a file has them."""
        state = {name: tensor.detach() for name, tensor in self.net.state_dict().items()}
        names = {id(p): name for name, p in self.net.named_parameters()}
        for _, module in self.operations():
            if isinstance(module, Norm):
                gamma, beta = module.folded()
                state[names[id(module.weight)]] = gamma.detach()
                state[names[id(module.bias)]] = beta.detach()
        return state

    def scale_heads(self, i: int, factor: torch.Tensor) -> None:
        """Multiply what each head of layer i brings to the projection behind it, by the columns of
        W_O that belong to the head."""
        weight = self.layer(i).attention.output.dense.weight
        with torch.no_grad():
            weight *= factor.repeat_interleave(weight.shape[1] // len(factor))

    def fold_divisors(self) -> None:
        """Without division: κ and b go into W_O, and n^α alone is left to divide by."""
        for i, form in enumerate(self.attention):
            if isinstance(form, FreeDiv):
                self.scale_heads(i, form.log_factor().exp())
                form.without_factor()

    def changed(self, changes: dict[str, Slot], name: str, constants: Tensors) -> Converted:
        """The same weights under other forms, of which `constants` are new; statistics that a
        BatchNorm kept are kept."""
        recipe = self.recipe.replaced(changes, name)
        kept = {k: v for k, v in self.constants().items() if owner(k) not in changes}
        new = Converted(self.net, recipe, {**kept, **constants})
        if "norm" in changes:
            return new
        new.attention_norm, new.output_norm = self.attention_norm, self.output_norm
        return new

    def use_batch_statistics(self) -> None:
        """Let norms of the form `batchnorm` learn statistics instead of having them folded."""
        for norms, of in (
            (self.attention_norm, lambda i: self.layer(i).attention.output.LayerNorm),
            (self.output_norm, lambda i: self.layer(i).output.LayerNorm),
        ):
            for i in range(len(norms)):
                norms[i] = BatchNorm(of(i))


def below(constants: Tensors, operation: str) -> dict[str, torch.Tensor]:
    """The constants of one operation, by their own names."""
    head = f"{operation}."
    return {k.removeprefix(head): v for k, v in constants.items() if k.startswith(head)}


def owner(constant: str) -> str:
    """The slot whose form asks for a constant."""
    operation = constant.rsplit(".", 1)[0]
    if operation in ("embeddings.norm", "head.activation"):
        return {"embeddings.norm": "embedding_norm", "head.activation": "pooler"}[operation]
    return operation.rsplit(".", 1)[1].removeprefix("attention_").removeprefix("output_")


def load_converted(directory: Path) -> Converted:
    """Any BERT sequence classifier in fp32, under the recipe that its config.json names."""
    level = logging.get_verbosity()
    logging.set_verbosity_error()  # the recipe's tensors are none that transformers knows
    try:
        net = BertForSequenceClassification.from_pretrained(directory, dtype=torch.float32)
    finally:
        logging.set_verbosity(level)
    constants = {}
    for file in sorted(directory.glob("*.safetensors")):
        with safe_open(file, "pt") as shard:
            for name in shard.keys():  # noqa: SIM118 – no mapping
                if name.startswith(PREFIX):
                    constants[name.removeprefix(PREFIX)] = shard.get_tensor(name)
    return Converted(net.eval(), Recipe.read(directory), constants).eval()
