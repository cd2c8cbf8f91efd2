"""RealLabel: one-sided label smoothing, for a PyTorch program whose labels are 1 and 0.

The discriminator's loss on real images is taken with another label than 1, such as 0.9 (Salimans et al., Improved
Techniques for Training GANs, NeurIPS 2016). Labels of generated images, and the generator's own loss, stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from gandoctor.backends.torch.graph import nodes_of
from gandoctor.backends.torch.passes import Arguments
from gandoctor.backends.torch.real_images import Differentiated, Judged, RealImages
from gandoctor.backends.torch.score_rows import CannotFollow, which_are_real
from gandoctor.backends.torch.step_hooks import STEPS
from gandoctor.backends.torch.taps import Taps
from gandoctor.backends.torch.weights import Weights
from gandoctor.backends.torch.wrapped import Wrapped
from gandoctor.player_names import Player
from gandoctor.recording.players import Players
from gandoctor.recording.smoothed_label import check_label, label_refused, other_label

LOSSES = ("binary_cross_entropy", "binary_cross_entropy_with_logits", "mse_loss")
"""Functions of `torch.nn.functional` that are given labels; their modules call them."""


@dataclass(eq=False)
class _Labelled:
    """A loss of real images that was given labels.

    Attributes:
        node: What made the loss, in the graph.
        calls: Of the discriminator; those that were given real images.
        largest: Of the labels of real images, as the program has them, (); None where it is not known.
        why: Why the labels stay as they are; None where they do not.
    """

    node: Any
    calls: list[Judged]
    largest: torch.Tensor | None
    why: str | None


class RealLabel:
    """Exchanges the labels of real images on their way into a loss, exactly those that are 1.

    At the discriminator's update it is checked that they were those of its own loss, and that no real image had others.

    Args:
        players: The GAN.
        weights: Tells whose a parameter is.
        label: Above 0.5, at most 1.

    Raises:
        GandoctorError: The label is out of range.
        ChangeRefused: Several processes train the discriminator together.
    """

    def __init__(self, players: Players, weights: Weights, label: float) -> None:
        check_label(label)
        self._label = label
        self._images = RealImages(players, weights, label_refused)
        self._labelled: list[_Labelled] = []
        self._wrapped = Wrapped()
        self._is_whole = True

    def attach(self, taps: Taps) -> None:
        """Follow calls and losses, and exchange labels from now on."""
        self._images.attach(taps)
        STEPS.add(self)
        for name in LOSSES:
            self._wrapped.wrap(torch.nn.functional, name, self._called_with_labels)

    def detach(self) -> None:
        """Leave the labels alone from now on."""
        self._wrapped.restore()
        STEPS.remove(self)
        self._images.detach()

    def begin_late(self) -> None:
        """Leave the discriminator's next update alone: it may be half over, and not all of it was seen."""
        self._is_whole = False

    def called(self, player: Player, given: Arguments, output: torch.Tensor) -> None:
        """A player was called by the program."""
        self._images.called(player, given, output)

    def before_step(self, optimizer: Any) -> None:
        """See `StepListener`.

        Raises:
            ChangeRefused: The labels of real images are not known, or not those of the discriminator's loss alone.
        """
        phase = self._images.phase(optimizer)
        if phase == "g":
            self._check_generator()
        elif phase == "d":
            self._images.begin_update()
            is_whole, self._is_whole = self._is_whole, True
            if is_whole:
                self._check()

    def after_step(self, optimizer: Any) -> None:
        """See `StepListener`."""
        phase = self._images.phase(optimizer)
        self._images.end_update(phase)
        if phase == "d":
            self._labelled.clear()

    # ------------------------------------------------------------------------------------------------------------

    def _called_with_labels(
        self, original: Callable[..., Any], input: Any, target: Any, *args: Any, **kwargs: Any
    ) -> Any:
        if torch.compiler.is_compiling() or not self._is_whole or not _is_differentiable(input, target):
            return original(input, target, *args, **kwargs)
        nodes = {call.node: call for call in self._images.calls}
        reached = [nodes[node] for node in nodes_of(input.grad_fn, nodes) if node in nodes]
        real = [call for call in reached if not call.is_all_made]
        if not real:
            return original(input, target, *args, **kwargs)
        largest, why = None, None
        try:
            is_real = self._which_are_real(input, target, reached)
            if not bool(is_real.any()):  # the generated images' share of one batch
                return original(input, target, *args, **kwargs)
            largest = target.detach().expand_as(input)[is_real].max()
            target = torch.where(is_real & (target == 1), self._label, target)
        except CannotFollow as error:
            why = str(error)
        result = original(input, target, *args, **kwargs)
        self._labelled.append(_Labelled(result.grad_fn, real, largest, why))
        return result

    def _which_are_real(self, scores: torch.Tensor, labels: torch.Tensor, calls: list[Judged]) -> torch.Tensor:
        if labels.shape != scores.shape and labels.numel() != 1:
            raise CannotFollow(
                f"its labels are of shape {tuple(labels.shape)} beside scores of shape {tuple(scores.shape)}"
            )
        masks = {}
        for call in calls:
            made = call.made if call.made is not None else [False] * (call.shape[0] if call.shape else 1)
            if not call.shape or len(made) != call.shape[0]:
                raise CannotFollow(f"it returns {tuple(call.shape)}, in which no image has a row of its own")
            is_real = torch.tensor([not one for one in made], device=scores.device)
            masks[call.node] = is_real.reshape(-1, *[1] * (len(call.shape) - 1)).expand(call.shape)
        return which_are_real(scores, masks)

    def _of(self, losses: list[Differentiated]) -> list[_Labelled]:
        return [one for one in self._labelled if any(one.node in loss.nodes for loss in losses)]

    def _check(self) -> None:
        """Refuse an update of the discriminator that is not smoothed as it should be."""
        calls, labelled = self._images.own_calls(), self._of(self._images.own_losses())
        known = {id(call) for one in labelled for call in one.calls}
        found = [call for call in calls if not call.is_all_made and (id(call) in known or not call.is_penalised)]
        if not all(id(call) in known for call in found):
            raise label_refused(
                f"its loss on real images is given no labels that are seen: it is none of {', '.join(LOSSES)} of "
                "torch.nn.functional"
            )
        self._images.real_rows(found)
        for one in labelled:
            if one.why is not None:
                raise label_refused(one.why)
            if one.largest is not None and float(one.largest) != 1:
                raise other_label(float(one.largest))

    def _check_generator(self) -> None:
        """Refuse that smoothed labels are part of the only loss that the generator is moved by."""
        own = [loss for loss in self._images.losses if loss.reaches_g]
        if own and all(any(one.why is None and one.largest == 1 for one in self._of([loss])) for loss in own):
            raise label_refused("the labels of real images are part of the loss that moves the generator, too")


def _is_differentiable(scores: Any, labels: Any) -> bool:
    return isinstance(scores, torch.Tensor) and isinstance(labels, torch.Tensor) and scores.grad_fn is not None
