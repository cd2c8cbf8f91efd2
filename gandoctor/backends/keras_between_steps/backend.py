"""BetweenStepsBackend: a Keras 3 GAN on PyTorch or JAX that `fit` trains, as recording sees it between its steps."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import keras
import numpy as np

from gandoctor.backends.keras_between_steps.passes import Passes
from gandoctor.backends.keras_between_steps.processes import are_several, is_first
from gandoctor.backends.keras_between_steps.random_state import preserved_random_state
from gandoctor.backends.keras_between_steps.state import ModelState
from gandoctor.backends.keras_between_steps.step_losses import StepLosses
from gandoctor.backends.keras_between_steps.unseen import INSIDE_STEP, BlindWitness, NeverOn, NoLayers, not_followed
from gandoctor.backends.keras_between_steps.weights import KeptWeights, WeightMovement, Weights
from gandoctor.backends.keras_networks.batches import judges_one_by_one, normalises_batches
from gandoctor.backends.keras_networks.call_order import CannotFollow
from gandoctor.backends.keras_networks.model_card import compiled_loss, describe, describe_losses
from gandoctor.backends.keras_networks.players import find_players
from gandoctor.errors import GandoctorError
from gandoctor.message import Absence, Message
from gandoctor.player_names import NAMES, PLAYERS, Player
from gandoctor.recording.backend import Listener, TrainingState
from gandoctor.recording.in_step import Call, LayerGradients, LayerMovement, Movement, Pass, Switch, WeightSlot, Witness
from gandoctor.recording.objective.game import Game, NotPlayable
from gandoctor.recording.session.options import Options
from gandoctor.store import PlayerCard
from gandoctor.store.cards import LossCallCard


class BetweenStepsBackend:
    """One Keras GAN on PyTorch or JAX; see `recording.backend.Backend` for what each method does.

    What happens inside a step is absent: gradients, what is fed, whose update moves what.

    Args:
        options: Players and optimizers as the user passed them; what is not among them is looked for on the model.
        model: The `keras.Model` that is fitted.

    Raises:
        GandoctorError: The players cannot be told, no model is fitted, or its images have channels first.
    """

    spans_processes = False

    def __init__(self, options: Options, model: Any | None) -> None:
        if model is None:
            raise GandoctorError("Keras on PyTorch and on JAX is recorded in fit only.")
        if keras.config.image_data_format() == "channels_first":
            raise GandoctorError("Keras on PyTorch and on JAX is recorded with channels last only (image_data_format).")
        self._options = options
        self.players = find_players(
            model,
            options.generator,
            options.discriminator,
            options.g_optimizer,
            options.d_optimizer,
            options.latent_sampler,
        )
        self.blocked: Absence = INSIDE_STEP[keras.backend.backend()]
        self._rows: list[dict[str, float]] = []
        self._row: dict[str, float] = {}
        self._listener: Listener | None = None
        self._take_model(model)
        for player in PLAYERS:
            optimizer = self.players.optimizer(player)
            if optimizer is not None and not self._state.is_followed(optimizer):
                self.players.absent |= dict.fromkeys(
                    (f"{player}_learning_rate", f"{player}_updates_a_step"), not_followed(player)
                )

    def _take_model(self, model: Any) -> None:
        self._model = model
        self._state = ModelState(model)
        self._weights = Weights(self.players, self._state)
        self._passes = Passes(self.players, self._weights, self._state)
        self._losses = StepLosses(self._state)

    @staticmethod
    def stands_by(*owners: Any) -> bool:
        """Tell whether this process is one of several that train together, and not the one that records.

        Raises:
            GandoctorError: Several processes train with JAX, whose arrays none of them could read alone.
        """
        if keras.backend.backend() == "jax" and are_several():
            raise GandoctorError("Keras on JAX is recorded in a training of one process only.")
        return not is_first()

    def as_recorded(self, data: Any) -> Any:
        """Return data as they are: with channels last."""
        return data

    # The players. ---------------------------------------------------------------------------------------------

    def owner(self, parameter: Any) -> Player | None:
        """Return whose weight a Keras variable is."""
        return self.players.owner_of(parameter)

    def variables(self, player: Player) -> Sequence[Any]:
        """Return a player's weights as Keras variables."""
        return self._weights.variables(player)

    def layers_left_out(self, player: Player) -> int:
        """Return 0: no layer is recorded by itself."""
        return 0

    def card(self, player: Player) -> PlayerCard:
        """Describe a player and its optimizer."""
        with self._state.reading():
            return describe(self.players.network(player), self.players.optimizer(player), _follow, self.number)

    def losses(self) -> dict[str, dict[str, Any]]:
        """Return the Keras losses that the GAN holds."""
        return describe_losses(self._model, self.players.discriminator)

    def loss_calls(self) -> dict[str, LossCallCard]:
        """Return nothing: calls in a step are not seen."""
        return {}

    def compiled_loss(self) -> str | None:
        """Return the name of the loss the discriminator was compiled with, as Keras knows it."""
        return compiled_loss(self.players.discriminator)

    def learning_rate(self, player: Player) -> float | None:
        """Return the learning rate in force; None where the step keeps it to itself."""
        optimizer = self.players.optimizer(player)
        if optimizer is None or not self._state.is_followed(optimizer):
            return None
        with self._state.reading():
            return self.number(optimizer.learning_rate)

    def updates_made(self, player: Player) -> int | None:
        """Return the optimizer's own count; None where the step keeps it to itself."""
        optimizer = self.players.optimizer(player)
        is_shared = self.players.d_optimizer is self.players.g_optimizer
        if optimizer is None or is_shared or not self._state.is_followed(optimizer):
            return None
        return int(self.number(self._state.value(optimizer.iterations)))

    def set_learning_rate(self, player: Player, rate: float) -> None:
        """Set the optimizer's variable; see `Backend`."""
        optimizer = self.players.optimizer(player)
        schedules = keras.optimizers.schedules.LearningRateSchedule
        if optimizer is None:
            why = "its optimizer is not known"
        elif isinstance(getattr(optimizer, "_learning_rate", None), schedules):
            why = "it follows a schedule"
        elif self._state.is_apart:
            why = "JAX holds it while fit trains"
        else:
            optimizer.learning_rate = rate
            return
        raise GandoctorError(f"The learning rate of the {NAMES[player]} cannot be set: {why}.")

    def set_value(self, player: Player, what: str, value: float) -> float | None:
        """Refuse: only a learning rate can be set.

        Raises:
            GandoctorError: Always.
        """
        raise GandoctorError(f"{what} of the {NAMES[player]} cannot be set where Keras does not run on TensorFlow.")

    def save_weights(self, player: Player, path: Path) -> None:
        """Write a `.weights.h5` file."""
        with self._state.reading():
            self.players.network(player).save_weights(path)

    def training_state(self) -> TrainingState:
        """Refuse; see `Backend`."""
        raise GandoctorError("Snapshots are taken of Keras models on TensorFlow only.")

    def normalises_batches(self, player: Player) -> bool:
        """Tell whether a player has batch normalisation."""
        return normalises_batches(self.players.network(player))

    def judges_one_by_one(self, player: Player) -> bool:
        """Tell whether a player consists of layers of Keras that look at one image at a time."""
        return judges_one_by_one(self.players.network(player))

    # Weights and passes. ----------------------------------------------------------------------------------------

    def snapshot(self, player: Player) -> np.ndarray:
        """Return a player's weights, float32 (n,), on the host."""
        return self._weights.copy(player)

    def slot(self, player: Player) -> WeightSlot:
        """Make a place for a copy of a player's weights."""
        return KeptWeights(self._weights, player)

    def moved(self, before: np.ndarray, player: Player) -> Movement:
        """Compare a player's weights with a copy of them."""
        return WeightMovement(before, self._weights.copy(player))

    def forward(self, player: Player, batches: Sequence[Any], training: bool, weights: np.ndarray) -> Pass:
        """Run a player with given weights."""
        return self._passes.forward(player, batches, training, weights)

    def input_gradient(self, images: Any) -> np.ndarray:
        """Return the gradient of the discriminator's summed logit with respect to its input."""
        return self._passes.input_gradient(images)

    def game_gradient(
        self, game: Game, player: Player, weights: Mapping[Player, Any], latents: Any, reals: Any
    ) -> tuple[Any, Any]:
        """Refuse; see `Backend`."""
        raise NotPlayable(Message("it is measured of Keras on TensorFlow and of PyTorch only"))

    def on_device(self, array: Any) -> Any:
        """Return a tensor."""
        return keras.ops.convert_to_tensor(array)

    def to_numpy(self, array: Any) -> np.ndarray:
        """Return a tensor, or anything NumPy takes, as a NumPy array."""
        return np.asarray(keras.ops.convert_to_numpy(array) if keras.ops.is_tensor(array) else array)

    def number(self, value: Any) -> float:
        """Return a scalar as a float."""
        array = np.asarray(keras.ops.convert_to_numpy(value), np.float64)
        if array.size != 1:
            raise ValueError(f"expected one number, got an array of shape {array.shape}")
        return float(array.reshape(()))

    def preserved_random_state(self, *functions: Callable[..., Any]) -> AbstractContextManager[None]:
        """Return a context that puts every generator back."""
        return preserved_random_state(self._state, *functions)

    # Training. ------------------------------------------------------------------------------------------------

    def attach(self, listener: Listener) -> None:
        """Remember whom to tell."""
        self._listener = listener

    def attach_again(self, model: Any) -> None:
        """Go on with the model of an earlier fit."""
        found = find_players(model, self._options.generator, self._options.discriminator)
        if found.generator is not self.players.generator:
            raise GandoctorError("this monitor has recorded another GAN; give this one a monitor of its own.")
        self._take_model(model)

    def detach(self) -> None:
        """Do nothing: nothing was changed."""

    def stop(self) -> bool:
        """Have `fit` end after this step."""
        self._model.stop_training = True
        return True

    def unseen(self, player: Player, steps: int) -> Absence | None:
        """Return that no update is seen."""
        return self.blocked

    def unsummed(self, player: Player) -> Absence | None:
        """Return None: that updates are not seen is said already."""
        return None

    def begin_epoch(self) -> None:
        """Take note of the metrics before their first step."""
        self._losses.begin_epoch()

    def end_fit_step(self, steps: int, logs: Mapping[str, Any] | None) -> None:
        """Take the losses from what `fit` reports, and close the rows."""
        try:
            trace = self._losses.trace(steps, logs)
            if self._listener is not None:
                self._listener.step_end(trace)
        finally:
            self._rows += [{} for _ in range(steps - 1)]
            self.end_step()

    # Numbers of the step. ---------------------------------------------------------------------------------------

    def put(self, values: Mapping[str, Any], when: Any = True) -> None:
        """Take scalars of the step that has just ended."""
        if when:
            self._row |= {name: self.number(value) for name, value in values.items()}

    def end_step(self) -> None:
        """Close the row."""
        self._rows.append(self._row)
        self._row = {}

    def holds_broken_step(self) -> bool:
        """Return False: a step that an error broke off was not seen."""
        return False

    def drain(self) -> list[dict[str, float]]:
        """Return the new rows."""
        rows, self._rows = self._rows, []
        return rows

    def switch(self, name: str) -> Switch:
        """Make a switch."""
        return NeverOn()

    def layer_gradients(self) -> LayerGradients:
        """Make a place that stays empty."""
        return NoLayers()

    def layer_movement(self) -> LayerMovement:
        """Make a place that stays empty."""
        return NoLayers()

    def witness(self, loss: bool, latents: bool) -> Witness:
        """Return a witness that sees nothing."""
        return BlindWitness()

    def watch_calls(self, on: bool) -> None:
        """Do nothing: calls in a step are not seen."""

    def calls(self) -> list[Call]:
        """Return nothing."""
        return []

    def tell_draws(self) -> None:
        """Do nothing: calls of the program's own are not seen."""

    def versions(self) -> dict[str, str]:
        """Return the versions of Keras and of what it runs on."""
        backend = keras.backend.backend()
        return {"keras": keras.__version__, backend: str(importlib.import_module(backend).__version__)}


def _follow(network: Any) -> Any:
    """Refuse to call a subclassed network: its layers are listed as they are declared.

    Raises:
        CannotFollow: Always.
    """
    raise CannotFollow(Message("its calls are followed on TensorFlow only"))
