"""R1: a gradient penalty on the real images of the discriminator's own steps, for a PyTorch program without one.

The program's loss stays as it is. Right before the discriminator's optimizer moves its weights, the gradient of

    gamma / 2 * the mean over the real images x of |grad_x D(x)|^2

is added to the gradients it is given (Mescheder et al., Which Training Methods for GANs do actually Converge?, ICML
2018, equation 9). D(x) is the logit where the discriminator ends in a sigmoid, and of a patch discriminator the sum of
the patches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from gandoctor.backends.discovery.made_rows import MadeRows, Place
from gandoctor.backends.torch.digests import digests, has_rows
from gandoctor.backends.torch.graph import nodes_of
from gandoctor.backends.torch.passes import Arguments
from gandoctor.backends.torch.penalty_pass import CannotPenalise, PenaltyPass
from gandoctor.backends.torch.players import inner, members_of
from gandoctor.backends.torch.step_hooks import STEPS
from gandoctor.backends.torch.taps import Taps
from gandoctor.backends.torch.weights import Weights
from gandoctor.errors import ChangeRefused
from gandoctor.player_names import NAMES, PLAYERS, R1_PENALTY, Player
from gandoctor.recording.players import Players

UPDATES_UNTIL_TOLD = 8
"""Updates of the discriminator without a real image after which the penalty is taken not to be at work."""
CALLS_KEPT = 512
"""Calls of the discriminator that one update may follow."""
_INSTEAD = "write the penalty into the script's own loss instead"


@dataclass(eq=False)
class _Call:
    """A call of the discriminator that may be differentiated.

    Attributes:
        arguments: What it was given; copied, as a program may write to its batches.
        given: The tensors themselves, which a penalty of the program's own is taken at.
        node: What made its output, in the graph.
        made: Which rows the generator has made; None where none is known to be.
        place: Where the image is; None where `made` is.
        reaches_g: Whether its graph goes on into the generator.
        is_penalised: Whether the program takes a penalty of its own at what was given.
    """

    arguments: Arguments
    given: list[torch.Tensor]
    node: Any
    made: list[bool] | None
    place: Place | None
    reaches_g: bool
    is_penalised: bool = False

    @property
    def is_all_made(self) -> bool:
        return self.made is not None and all(self.made)


class R1:
    """Adds the gradient of the penalty to what the discriminator's optimizer is given.

    Which images are real is told by what the generator has returned: its rows are known again by their bits, and a
    batch that is differentiated back into the generator is its own. What is left is real, if it can be.

    Args:
        players: The GAN.
        weights: Tells whose a parameter is.
        gamma: Weight of the penalty, 0 or more.

    Raises:
        ChangeRefused: Several processes train the discriminator together.
    """

    def __init__(self, players: Players, weights: Weights, gamma: float) -> None:
        self._players, self._weights = players, weights
        self._made = MadeRows(digests, has_rows, channels_first=True)
        self._calls: list[_Call] = []
        self._losses: list[list[_Call]] = []
        self._place: Place | None = None
        self._fakes = self._added = self._without = 0
        self._is_whole = True
        self._is_moving = self._was_again = False
        self._taps: Taps | None = None
        self._pass = PenaltyPass(players.discriminator, gamma)
        distributed = torch.distributed
        if distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1:
            raise self._refused("several processes train it together, and one would go its own way")

    def attach(self, taps: Taps) -> None:
        """Follow calls and losses, and come before the taps where weights are moved."""
        self._taps = taps
        taps.losses.follower = self
        STEPS.add(self)

    def detach(self) -> None:
        """Add nothing from now on."""
        STEPS.remove(self)
        if self._taps is not None:
            self._taps.losses.follower = None

    def begin_late(self) -> None:
        """Leave the discriminator's next update alone: it may be half over, and not all of it was seen."""
        self._is_whole = False

    # What the program does. -------------------------------------------------------------------------------------

    def called(self, player: Player, given: Arguments, output: torch.Tensor) -> None:
        """A player was called by the program."""
        if player == "g":
            self._made.add(output)
            return
        if not output.requires_grad or len(self._calls) >= CALLS_KEPT:
            return
        reaches_g = [i for i, t in enumerate(given.tensors) if self._reaches_generator(t)]
        known = self._made.among(given.tensors)
        if known is None and reaches_g:
            index = reaches_g[0]  # changed since: a batch that is differentiated for the generator is all its own
            known = [True] * len(given.tensors[index]), Place(index)
        made, place = (None, None) if known is None else known
        copies = given
        if made is None or not all(made):
            copies = Arguments(*given.filled([t.detach().clone() for t in given.tensors]))
        self._calls.append(_Call(copies, given.tensors, output.grad_fn, made, place, bool(reaches_g)))

    def returned_before(self, returned: list[tuple[Any, np.ndarray]]) -> None:
        """See `losses.Follower`; a program may show the discriminator images of earlier steps."""
        for network, rows in returned:
            if inner(network) is members_of(self._players.generator)[-1]:
                self._made.add(torch.from_numpy(np.moveaxis(rows, -1, 1).copy()))

    def penalised(self, points: set[int]) -> None:
        """See `losses.Follower`."""
        for call in self._calls:
            call.is_penalised |= not points.isdisjoint(map(id, call.given))

    def differentiated(self, tensors: Any, inputs: Any) -> None:
        """See `losses.Follower`; which calls of the discriminator it goes back to is remembered."""
        if inputs is not None:
            given = {id(p) for p in ([inputs] if isinstance(inputs, torch.Tensor) else inputs)}
            if given.isdisjoint(id(p) for _, p in self._weights.named("d")):
                return
        nodes = {call.node: call for call in self._calls}
        losses = [tensors] if isinstance(tensors, torch.Tensor) else list(tensors)
        reached = [nodes[node] for loss in losses for node in nodes_of(loss.grad_fn, nodes) if node in nodes]
        if reached:
            self._losses.append(reached)
            # Only the first call of `step(closure)` is told of: L-BFGS makes several.
            self._was_again |= self._is_moving

    def before_step(self, optimizer: Any) -> None:
        """See `StepListener`.

        Raises:
            ChangeRefused: The penalty cannot be had.
        """
        if self._phase(optimizer) != "d":
            return
        self._is_moving, self._was_again = True, False
        self._find_place()
        is_whole, self._is_whole = self._is_whole, True
        if is_whole:
            self._add(optimizer, self._own_calls())

    def after_step(self, optimizer: Any) -> None:
        """See `StepListener`.

        Raises:
            ChangeRefused: The optimizer has evaluated the loss again, without the penalty.
        """
        phase = self._phase(optimizer)
        if phase == "g":
            self._losses = [calls for calls in self._losses if not any(call.reaches_g for call in calls)]
        elif phase == "d":
            self._calls.clear()
            self._losses.clear()
            was_again, self._is_moving, self._was_again = self._was_again, False, False
            if was_again:
                raise self._refused(f"{type(optimizer).__name__} evaluates its loss several times an update")

    # ------------------------------------------------------------------------------------------------------------

    def _phase(self, optimizer: Any) -> Player | None:
        """Tell whose update it is; None of other networks.

        Raises:
            ChangeRefused: It moves both players.
        """
        assert self._taps is not None
        phase, players = self._taps.phase_of(optimizer), self._players
        held = {id(p) for group in optimizer.param_groups for p in group["params"]}
        moves = [player for player in PLAYERS if any(id(p) in held for _, p in self._weights.named(player))]
        is_told = phase is not None and players.d_optimizer is not players.g_optimizer
        if len(moves) > 1 and not is_told:
            raise self._refused("one optimizer moves both players, and which step is its own is not known")
        return phase

    def _own_calls(self) -> list[_Call]:
        """Return the calls that the update's gradients come from: of its own loss, where there is another one."""
        return _each([calls for calls in self._losses if not any(call.reaches_g for call in calls)] or self._losses)

    def _add(self, optimizer: Any, calls: list[_Call]) -> None:
        if not calls:
            raise self._refused("no call of it was seen that its update is of")
        if len(self._calls) >= CALLS_KEPT:
            raise self._refused(f"it is called {CALLS_KEPT} times or more for one update")
        place, real = self._told_apart(calls)
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
                raise self._refused(str(error)) from error.__cause__
            for name, parameter in parameters:
                gradient = gradients.get(name)
                if gradient is not None and id(parameter) in held:
                    _add_to(parameter, gradient if scale is None else gradient * float(scale))
        self._added += 1

    def _find_place(self) -> None:
        """Take note of where the generator's images are, and of how many the discriminator is given for an update."""
        made = [call for call in _each(self._losses) if call.made is not None]
        if made:
            self._place = made[-1].place
            self._fakes = sum(sum(call.made or ()) for call in made)

    def _told_apart(self, calls: list[_Call]) -> tuple[Place, list[tuple[_Call, list[int]]]]:
        """Return where the image is, and the calls that were given real images, with the rows of those.

        Raises:
            ChangeRefused: They cannot be told from generated ones.
        """
        place = self._place
        if place is None:
            raise self._refused(
                "nothing that it is given is what the generator has returned, changed or copied as it is, so that real "
                "images cannot be told from generated ones"
            )
        others = [call for call in calls if not call.is_all_made]
        found = [call for call in others if not call.is_penalised]
        real = [(call, [i for i, is_made in enumerate(self._rows(call, place)) if not is_made]) for call in found]
        if not real:
            if others and len(others) < len(calls):
                raise self._refused("the program takes a gradient penalty of its own at its real images")
            self._without += 1
            if not self._added and self._without >= UPDATES_UNTIL_TOLD:
                raise self._refused(f"it was given no real image in {self._without} updates")
        # A batch may be given twice. What is more than the generated ones may be some of those, changed.
        images = [digests(call.arguments.tensors[place.index]) for call, _ in real]
        count = len({one[i] for (_, rows), one in zip(real, images, strict=True) for i in rows})
        if count > self._fakes:
            raise self._refused(
                f"of what it is given for an update, {count} images are not known to be the generator's and "
                f"{self._fakes} are, so that the others need not all be real"
            )
        return place, real

    def _rows(self, call: _Call, place: Place) -> list[bool]:
        tensors = call.arguments.tensors
        if len(tensors) <= place.index or not tensors[place.index].is_floating_point():
            raise self._refused("its calls are given different things, and which of them is the image is not known")
        return call.made if call.made is not None else [False] * len(tensors[place.index])

    def _reaches_generator(self, tensor: torch.Tensor) -> bool:
        if tensor.grad_fn is None:
            return False
        own = {id(p) for _, p in self._weights.named("g")}
        return any(id(getattr(node, "variable", None)) in own for node in nodes_of(tensor.grad_fn))

    def _refused(self, why: str) -> ChangeRefused:
        return ChangeRefused(f"{R1_PENALTY} of the {NAMES['d']} cannot be set: {why}; {_INSTEAD}.")


def _each(losses: list[list[_Call]]) -> list[_Call]:
    return list({id(call): call for calls in losses for call in calls}.values())


def _add_to(parameter: torch.nn.Parameter, gradient: torch.Tensor) -> None:
    """Add to a parameter's gradient where it stands: others may hold that tensor, too."""
    with torch.no_grad():
        if parameter.grad is None:
            parameter.grad = gradient.to(parameter.dtype)
        else:
            parameter.grad.add_(gradient.to(parameter.grad.dtype))
