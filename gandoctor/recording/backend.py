"""Backend: the protocol between recording and a framework, and the listener that a backend calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from gandoctor.message import Absence
from gandoctor.player_names import Player
from gandoctor.recording.in_step import (
    Batch,
    Call,
    Draw,
    Fed,
    LayerGradients,
    LayerMovement,
    Movement,
    Pass,
    Scalar,
    StepTrace,
    Switch,
    Update,
    Weights,
    WeightSlot,
    Witness,
)
from gandoctor.recording.objective.game import Game
from gandoctor.recording.players import Players
from gandoctor.store import PlayerCard
from gandoctor.store.cards import LossCallCard
from gandoctor.store.snapshots import Snapshot


class Listener(Protocol):
    """Called by a backend during training. No method raises unless the user asked for `strict`."""

    def fed(self, kind: Fed, batch: Batch) -> None:
        """A step is fed."""

    def before_update(self, update: Update) -> None:
        """An optimizer is about to move weights; where several replicas train, the gradients are this one's."""

    def on_gradients(self, update: Update) -> None:
        """The gradients are known as they are applied, summed over replicas."""

    def after_update(self, update: Update) -> None:
        """The optimizer has moved the weights."""

    def step_end(self, trace: StepTrace) -> None:
        """A step is over, or something in it can be recorded only now (`complete=False`)."""

    def drew(self, draw: Draw) -> None:
        """The program has made samples outside of a step, between two of them; only what is cheap may be done."""

    def contained(self) -> AbstractContextManager[None]:
        """Return a context that keeps the backend's own failures away from training."""


class TrainingState(Protocol):
    """All that a training needs to go on from a step: weights, optimizers, random states."""

    def arrays(self, step: int) -> Mapping[str, np.ndarray]:
        """Return the state as it is now, after a step, by name.

        Raises:
            GandoctorError: Something of it cannot be reached.
        """

    def restore(self, snapshot: Snapshot, step: int) -> None:
        """Set the training to the state after a step. Settings that differ from those of then stay as they are.

        Raises:
            UnusableSnapshot: The snapshot is damaged, or another training's.
        """


class Backend(Protocol):
    """One GAN in one framework."""

    @property
    def players(self) -> Players:
        """Its networks and optimizers, as they were found."""

    @property
    def blocked(self) -> Absence | None:
        """Why no update can be seen at all, known before training; None where they can."""

    @property
    def spans_processes(self) -> bool:
        """Whether several processes train this GAN together."""

    def as_recorded(self, data: Any) -> Any:
        """Return real data of the user's, or None, in the layout that is recorded: channels last."""

    # The players. ---------------------------------------------------------------------------------------------

    def owner(self, parameter: Any) -> Player | None:
        """Return the player a parameter belongs to; None if neither."""

    def variables(self, player: Player) -> Sequence[Any]:
        """Return the weights of a player that were created to be trained; empty while it is not built."""

    def layers_left_out(self, player: Player) -> int:
        """Return how many layers are not recorded one by one because a player has more than `LAYERS_MAX`."""

    def card(self, player: Player) -> PlayerCard:
        """Describe a player and its optimizer in the vocabulary of the manifest; never raises."""

    def losses(self) -> dict[str, dict[str, Any]]:
        """Return the loss objects that the GAN holds, by where each was found; never raises."""

    def loss_calls(self) -> dict[str, LossCallCard]:
        """Return the losses of classes that the program was seen to call, by name; empty where that is not seen."""

    def compiled_loss(self) -> str | None:
        """Return the name of the loss the discriminator was compiled with; None in frameworks that compile none."""

    def learning_rate(self, player: Player) -> float | None:
        """Return the learning rate in force; None where the player's optimizer is not known."""

    def updates_made(self, player: Player) -> int | None:
        """Return how many updates a player's optimizer has made so far; None where it is not known or serves both."""

    def set_learning_rate(self, player: Player, rate: float) -> None:
        """Give a player's optimizer another learning rate.

        Raises:
            GandoctorError: Its optimizer is not known, or follows a schedule.
        """

    def set_value(self, player: Player, what: str, value: float) -> float | None:
        """Set something else of a player or its optimizer, before the first step is traced.

        Args:
            player: Whose.
            what: One of `OPTIMIZER_VALUES`, `NETWORK_VALUES` or `ADDED`.
                Momentum of batch normalisation is the share that is kept of the moving average.
            value: The value.

        Returns:
            What it was; of several layers, of the first one.

        Raises:
            GandoctorError: There is no such thing, or it is too late to set it.
        """

    def save_weights(self, player: Player, path: Path) -> None:
        """Write a player's weights to a file, in the framework's own format."""

    def training_state(self) -> TrainingState:
        """Return all that training needs to go on from a step.

        Raises:
            GandoctorError: This training cannot go on from a snapshot.
        """

    def normalises_batches(self, player: Player) -> bool:
        """Tell whether, in training mode, its output for one image depends on the rest of the batch."""

    def judges_one_by_one(self, player: Player) -> bool:
        """Tell whether, in inference mode, its output for one image is known not to depend on the other images."""

    # Weights. -------------------------------------------------------------------------------------------------

    def snapshot(self, player: Player) -> Weights:
        """Return a copy of a player's weights as they are now."""

    def slot(self, player: Player) -> WeightSlot:
        """Make a place for a copy of a player's weights."""

    def moved(self, before: Weights, player: Player) -> Movement:
        """Compare a player's weights with a copy of them."""

    # Passes without a trace: no state, no random number and no gradient of the user's changes. ------------------

    def forward(self, player: Player, batches: Sequence[Any], training: bool, weights: Weights) -> Pass:
        """Run a player with given weights on batches that it is given as one.

        Args:
            player: Which.
            batches: Each as the player takes it, in the framework (`on_device`).
            training: Whether dropout, batch normalisation and the like act as in training.
            weights: A `snapshot` of the player.
        """

    def input_gradient(self, images: Any) -> np.ndarray:
        """Return the gradient of the discriminator's summed logit with respect to its input, inference mode.

        Args:
            images: What it takes, in the framework; of several parts the first is differentiated by.
        """

    def game_gradient(
        self, game: Game, player: Player, weights: Mapping[Player, Weights], latents: Any, reals: Any
    ) -> tuple[Scalar, Weights]:
        """Return the value of a game that copies of the players play, and what one of them descends, differentiated.

        Both copies are in inference mode, and the discriminator is given what the generator returns.

        Args:
            game: What is played.
            player: Of the discriminator minus the value is differentiated by its weights, of the generator `g_loss`.
            weights: A vector like a `snapshot` of each player.
            latents: A batch as the generator takes it, in the framework.
            reals: A batch as the discriminator takes it, likewise.

        Returns:
            The value, and a gradient of the shape of the player's weights.

        Raises:
            NotPlayable: The framework cannot do it.
            Exception: Whatever the networks raise.
        """

    def on_device(self, array: Any) -> Any:
        """Return an array as the framework takes it."""

    def to_numpy(self, array: Any) -> np.ndarray:
        """Return an array of the framework, or of any other kind, as NumPy has it."""

    def number(self, value: Any) -> float:
        """Return a scalar of any kind as a float.

        Raises:
            ValueError: It is not one number.
        """

    def preserved_random_state(self, *functions: Callable[..., Any]) -> AbstractContextManager[None]:
        """Return a context that puts every random generator back, those that the functions reach included."""

    # Training. ------------------------------------------------------------------------------------------------

    def attach(self, listener: Listener) -> None:
        """Begin to call back."""

    def attach_again(self, model: Any) -> None:
        """Go on with the model of an earlier training.

        Raises:
            GandoctorError: It holds another GAN.
        """

    def detach(self) -> None:
        """Leave the user's objects as they were."""

    def stop(self) -> bool:
        """Ask the framework's own training loop to end after this step; False where none is known.

        A loop of the user's own has to ask itself.
        """

    def unseen(self, player: Player, steps: int) -> Absence | None:
        """Return why no update of a player has been seen after some steps; None when one has."""

    def unsummed(self, player: Player) -> Absence | None:
        """Return why a player's gradients, summed over all workers, cannot be seen; None when they can."""

    def begin_epoch(self) -> None:
        """Take note that `fit` begins an epoch, where the backend is not told by the framework."""

    def end_fit_step(self, steps: int, logs: Mapping[str, Any] | None) -> None:
        """Take note that steps of `fit` have ended, where the backend is not told by the framework.

        Args:
            steps: How many.
            logs: What `fit` reports of them.
        """

    # Numbers of the step. ---------------------------------------------------------------------------------------

    def put(self, values: Mapping[str, Scalar], when: Scalar = True) -> None:
        """Record scalars of the step under way; the last write counts.

        Args:
            values: Signal -> scalar.
            when: Where it is false the values are absent from this step.
        """

    def end_step(self) -> None:
        """Close the row of a step of the user's own loop."""

    def holds_broken_step(self) -> bool:
        """Tell whether a player was updated in a step of the user's own loop that has not ended."""

    def drain(self) -> list[dict[str, float]]:
        """Return the rows of the steps completed since the last call, oldest first; lost ones are empty."""

    def switch(self, name: str) -> Switch:
        """Make a switch."""

    def layer_gradients(self) -> LayerGradients:
        """Make a place for the gradient norms of layers."""

    def layer_movement(self) -> LayerMovement:
        """Make a place for the movement of layers."""

    def witness(self, loss: bool, latents: bool) -> Witness:
        """Begin to copy what the objective is recognised from.

        Args:
            loss: Whether losses and the discriminator's outputs are wanted.
            latents: Whether the generator's inputs are.
        """

    def watch_calls(self, on: bool) -> None:
        """Begin or end copying what the players are given in training; a loop of the user's own only."""

    def calls(self) -> list[Call]:
        """Return the copied calls since the last time it was asked, in order; empty where none are copied."""

    def tell_draws(self) -> None:
        """Tell the listener of samples made lately that no step has used: no more steps will follow."""

    def versions(self) -> dict[str, str]:
        """Return the versions of the framework's packages."""
