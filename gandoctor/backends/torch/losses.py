"""What was differentiated for an update, and what the discriminator had been given and had said before.

PyTorch knows no loss before it is differentiated: `backward` may be called several times for one update, and what it is
called on tells neither whose loss it is nor what it was made of.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, Protocol

import numpy as np
import torch

from gandoctor.backends.torch.pulls import Pull, joined, stale_share
from gandoctor.backends.torch.weights import Weights
from gandoctor.player_names import PLAYERS, Player
from gandoctor.recording.in_step import Said, StepTrace

OUTPUTS = 4
"""The latest discriminator outputs of a loss: real, fake, interpolated, one to spare."""
NUMBERS_MAX = 65_536
"""Numbers of one output that are copied; larger ones are not compared with formulas."""
NODES_MAX = 50_000
"""Nodes of a loss's graph that are searched for the generator's parameters."""
_LEAF: Any = type(torch.ones(1, requires_grad=True).view(1).grad_fn.next_functions[0][0])
"""The node in which a graph ends at a parameter."""


@dataclass
class _Output:
    output: torch.Tensor
    logit: torch.Tensor


@dataclass
class _Loss:
    """Something that was differentiated, and what the discriminator had been given and had said before."""

    value: torch.Tensor
    reaches_g: bool
    outputs: list[_Output] = field(default_factory=list)
    fed: list[tuple[Any, Any]] = field(default_factory=list)
    pulls: list[Pull] = field(default_factory=list)


class Follower(Protocol):
    """Is told of all that is differentiated."""

    def returned_before(self, returned: list[tuple[Any, np.ndarray]]) -> None:
        """Networks have returned these rows, channels last, in steps that were not followed."""

    def penalised(self, points: set[int]) -> None:
        """Something was differentiated with respect to these inputs, by id."""

    def differentiated(self, tensors: Any, inputs: Any) -> None:
        """Something was differentiated; with respect to some inputs only, unless they are None."""


class Losses:
    """Collects losses until the update that they are for.

    Args:
        weights: Tells whose a parameter is.
        logit_of: Returns the logits of an output that a sigmoid made; None where none did.

    Attributes:
        latest: Player -> what was last differentiated for its update.
        said: Player -> what the discriminator had said before.
        wants_outputs: Whether `latest` and `said` are kept.
        followers: Are told of all that is differentiated.
    """

    def __init__(self, weights: Weights, logit_of: Callable[[torch.Tensor], torch.Tensor | None]) -> None:
        self._weights, self._logit_of = weights, logit_of
        self._losses: list[_Loss] = []
        self._of_d: list[_Loss] = []
        self._outputs: list[_Output] = []
        self._fed: list[tuple[Any, Any, int]] = []
        self._raw: dict[int, tuple[Any, Any]] = {}
        self._penalised: set[int] = set()
        self.latest: dict[Player, float] = dict.fromkeys(PLAYERS, 0.0)
        self.said: dict[Player, list[Said]] = {}
        self.wants_outputs = False
        self.followers: list[Follower] = []

    def scored(self, inputs: list[torch.Tensor], output: torch.Tensor) -> None:
        """The discriminator has returned an output that may be differentiated."""
        if self.wants_outputs and output.numel() <= NUMBERS_MAX:
            logit, kept = self._logit_of(output), output.detach().clone()
            self._outputs.append(_Output(kept, kept if logit is None else logit))
            del self._outputs[: -2 * OUTPUTS]
        images = next((t for t in inputs if t.is_floating_point() and t.dim() >= 3), None)
        if images is not None:
            low, high = torch.aminmax(images.detach())
            self._fed.append((low, high, id(images)))
            del self._fed[: -4 * OUTPUTS]

    def returned_before(self, returned: list[tuple[Any, np.ndarray]]) -> None:
        """Networks have returned these rows, channels last, in steps before."""
        for follower in self.followers:
            follower.returned_before(returned)

    def scaled(self, outputs: Any, scaled: Any) -> None:
        """A loss was multiplied by the loss scale of mixed precision."""
        if isinstance(outputs, torch.Tensor) and isinstance(scaled, torch.Tensor):
            self._raw = {id(scaled): (scaled, outputs)}  # kept, so that its id stays its own

    def penalised(self, points: set[int]) -> None:
        """Something was differentiated with respect to these inputs of the discriminator, by id."""
        for follower in self.followers:
            follower.penalised(points)
        self._penalised |= points
        # A penalty's points may lie beyond the data and the samples: between them is a habit, not a law.
        self._fed = [fed for fed in self._fed if fed[2] not in points]

    def before_backward(self) -> None:
        """Something is about to be differentiated: forget losses whose gradients were cleared, with no update made.

        A program may skip an update, as that of a discriminator that is too good.
        """
        if self._losses:
            d, g = (all(p.grad is None for _, p in self._weights.named(player)) for player in ("d", "g"))
            self._losses = [one for one in self._losses if not (d and (g or not one.reaches_g))]

    def differentiated(
        self, tensors: Any, gradients: Any = None, inputs: Any = None, pulls: Sequence[Pull] = ()
    ) -> Player | None:
        """Something was differentiated with respect to some inputs; to whatever it depends on where none are given.

        Args:
            tensors: One or several.
            gradients: What each was multiplied by, as in `loss.backward(-one)`; None for 1.
            inputs: See above.
            pulls: What it wanted of the discriminator's scores.

        Returns:
            Whose loss it was, the last one's of several; None where it was none.
        """
        for follower in self.followers:
            follower.differentiated(tensors, inputs)
        owner = None
        several = [tensors] if isinstance(tensors, torch.Tensor) else list(tensors)
        factors = [gradients] if gradients is None or isinstance(gradients, torch.Tensor) else list(gradients)
        for tensor, factor in zip_longest(several, factors):
            if tensor is not None:
                found = self._differentiated(tensor, factor, inputs)
                if found is not None and pulls:
                    self._losses[-1].pulls, pulls = [p for p in pulls if p.image not in self._penalised], ()
                owner = found or owner
        return owner

    def _differentiated(self, tensor: torch.Tensor, factor: torch.Tensor | None, inputs: Any) -> Player | None:
        if tensor.numel() != 1:
            return None  # backward(gradient=...): none of its numbers is the loss
        reached = self._reached(tensor)
        if inputs is not None:
            given = {id(p) for p in ([inputs] if isinstance(inputs, torch.Tensor) else inputs)}
            reached = {player for player in PLAYERS if any(id(p) in given for _, p in self._weights.named(player))}
        if not reached:
            return None
        raw = self._raw.pop(id(tensor), (None, tensor))[1]
        fed = [(low, high) for low, high, _ in self._fed]
        value = raw.detach().reshape(())
        if factor is not None:
            value = value * factor.detach().reshape(())
        self._losses.append(_Loss(value, "g" in reached, list(self._outputs), fed))
        return "g" if "g" in reached else "d"

    def _reached(self, tensor: torch.Tensor) -> set[Player]:
        """Return the players whose parameters a loss depends on; of both, the generator is enough to know."""
        owners = self._weights.owners()
        found: set[Player] = set()
        seen: set[Any] = {None}
        waiting = [tensor.grad_fn]
        while waiting and len(seen) < NODES_MAX and "g" not in found:
            node = waiting.pop()
            if node in seen:
                continue
            seen.add(node)
            if type(node) is not _LEAF:
                waiting += [following for following, _ in node.next_functions]
            elif (owner := owners.get(id(node.variable))) is not None:
                found.add(owner)
        return found

    def settle(self, phase: Player) -> StepTrace | None:
        """Return what was differentiated for an update: of several losses those that can be this player's, summed."""
        own = [one for one in self._losses if one.reaches_g == (phase == "g")]
        chosen = own or self._losses
        self._losses = [one for one in self._losses if not any(one is taken for taken in chosen)]
        self._of_d = chosen if phase == "d" and self._losses else []
        self._penalised.clear()
        if not self._losses:
            self._outputs.clear()
            self._fed.clear()
        return self._traced(phase, chosen) if chosen else None

    def settle_late(self) -> StepTrace | None:
        """Return what was differentiated for the discriminator's latest update where it turns out to be more.

        A loss of its own on images that were not detached reaches the generator, as the generator's does. It was the
        generator's if the generator's update comes next, and the discriminator's if anything else does.
        """
        chosen, self._of_d = self._of_d, []
        if not chosen or not self._losses:
            return None
        chosen, self._losses = [*chosen, *self._losses], []
        # What the discriminator was given since then goes with the next loss.
        old = {id(value) for one in chosen for value in (*one.outputs, *(low for low, _ in one.fed))}
        self._outputs = [one for one in self._outputs if id(one) not in old]
        self._fed = [one for one in self._fed if id(one[0]) not in old]
        return self._traced("d", chosen)

    def _traced(self, phase: Player, chosen: Sequence[_Loss]) -> StepTrace:
        total = torch.stack([one.value.float() for one in chosen]).sum()  # copied: a loss may be added to in place
        outputs = {id(o): o for one in chosen for o in one.outputs}
        if self.wants_outputs:
            self.latest[phase] = float(total)
            self.said[phase] = [said for o in list(outputs.values())[-OUTPUTS:] if (said := _said(o)) is not None]
        fed = [pair for one in chosen for pair in one.fed]
        extremes = {}
        if fed:
            lows, highs = zip(*fed, strict=True)
            extremes = {phase: (_one(lows, torch.min).float(), _one(highs, torch.max).float())}
        heard = [pull for one in chosen for pull in one.pulls]
        return StepTrace(
            targets={phase: total},
            d_fed=extremes,
            pulls={phase: joined(heard, phase)},
            stale=stale_share(heard) if phase == "d" else None,
            complete=False,
        )

    def updated(self, phase: Player) -> None:
        """Forget what a closure has differentiated since, as L-BFGS's does several times: no part of the next step."""
        self._losses = [one for one in self._losses if one.reaches_g != (phase == "g")]

    def end_step(self) -> None:
        """Forget losses that no update followed, as where loss scaling skips one: they are no part of the next step."""
        self._losses.clear()
        self._of_d = []
        self._outputs.clear()
        self._fed.clear()
        self._penalised.clear()


def _one(scalars: Sequence[torch.Tensor], reduce: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
    return scalars[0] if len(scalars) == 1 else reduce(torch.stack(list(scalars)))


def _said(one: _Output) -> Said | None:
    output = one.output.float().cpu().numpy().ravel()
    if not output.size or not np.isfinite(output).all():
        return None
    same = one.logit is one.output or one.logit.data_ptr() == one.output.data_ptr()
    logit = output if same else one.logit.float().cpu().numpy().ravel()
    places = math.prod(one.output.shape[1:]) if one.output.dim() > 1 else 1
    return Said(output, logit, places)
