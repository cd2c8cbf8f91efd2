"""Pulls: which way a loss pulls the discriminator's scores, by its gradient with respect to them.

A loss may be made of many terms, and its formula unknown: what it wants of a score is the sign of one derivative.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import torch

from gandoctor.backends.torch.graph import has_own_function
from gandoctor.player_names import Player
from gandoctor.recording.backend import Listener

EVERY_STEP_UNTIL, LOOKED_EVERY = 32, 8
"""Each of the first steps is looked at, then one in eight: to know a batch again is to compare it."""
MADE_KEPT = 2
"""Of the generator's latest outputs that a batch is compared with."""

COMPARED = 4096
"""Numbers of a batch by which it is known again."""
BATCHES_COMPARED = 8
"""Batches of a step that are."""

Side = Literal["real", "fake"]


@dataclass(frozen=True)
class Pull:
    """What one loss wants of the scores of some images.

    Attributes:
        side: Whose they are.
        wanted: Minus the sum of the loss's gradient with respect to them, a scalar on the device.
        size: Sum of its absolute values.
        image: Id of the batch that was judged.
        again: Whether the same batch was judged in the step before that was looked at.
    """

    side: Side
    wanted: torch.Tensor
    size: torch.Tensor
    image: int
    again: bool = False


class Pulls:
    """Listens at the discriminator's scores while losses are differentiated; changes nothing.

    Args:
        listener: Contains failures, which would otherwise break the program's backward pass.
    """

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._made: deque[torch.Tensor] = deque(maxlen=MADE_KEPT)
        self._before: list[torch.Tensor] = []
        self._now: list[torch.Tensor] = []
        self._steps = 0
        self._found: list[Pull] = []
        self._listens = False

    def made(self, output: torch.Tensor) -> None:
        """The generator has returned something."""
        if self._looks:
            self._made.append(output.detach())

    def scored(self, inputs: list[torch.Tensor], scores: torch.Tensor) -> None:
        """The discriminator has returned scores that may be differentiated: listen at them."""
        batch = _batch_of(inputs)
        if not self._looks or batch is None or not _are_scores(scores, batch):
            return
        made = _made_rows(batch, self._made)
        image, again = id(batch), self._is_known(batch)

        def hear(gradient: torch.Tensor) -> None:
            if self._listens:
                with self._listener.contained(), torch.no_grad():
                    self._hear(gradient.detach(), made, image, again)

        with torch.enable_grad():
            scores.register_hook(hear)

    def begin(self) -> None:
        """Something is about to be differentiated with respect to weights."""
        self._found, self._listens = [], True

    def heard(self, differentiated: Any) -> list[Pull]:
        """It was: return what it wanted.

        Nothing where code of the program's own takes part: such a function may turn the gradient round on its way to
        the weights.
        """
        found, self._found, self._listens = self._found, [], False
        tensors = [differentiated] if isinstance(differentiated, torch.Tensor) else list(differentiated)
        return [] if found and any(has_own_function(tensor) for tensor in tensors) else found

    def end_step(self) -> None:
        """Count a step."""
        if self._now:
            self._before, self._now = self._now, []
        self._steps += 1
        if not self._looks:
            self._made.clear()

    @property
    def _looks(self) -> bool:
        return is_looked_at(self._steps)

    def _is_known(self, batch: torch.Tensor) -> bool:
        """Tell whether a batch was judged in the step before, by numbers all over it; keep these."""
        numbers = batch.detach().flatten()
        numbers = numbers[:: max(1, len(numbers) // COMPARED)].clone()  # the program may fill the same tensor anew
        self._now = [*self._now, numbers][-BATCHES_COMPARED:]
        return any(
            known.shape == numbers.shape and known.device == numbers.device and torch.equal(known, numbers)
            for known in self._before
        )

    def _hear(self, gradient: torch.Tensor, made: torch.Tensor, image: int, again: bool) -> None:
        rows = gradient.float().reshape(len(made), -1)
        sides: dict[Side, torch.Tensor] = {"fake": made, "real": ~made}
        for side, chosen in sides.items():
            own = rows[chosen]
            if own.numel():
                self._found.append(Pull(side, -own.sum(), own.abs().sum(), image, again))


def is_looked_at(step: int) -> bool:
    """Tell whether a step, counted from 0, is looked at."""
    return step < EVERY_STEP_UNTIL or step % LOOKED_EVERY == 0


def joined(pulls: Iterable[Pull], phase: Player) -> dict[Side, torch.Tensor]:
    """Return the share of the gradient that wants higher scores less that which wants lower ones, for each side.

    1: all scores are to rise. -1: all are to fall. 0: neither. Real images are told from others only beside generated
    ones, and only in the discriminator's own step.
    """
    found: dict[Side, torch.Tensor] = {}
    pulls = list(pulls)
    fake = [pull for pull in pulls if pull.side == "fake"]
    real = [pull for pull in pulls if pull.side == "real"]
    if len({pull.image for pull in real}) > 1 or phase == "g":
        real = []
    sides: dict[Side, list[Pull]] = {"fake": fake, "real": real if fake else []}
    for side, own in sides.items():
        if own:
            wanted, size = (torch.stack(each).sum() for each in ([p.wanted for p in own], [p.size for p in own]))
            found[side] = wanted / size.clamp_min(torch.finfo(torch.float32).tiny)
    return found


def stale_share(pulls: Iterable[Pull]) -> float | None:
    """Return how many of the batches that stand for generated ones in the discriminator's step were judged before.

    None where the generator has just made one that is judged there, or where what is judged is not pulled both ways.
    Batches that are pulled one way are then told from the others by whether they come again: a real batch seldom does,
    and where both do it is not known which is which.
    """
    pulls = list(pulls)
    if any(pull.side == "fake" for pull in pulls):
        return None
    shares = [
        sum(pull.again for pull in one_way) / len(one_way)
        for way in (-1, 1)
        if (one_way := [pull for pull in pulls if way * float(pull.wanted) > 0])
    ]
    return abs(shares[0] - shares[1]) if len(shares) == 2 else None


def _batch_of(inputs: list[torch.Tensor]) -> torch.Tensor | None:
    batches = [t for t in inputs if t.is_floating_point() and t.dim() >= 2]
    return next((t for t in batches if t.dim() >= 3), batches[0] if batches else None)


def _are_scores(scores: torch.Tensor, batch: torch.Tensor) -> bool:
    """Tell whether a discriminator returns one number an image, or a map of them, and not another image or classes."""
    if not scores.requires_grad or scores.dim() < 1 or len(scores) != len(batch):
        return False
    return scores.dim() == 1 or int(scores.shape[1]) == 1


def _made_rows(batch: torch.Tensor, made: Iterable[torch.Tensor]) -> torch.Tensor:
    """Return which rows of a batch the generator has made, bool (n,); by their values, whatever stands beside them."""
    rows = torch.zeros(len(batch), dtype=torch.bool, device=batch.device)
    own = batch.detach()
    for output in made:
        if output.device == own.device and output.dtype == own.dtype and len(output):
            rows |= _rows_of(own, output)
    if batch.requires_grad and not bool(rows.any()):
        rows[:] = True  # changed on its way from the generator
    return rows


def _rows_of(batch: torch.Tensor, output: torch.Tensor) -> torch.Tensor:
    rows, count = torch.zeros(len(batch), dtype=torch.bool, device=batch.device), len(output)
    for start in {0, len(batch) - count} if count <= len(batch) else ():
        if any(torch.equal(part, output) for part in _parts(batch[start : start + count], output)):
            rows[start : start + count] = True
    return rows


def _parts(batch: torch.Tensor, output: torch.Tensor) -> list[torch.Tensor]:
    """Return what of a batch may be an output: all of it, or its first or last channels."""
    if batch[0].numel() == output[0].numel():
        return [batch.reshape(output.shape)]
    if batch.dim() != output.dim() or batch.shape[2:] != output.shape[2:] or batch.shape[1] < output.shape[1]:
        return []
    return [batch[:, : output.shape[1]], batch[:, batch.shape[1] - output.shape[1] :]]
