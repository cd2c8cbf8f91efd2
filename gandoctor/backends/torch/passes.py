"""Passes of the two networks that leave no trace: no buffer, mode, hook or gradient of the user's changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_leaves, tree_unflatten

from gandoctor.backends.random_generators import held_by, put_back
from gandoctor.backends.torch.layout import Layout
from gandoctor.backends.torch.own_state import own_state_kept
from gandoctor.backends.torch.random_state import ALL_KINDS
from gandoctor.backends.torch.seen_sigmoids import Sigmoids, logit_of
from gandoctor.backends.torch.stand_ins import standing_in
from gandoctor.backends.torch.weights import Weights
from gandoctor.player_names import Player
from gandoctor.recording.in_step import Pass
from gandoctor.recording.objective.game import PROBABILITY_LEAST, Game, Ops
from gandoctor.recording.players import Players

_OPS = Ops(
    mean=torch.mean,
    softplus=torch.nn.functional.softplus,
    relu=torch.relu,
    logit=lambda p: torch.logit(p, eps=PROBABILITY_LEAST),
)
_NORMALISING = (torch.nn.modules.batchnorm._BatchNorm,)
_RELU = (torch.ops.aten.relu.default, torch.ops.aten.relu_.default)
_SIGMOID = (torch.ops.aten.sigmoid.default, torch.ops.aten.sigmoid_.default)


class _Activations(TorchDispatchMode):
    """Sees every ReLU and sigmoid of a pass, of modules and functions alike.

    Attributes:
        alive: Of each ReLU, which units were not 0 for every image.
        logit: What the last sigmoid was given, and what it returned.
    """

    def __init__(self) -> None:
        super().__init__()
        self.alive: list[np.ndarray] = []
        self.logit: tuple[torch.Tensor, torch.Tensor] | None = None

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = args[0].clone() if function in _SIGMOID else None
        output = function(*args, **(kwargs or {}))
        if function in _RELU and output.dim() > 1:
            self.alive.append((output.detach() != 0).any(dim=0).reshape(-1).cpu().numpy())
        elif given is not None:
            self.logit = given, output
        return output


class Arguments:
    """The arguments of a call: tensors that may be exchanged for others, and everything else, such as flags.

    Attributes:
        tensors: The tensors among them, in order.
    """

    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if not kwargs and all(isinstance(one, torch.Tensor) for one in args):  # as nearly always, and much cheaper
            self._spec, self._leaves, self._places = None, [None] * len(args), list(range(len(args)))
            self.tensors: list[torch.Tensor] = list(args)
            return
        leaves, self._spec = tree_flatten((args, kwargs))
        self._leaves = [None if isinstance(leaf, torch.Tensor) else leaf for leaf in leaves]
        self._places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, torch.Tensor)]
        self.tensors = [leaves[i] for i in self._places]

    def forget(self) -> None:
        """Keep the places of the tensors only."""
        self.tensors = []

    def filled(self, tensors: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments with other tensors; these alone where there is no place for them."""
        if self._spec is None or len(tensors) != len(self._places):
            return tuple(tensors), {}
        leaves = list(self._leaves)
        for place, tensor in zip(self._places, tensors, strict=True):
            leaves[place] = tensor
        args, kwargs = tree_unflatten(leaves, self._spec)
        return args, kwargs


class Passes:
    """Runs the players with given weights.

    Args:
        players: Generator, discriminator.
        weights: Takes copies of theirs.
        layout: Of what is returned to the host.

    Attributes:
        arguments: Player -> the arguments it was last called with in training, which are followed here.
    """

    def __init__(self, players: Players, weights: Weights, layout: Layout) -> None:
        self._players, self._weights, self._layout = players, weights, layout
        self.arguments: dict[Player, Arguments] = {}

    def forward(self, player: Player, batches: Sequence[Any], training: bool, vector: torch.Tensor) -> Pass:
        """Run a player; see `recording.backend.Backend`."""
        inputs = batches[0] if len(batches) == 1 else _joined(batches)
        with torch.no_grad(), _Activations() as seen:
            output = self._call(player, vector, inputs, training)
        alive = np.zeros(0, bool) if training or not seen.alive else np.concatenate(seen.alive)
        if player == "g":
            return Pass(output.float(), alive=alive)
        logit = output
        if seen.logit is not None and _is_last(seen.logit[1], output):
            logit = seen.logit[0].reshape(output.shape)
        n = len(output)
        # A patch discriminator scores every patch: an image's score is their mean.
        scores, logits = (t.float().reshape(n, -1).mean(dim=1) for t in (output, logit))
        return Pass(scores, logits, alive)

    def input_gradient(self, images: Any) -> np.ndarray:
        """Return the gradient of the discriminator's summed logit with respect to its input; see `Backend`."""
        parts = list(images) if isinstance(images, list | tuple) else [images]
        first = parts[0].detach().clone().requires_grad_(True)
        with torch.enable_grad(), _Activations() as seen:
            output = self._call("d", self._weights.vector("d"), [first, *parts[1:]], training=False)
            of_logit = seen.logit is not None and _is_last(seen.logit[1], output)
        total = output.sum()
        (gradient,) = torch.autograd.grad(total, first)
        if of_logit:
            assert seen.logit is not None
            slope = (output * (1 - output)).detach()
            gradient = gradient / slope.reshape(len(first), -1).mean(1).reshape(-1, *[1] * (first.dim() - 1))
        return self._layout.last(gradient.detach().float().cpu().numpy())

    def game_gradient(
        self, game: Game, player: Player, weights: Mapping[Player, torch.Tensor], latents: Any, reals: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Differentiate a game played on copies; see `recording.backend.Backend`."""
        own = weights[player].detach().clone().requires_grad_(True)
        vectors = {**weights, player: own}
        with torch.enable_grad():
            fakes = self._call("g", vectors["g"], latents, training=False)
            if player == "d":
                fakes = fakes.detach()
            real, fake = (self._scores(game, vectors["d"], images) for images in (reals, fakes))
            value = game.value(_OPS, real, fake)
            (gradient,) = torch.autograd.grad(game.g_loss(_OPS, fake) if player == "g" else -value, own)
        return value.detach(), gradient

    def _scores(self, game: Game, vector: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
        """Return what a game reads of the discriminator's output, with its graph."""
        with Sigmoids() as seen:
            output = self._call("d", vector, images, training=False)
        return (logit_of(output, seen) if game.reads_logit else output).float()

    def _call(self, player: Player, vector: torch.Tensor, inputs: Any, training: bool) -> torch.Tensor:
        network = self._players.network(player)
        # Copied: a network may write to its weights, which are parts of the vector.
        values = {name: value.clone() for name, value in self._weights.by_name(player, vector).items()}
        values |= {name: buffer.detach().clone() for name, buffer in network.named_buffers()}
        parts = inputs if isinstance(inputs, list | tuple) else (inputs,)
        given = tuple(part.clone() if isinstance(part, torch.Tensor) else part for part in parts)  # as above
        known = self.arguments.get(player)
        args, kwargs = (given, {}) if known is None else known.filled(given)
        with left_alone(network, training), standing_in(network, values):
            output = network(*args, **kwargs)
        return main_of(player, output)


def first_of(output: Any) -> Any:
    """Return the first tensor of what a network has returned."""
    if isinstance(output, torch.Tensor):
        return output
    return next((t for t in tree_leaves(output) if isinstance(t, torch.Tensor)), output)


def main_of(player: Player, output: Any) -> Any:
    """Return the tensor that counts of what a player has returned: the discriminator's score, else the first one.

    A score is one number for each place that is judged. Features may be returned before it.
    """
    if isinstance(output, torch.Tensor) or player == "g":
        return first_of(output)
    return next((t for t in tree_leaves(output) if isinstance(t, torch.Tensor) and _is_score(t)), first_of(output))


def _is_score(tensor: torch.Tensor) -> bool:
    return tensor.dim() == 1 or (tensor.dim() > 1 and int(tensor.shape[1]) == 1)


@contextmanager
def left_alone(network: torch.nn.Module, training: bool | None) -> Iterator[None]:
    """Put modes, attributes and random generators back on leaving; keep the user's forward hooks from seeing the pass.

    The pass is made in training mode, in inference mode, or, where `training` is None, in the modes as they are.

    Hooks before a module stay: `spectral_norm` and `weight_norm` of the older kind make its weights there.
    """
    modules = list(network.modules())
    modes = [module.training for module in modules]
    hooks = [module._forward_hooks for module in modules]
    compiled = [module for module in modules if module._compiled_call_impl is not None]
    implementations = [module._compiled_call_impl for module in compiled]
    try:
        for module in modules:
            module.training = module.training if training is None else training
            module._forward_hooks = type(module._forward_hooks)()
        for module in compiled:
            module._compiled_call_impl = None  # other shapes would compile it anew, for the user's calls as well
        with put_back(held_by(modules, ALL_KINDS)), own_state_kept(network):
            yield
    finally:
        for module, mode, own in zip(modules, modes, hooks, strict=True):
            module.training, module._forward_hooks = mode, own
        for module, implementation in zip(compiled, implementations, strict=True):
            module._compiled_call_impl = implementation


def _joined(batches: Sequence[Any]) -> Any:
    if isinstance(batches[0], list | tuple):
        return [torch.cat(parts) for parts in zip(*batches, strict=True)]
    return torch.cat(list(batches))


def _is_last(made: torch.Tensor, output: torch.Tensor) -> bool:
    """Tell whether an output is what a sigmoid made, reshaped or not."""
    return made.numel() == output.numel() and bool(torch.equal(made.detach().reshape(-1), output.detach().reshape(-1)))


def normalises_batches(network: torch.nn.Module) -> bool:
    """Tell whether, in training mode, a network's output for one image depends on the rest of the batch."""
    return any(isinstance(m, _NORMALISING) for m in network.modules())


def judges_one_by_one(network: torch.nn.Module) -> bool:
    """Tell whether all modules of a network are PyTorch's own, which judge images one by one in inference mode."""
    return all(type(m).__module__.startswith("torch.") for m in network.modules() if not list(m.children()))
