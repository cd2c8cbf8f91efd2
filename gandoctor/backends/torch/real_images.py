"""RealImages: which images of the discriminator's own updates are real.

That is told by what the generator has returned: its rows are known again by their bits, and a batch that is
differentiated back into the generator is its own. What is left is real, if it can be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from gandoctor.backends.discovery.made_rows import MadeRows, Place
from gandoctor.backends.torch.digests import digests, has_rows
from gandoctor.backends.torch.graph import nodes_of
from gandoctor.backends.torch.passes import Arguments
from gandoctor.backends.torch.players import inner, members_of
from gandoctor.backends.torch.taps import Taps
from gandoctor.backends.torch.weights import Weights
from gandoctor.errors import ChangeRefused
from gandoctor.player_names import PLAYERS, Player
from gandoctor.recording.players import Players

UPDATES_UNTIL_TOLD = 8
"""Updates of the discriminator without a real image after which a change to those is taken not to be at work."""
CALLS_KEPT = 512
"""Calls of the discriminator that one update may follow."""


@dataclass(eq=False)
class Judged:
    """A call of the discriminator that may be differentiated.

    Attributes:
        arguments: What it was given; copied, as a program may write to its batches.
        given: The tensors themselves, which a penalty of the program's own is taken at.
        node: What made its output, in the graph.
        shape: Of its output.
        made: Which rows the generator has made; None where none is known to be.
        place: Where the image is; None where `made` is.
        reaches_g: Whether its graph goes on into the generator.
        is_penalised: Whether the program takes a penalty of its own at what was given.
    """

    arguments: Arguments
    given: list[torch.Tensor]
    node: Any
    shape: torch.Size
    made: list[bool] | None
    place: Place | None
    reaches_g: bool
    is_penalised: bool = False

    @property
    def is_all_made(self) -> bool:
        """Whether it was given generated images alone."""
        return self.made is not None and all(self.made)


@dataclass(eq=False)
class Differentiated:
    """Losses that were differentiated together: the calls they go back to, and the nodes up to those."""

    calls: list[Judged]
    nodes: set[Any] = field(repr=False)

    @property
    def reaches_g(self) -> bool:
        """Whether they depend on the generator."""
        return any(call.reaches_g for call in self.calls)


class RealImages:
    """Follows the calls of both players and all that is differentiated.

    Args:
        players: The GAN.
        weights: Tells whose a parameter is.
        refused: Makes the error that says why a change cannot be had.

    Attributes:
        calls: Those of the discriminator since its last update.
        losses: What was differentiated for updates that are still to come.
    """

    def __init__(self, players: Players, weights: Weights, refused: Callable[[str], ChangeRefused]) -> None:
        self._players, self._weights, self._refused = players, weights, refused
        self._made = MadeRows(digests, has_rows, channels_first=True)
        self.calls: list[Judged] = []
        self.losses: list[Differentiated] = []
        self._place: Place | None = None
        self._fakes = self._without = 0
        self._were_any = self._is_moving = self._was_again = False
        self._taps: Taps | None = None
        distributed = torch.distributed
        if distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1:
            raise refused("several processes train it together, and one would go its own way")

    def attach(self, taps: Taps) -> None:
        """Begin to follow."""
        self._taps = taps
        taps.losses.followers.append(self)

    def detach(self) -> None:
        """Follow nothing more."""
        if self._taps is not None:
            self._taps.losses.followers.remove(self)

    # What the program does. -------------------------------------------------------------------------------------

    def called(self, player: Player, given: Arguments, output: torch.Tensor) -> None:
        """A player was called by the program."""
        if player == "g":
            self._made.add(output)
            return
        if not output.requires_grad or len(self.calls) >= CALLS_KEPT:
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
        call = Judged(copies, given.tensors, output.grad_fn, output.shape, made, place, bool(reaches_g))
        self.calls.append(call)

    def returned_before(self, returned: list[tuple[Any, np.ndarray]]) -> None:
        """See `losses.Follower`; a program may show the discriminator images of earlier steps."""
        for network, rows in returned:
            if inner(network) is members_of(self._players.generator)[-1]:
                self._made.add(torch.from_numpy(np.moveaxis(rows, -1, 1).copy()))

    def penalised(self, points: set[int]) -> None:
        """See `losses.Follower`."""
        for call in self.calls:
            call.is_penalised |= not points.isdisjoint(map(id, call.given))

    def differentiated(self, tensors: Any, inputs: Any) -> None:
        """See `losses.Follower`; which calls of the discriminator it goes back to is remembered."""
        if inputs is not None:
            given = {id(p) for p in ([inputs] if isinstance(inputs, torch.Tensor) else inputs)}
            if given.isdisjoint(id(p) for _, p in self._weights.named("d")):
                return
        called = {call.node: call for call in self.calls}
        losses = [tensors] if isinstance(tensors, torch.Tensor) else list(tensors)
        nodes = {node for loss in losses for node in nodes_of(loss.grad_fn, called)}
        reached = [call for node, call in called.items() if node in nodes]
        if reached:
            self.losses.append(Differentiated(reached, nodes))
            # Only the first call of `step(closure)` is told of: L-BFGS makes several.
            self._was_again |= self._is_moving

    # Around an update. ------------------------------------------------------------------------------------------

    def phase(self, optimizer: Any) -> Player | None:
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

    def begin_update(self) -> None:
        """The discriminator's weights are about to move; take note of where the generator's images are."""
        self._is_moving, self._was_again = True, False
        made = [call for call in _each(self.losses) if call.made is not None]
        if made:
            self._place = made[-1].place
            self._fakes = sum(sum(call.made or ()) for call in made)

    def end_update(self, phase: Player | None) -> bool:
        """Forget what an update was made of; tell whether the discriminator's loss was evaluated again within it."""
        if phase == "g":
            self.losses = [loss for loss in self.losses if not loss.reaches_g]
        elif phase == "d":
            self.calls.clear()
            self.losses.clear()
            was_again, self._is_moving, self._was_again = self._was_again, False, False
            return was_again
        return False

    def own_losses(self) -> list[Differentiated]:
        """Return what the update's gradients come from: the discriminator's own losses, where there is another one."""
        return [loss for loss in self.losses if not loss.reaches_g] or self.losses

    def own_calls(self) -> list[Judged]:
        """Return the calls that those go back to.

        Raises:
            ChangeRefused: None was seen, or not all were.
        """
        calls = _each(self.own_losses())
        if not calls:
            raise self._refused("no call of it was seen that its update is of")
        if len(self.calls) >= CALLS_KEPT:
            raise self._refused(f"it is called {CALLS_KEPT} times or more for one update")
        return calls

    def place(self) -> Place:
        """Return where the image is among what the discriminator is given.

        Raises:
            ChangeRefused: The generator's are not found there, so that no other is known to be real.
        """
        if self._place is None:
            raise self._refused(
                "nothing that it is given is what the generator has returned, changed or copied as it is, so that real "
                "images cannot be told from generated ones"
            )
        return self._place

    def real_rows(self, calls: list[Judged]) -> list[tuple[Judged, list[int]]]:
        """Return which rows of each call are real.

        Args:
            calls: Of one update; none that was given generated images alone.

        Raises:
            ChangeRefused: They cannot be told from generated ones, or there were none in several updates.
        """
        place = self.place()
        real = [(call, [i for i, is_made in enumerate(self._rows(call, place)) if not is_made]) for call in calls]
        if not real:
            self._without += 1
            if not self._were_any and self._without >= UPDATES_UNTIL_TOLD:
                raise self._refused(f"it was given no real image in {self._without} updates")
        # A batch may be given twice. What is more than the generated ones may be some of those, changed.
        images = [digests(call.arguments.tensors[place.index]) for call, _ in real]
        count = len({one[i] for (_, rows), one in zip(real, images, strict=True) for i in rows})
        if count > self._fakes:
            raise self._refused(
                f"of what it is given for an update, {count} images are not known to be the generator's and "
                f"{self._fakes} are, so that the others need not all be real"
            )
        self._were_any |= bool(real)
        return real

    def _rows(self, call: Judged, place: Place) -> list[bool]:
        tensors = call.arguments.tensors
        if len(tensors) <= place.index or not tensors[place.index].is_floating_point():
            raise self._refused("its calls are given different things, and which of them is the image is not known")
        return call.made if call.made is not None else [False] * len(tensors[place.index])

    def _reaches_generator(self, tensor: torch.Tensor) -> bool:
        if tensor.grad_fn is None:
            return False
        own = {id(p) for _, p in self._weights.named("g")}
        return any(id(getattr(node, "variable", None)) in own for node in nodes_of(tensor.grad_fn))


def _each(losses: list[Differentiated]) -> list[Judged]:
    return list({id(call): call for loss in losses for call in loss.calls}.values())
