"""R1: a gradient penalty on the real images of the discriminator's own steps, for a PyTorch program without one.

The program's loss stays as it is. Right before the discriminator's optimizer moves its weights, the gradient of

    gamma / 2 * the mean over the real images x of |grad_x D(x)|^2

is added to the gradients it is given (Mescheder et al., Which Training Methods for GANs do actually Converge?, ICML
2018, equation 9). D(x) is the logit where the discriminator ends in a sigmoid, and of a patch discriminator the sum of
the patches.
"""

from __future__ import annotations

from typing import Any

import torch

from gandoctor.backends.torch.passes import Arguments
from gandoctor.backends.torch.penalty_pass import CannotPenalise, PenaltyPass
from gandoctor.backends.torch.real_images import Judged, RealImages
from gandoctor.backends.torch.step_hooks import STEPS
from gandoctor.backends.torch.taps import Taps
from gandoctor.backends.torch.weights import Weights
from gandoctor.errors import ChangeRefused
from gandoctor.player_names import NAMES, R1_PENALTY, Player
from gandoctor.recording.players import Players

_INSTEAD = "write the penalty into the script's own loss instead"


class R1:
    """Adds the gradient of the penalty to what the discriminator's optimizer is given.

    Args:
        players: The GAN.
        weights: Tells whose a parameter is.
        gamma: Weight of the penalty, 0 or more.

    Raises:
        ChangeRefused: Several processes train the discriminator together.
    """

    def __init__(self, players: Players, weights: Weights, gamma: float) -> None:
        self._weights = weights
        self._images = RealImages(players, weights, _refused)
        self._is_whole = True
        self._pass = PenaltyPass(players.discriminator, gamma)

    def attach(self, taps: Taps) -> None:
        """Follow calls and losses, and come before the taps where weights are moved."""
        self._images.attach(taps)
        STEPS.add(self)

    def detach(self) -> None:
        """Add nothing from now on."""
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
            ChangeRefused: The penalty cannot be had.
        """
        if self._images.phase(optimizer) != "d":
            return
        self._images.begin_update()
        is_whole, self._is_whole = self._is_whole, True
        if is_whole:
            self._add(optimizer, self._images.own_calls())

    def after_step(self, optimizer: Any) -> None:
        """See `StepListener`.

        Raises:
            ChangeRefused: The optimizer has evaluated the loss again, without the penalty.
        """
        if self._images.end_update(self._images.phase(optimizer)):
            raise _refused(f"{type(optimizer).__name__} evaluates its loss several times an update")

    def _add(self, optimizer: Any, calls: list[Judged]) -> None:
        place, real = self._images.place(), self._told_apart(calls)
        if not real:
            return
        count = sum(map(len, (rows for _, rows in real)))
        held = {id(p) for group in optimizer.param_groups for p in group["params"]}
        scale = getattr(optimizer, "grad_scale", None)  # of mixed precision, where the optimizer itself takes it off
        parameters = [(name, p) for name, p in self._weights.named("d") if p.requires_grad]
        for call, rows in real:
            try:
                gradients = self._pass.gradients(parameters, call.arguments, place, rows, count)
            except CannotPenalise as error:
                raise _refused(str(error)) from error.__cause__
            for name, parameter in parameters:
                gradient = gradients.get(name)
                if gradient is not None and id(parameter) in held:
                    _add_to(parameter, gradient if scale is None else gradient * float(scale))

    def _told_apart(self, calls: list[Judged]) -> list[tuple[Judged, list[int]]]:
        """Return the calls that were given real images, with the rows of those.

        Raises:
            ChangeRefused: They cannot be told from generated ones.
        """
        others = [call for call in calls if not call.is_all_made]
        found = [call for call in others if not call.is_penalised]
        if not found and others and len(others) < len(calls):
            raise _refused("the program takes a gradient penalty of its own at its real images")
        return self._images.real_rows(found)


def _refused(why: str) -> ChangeRefused:
    return ChangeRefused(f"{R1_PENALTY} of the {NAMES['d']} cannot be set: {why}; {_INSTEAD}.")


def _add_to(parameter: torch.nn.Parameter, gradient: torch.Tensor) -> None:
    """Add to a parameter's gradient where it stands: others may hold that tensor, too."""
    with torch.no_grad():
        if parameter.grad is None:
            parameter.grad = gradient.to(parameter.dtype)
        else:
            parameter.grad.add_(gradient.to(parameter.grad.dtype))
