"""The parts of a training step, as a backend hands them over: batches, updates, movements, and places for numbers.

All of it stays in the framework until it is asked for: a scalar is a number on the device, inside a traced step a
symbol of one. Instruments pass such values on and never look into them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np

from gandoctor.message import Absence
from gandoctor.player_names import Player

Scalar = Any
"""One number in the framework."""
Weights = Any
"""A copy of all weights of a player in the framework."""
Fed = Literal["latents", "real"]
"""The two inputs of a step."""

Sides = Literal["none", "real", "fake", "both"]
"""Which of the discriminator's batches are changed at random before it sees them."""

LAYERS_MAX = 64
"""Layers of a player that are recorded one by one; where it has more, those with the most weights."""


class Batch(Protocol):
    """A batch on its way into a step."""

    @property
    def shape(self) -> tuple[int, ...] | None:
        """Shape of one example; None where it is not known, or no tensor is a batch of arrays."""

    def mean_and_spread(self) -> tuple[Scalar, Scalar] | None:
        """Return its mean, and the mean over positions of the standard deviation over the batch.

        Of several tensors (images and labels, say) the first that is a batch of arrays counts; None where none is.
        """


class Update(Protocol):
    """One update of one player, as an optimizer makes it; its gradients are those before clipping."""

    @property
    def phase(self) -> Player:
        """The player whose update it is."""

    @property
    def moves(self) -> Sequence[Player]:
        """The players that are given a gradient, so that this update may move their weights."""

    @property
    def applied(self) -> Scalar:
        """Whether the weights will move now, a boolean scalar.

        They will not while gradients are accumulated, nor where a loss-scaling optimizer skips a step.
        """

    @property
    def finite(self) -> Scalar:
        """Whether a loss-scaling optimizer takes the gradients at all; True for every other optimizer."""

    @property
    def left_over(self) -> float | None:
        """L2 norm of the gradient that was not cleared before the phase's own loss was differentiated.

        None where that was not looked at, or cannot be: most frameworks return gradients and keep none.
        """

    def gradient_norm(self) -> Scalar | None:
        """Return the L2 norm of the gradient of the phase's own player, loss scale taken off; None without any."""


class Movement(Protocol):
    """How far a player's weights are from an earlier copy of them."""

    @property
    def distance(self) -> Scalar:
        """L2 norm of the difference."""

    @property
    def ratio(self) -> Scalar:
        """The distance relative to the norm of the copy; 0 where that is 0."""


@dataclass(frozen=True)
class StepTrace:
    """The outcome of one training step, in the framework's numbers.

    Attributes:
        metrics: Metric name -> raw value it was given in this step.
        returned: Name -> value the step returned; running means are left out.
        targets: Player -> what was differentiated with respect to its weights; of one loss an image, the mean.
        averaged: Players whose loss was one an image.
        d_fed: Player -> smallest and largest value that the discriminator was given towards that player's loss.
        pulls: Player -> "real" or "fake" -> which way that player's loss pulls the discriminator's scores of real or of
            generated images, from -1 (all are to fall) to 1 (all are to rise).
        stale: Share of the batches standing for generated ones in the discriminator's step that were judged in the step
            before; None where generated ones of this step are judged, or that is not known.
        complete: False for what happens in a graph inside the step and must be recorded there.
        is_share: Whether the values are one worker's share of a training in several processes.
        withheld: Name -> why what the step returned under it is not its own.
    """

    metrics: Mapping[str, Any] = field(default_factory=dict)
    returned: Mapping[str, Any] = field(default_factory=dict)
    targets: Mapping[Player, Any] = field(default_factory=dict)
    averaged: frozenset[Player] = frozenset()
    d_fed: Mapping[Player, tuple[Scalar, Scalar]] = field(default_factory=dict)
    pulls: Mapping[Player, Mapping[Literal["real", "fake"], Scalar]] = field(default_factory=dict)
    stale: Scalar | None = None
    complete: bool = True
    is_share: bool = False
    withheld: Mapping[str, Absence] = field(default_factory=dict)


@dataclass(frozen=True)
class Pass:
    """The output of one forward pass.

    Attributes:
        output: In the framework, as the network returned it. Of a discriminator, its first output: one number an
            image, the mean where it scores patches.
        logit: Of a discriminator, the same before a final sigmoid; `output` itself where there is none.
        alive: The network's ReLU units, True where one was not 0 for every image of the batch; empty in training mode.
            None where some of them cannot be read.
    """

    output: Any
    logit: Any = None
    alive: np.ndarray | None = None


@dataclass(frozen=True)
class Call:
    """One call of a player in a training step, on the host.

    Attributes:
        player: Who was called.
        inputs: What it was given: NumPy arrays in the structure of the call.
        output: What it returned first, float32 (n, ...).
        of_generator: Of the discriminator, whether the framework knows that what it was given was made of what the
            generator returned; None where that is not known.
        is_penalised: Of the discriminator, whether its output was differentiated with respect to its input: a gradient
            penalty is taken there, which may be beside the data.
    """

    player: Player
    inputs: Any
    output: np.ndarray
    of_generator: bool | None = None
    is_penalised: bool = False


@dataclass(frozen=True)
class Draw:
    """Samples that the program has made to look at or to keep, outside of the training steps.

    Attributes:
        network: "generator", or "copy": another network of the same build that is not trained, such as an average.
        inputs: What the network was given, in the framework and in the structure of the call.
        output: What it returned first, in the framework, (n, ...).
        training: Whether it was called in training mode; None where that is not known.
    """

    network: Literal["generator", "copy"]
    inputs: Any
    output: Any
    training: bool | None


class Switch(Protocol):
    """Turns a measurement inside the step on and off, between steps."""

    def set(self, on: bool) -> None:
        """Turn it on or off; called between steps."""

    def when_on(self, action: Callable[[], None]) -> None:
        """Do something in those steps in which it is on; called inside a step, which may be traced once for all."""


class WeightSlot(Protocol):
    """A place for one copy of a player's weights, written inside a step."""

    def keep(self) -> None:
        """Copy the player's weights as they are now."""

    def read(self) -> Weights:
        """Return the copy that was made last."""


class LayerGradients(Protocol):
    """The gradient norm of each layer in a player's last update, kept on the device until a probe reads them."""

    def keep(self, update: Update) -> None:
        """Keep the norms of this update's gradients; called inside a step."""

    def read(self, player: Player) -> dict[str, float]:
        """Return layer -> norm in the last completed step; layers without a gradient are left out."""


class LayerMovement(Protocol):
    """How far each layer moved in a player's last update, kept on the device until a probe reads it."""

    def keep(self, update: Update, movement: Movement) -> None:
        """Keep how far the layers of the phase's own player moved; called inside a step."""

    def read(self, player: Player, before: Weights) -> dict[str, float]:
        """Return layer -> movement over its norm before, in the last completed step.

        Args:
            player: Whose layers.
            before: The weights before that step's update.
        """


@dataclass(frozen=True)
class Said:
    """The discriminator's output for one batch of a training step.

    Attributes:
        output: As it returned it, float32 (n,), image after image.
        logit: The same before a final sigmoid.
        places: Numbers that belong to one image.
    """

    output: np.ndarray
    logit: np.ndarray
    places: int


class Witness(Protocol):
    """Copies of the numbers from which the objective is recognised, made inside the first training steps."""

    @property
    def saw_penalty(self) -> bool:
        """Whether something was differentiated with respect to other things than the players' weights."""

    @property
    def changed_at_random(self) -> Sides | None:
        """Which batches random numbers were added to, or multiplied with, on their way to it; None if not seen."""

    def losses(self) -> dict[Player, float]:
        """Return what was last differentiated for each player."""

    def said(self, player: Player) -> list[Said] | None:
        """Return what the discriminator last said towards a player's loss; None where that loss was never seen.

        An output that is not finite, or too large to be copied whole, is left out.
        """

    def latents(self) -> np.ndarray:
        """Return the numbers the generator was last given, (n,); empty where none were seen."""

    def forget(self, what: Literal["loss", "latents"]) -> None:
        """Stop copying one of the two, where the step can still be changed."""
