"""KerasBackend: a Keras 3 GAN on TensorFlow, as recording sees it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from gandoctor.backends.keras_networks.batches import judges_one_by_one, normalises_batches
from gandoctor.backends.keras_networks.model_card import compiled_loss, describe_losses
from gandoctor.backends.keras_networks.players import find_players
from gandoctor.backends.tensorflow.in_graph.fed_copies import FedCopies
from gandoctor.backends.tensorflow.in_graph.input_changes import CALLED_IN_A_TRACE
from gandoctor.backends.tensorflow.in_graph.layer_values import KerasLayerGradients, KerasLayerMovement, Layers
from gandoctor.backends.tensorflow.in_graph.r1 import R1
from gandoctor.backends.tensorflow.in_graph.real_label import RealLabel
from gandoctor.backends.tensorflow.in_graph.step_log import StepLog, as_float
from gandoctor.backends.tensorflow.in_graph.switch import KerasSwitch
from gandoctor.backends.tensorflow.in_graph.taps import Taps
from gandoctor.backends.tensorflow.in_graph.witness import KerasWitness
from gandoctor.backends.tensorflow.network_calls import NetworkCalls
from gandoctor.backends.tensorflow.players.chain import members_of
from gandoctor.backends.tensorflow.players.handles import check_one_replica, set_value
from gandoctor.backends.tensorflow.players.model_card import describe
from gandoctor.backends.tensorflow.players.weights import KeptWeights, WeightMovement, Weights
from gandoctor.backends.tensorflow.random_state import preserved_random_state
from gandoctor.backends.tensorflow.replicas import spans_processes, stands_by
from gandoctor.backends.tensorflow.training_state import KerasTrainingState
from gandoctor.errors import GandoctorError
from gandoctor.message import Absence
from gandoctor.player_names import ADDED, NAMES, R1_PENALTY, REAL_LABEL, Player
from gandoctor.recording.backend import Listener, TrainingState
from gandoctor.recording.in_step import Call, LayerGradients, LayerMovement, Movement, Pass, Switch, WeightSlot, Witness
from gandoctor.recording.objective.game import Game
from gandoctor.recording.session.options import Options
from gandoctor.store import PlayerCard
from gandoctor.store.cards import LossCallCard


class KerasBackend:
    """One Keras GAN on TensorFlow; see `recording.backend.Backend` for what each method does.

    Args:
        options: Players and optimizers as the user passed them; what is not among them is looked for on the model.
        model: The `keras.Model` that holds the players, or None.

    Raises:
        GandoctorError: The players cannot be told.
    """

    def __init__(self, options: Options, model: Any | None) -> None:
        self._options = options
        self._model = model
        self.players = find_players(
            model,
            options.generator,
            options.discriminator,
            options.g_optimizer,
            options.d_optimizer,
            options.latent_sampler,
        )
        self._weights = Weights(self.players)
        self._layers = Layers(self.players, self._weights)
        self._step_log = StepLog()
        self._calls = NetworkCalls(self.players, self._weights)
        self._witness = KerasWitness()
        self._fed_copies = FedCopies()
        self._taps: Taps | None = None
        self._penalty: R1 | None = None
        self._real_label: RealLabel | None = None

    @staticmethod
    def stands_by(*owners: Any) -> bool:
        """Tell whether this process is one of several that train together, and not the one that records."""
        return stands_by(*owners)

    @property
    def blocked(self) -> Absence | None:
        """Why no update can be seen at all; None where they can."""
        return None if self._taps is None else self._taps.blocked

    @property
    def spans_processes(self) -> bool:
        """Whether several processes train this GAN together."""
        return spans_processes(getattr(self.players.generator, "distribute_strategy", None))

    def as_recorded(self, data: Any) -> Any:
        """Return data as they are: Keras on TensorFlow has channels last."""
        return data

    # The players. ---------------------------------------------------------------------------------------------

    def owner(self, parameter: Any) -> Player | None:
        """Return whose weight a variable is: a Keras variable or the tf.Variable inside."""
        return self.players.owner_of(parameter)

    def variables(self, player: Player) -> Sequence[Any]:
        """Return a player's weights as Keras variables."""
        return self._weights.variables(player)

    def layers_left_out(self, player: Player) -> int:
        """Return how many layers of a player are not recorded one by one."""
        return self._layers.of(player).left_out if self._weights.variables(player) else 0

    def card(self, player: Player) -> PlayerCard:
        """Describe a player and its optimizer."""
        card = describe(self.players.network(player), self.players.optimizer(player))
        if self._taps is not None:
            card.left_out = self._taps.left_out.card(player, self.updates_made(player))
            card.asked = self._taps.asked.card() if player == "g" else None
            card.frozen = self._taps.frozen.card(player)
        return card

    def losses(self) -> dict[str, dict[str, Any]]:
        """Return the Keras losses that the GAN holds."""
        return describe_losses(self._model, self.players.discriminator)

    def loss_calls(self) -> dict[str, LossCallCard]:
        """Return what cross-entropies of classes are given in a traced step."""
        return dict(self._taps.loss_calls.cards) if self._taps is not None else {}

    def compiled_loss(self) -> str | None:
        """Return the name of the loss the discriminator was compiled with, as Keras knows it."""
        return compiled_loss(self.players.discriminator)

    def learning_rate(self, player: Player) -> float | None:
        """Return the learning rate in force, schedules resolved."""
        optimizer = self.players.optimizer(player)
        return None if optimizer is None else as_float(optimizer.learning_rate)

    def updates_made(self, player: Player) -> int | None:
        """Return the optimizer's own count; see `Backend`."""
        optimizer = self.players.optimizer(player)
        if optimizer is None or self.players.d_optimizer is self.players.g_optimizer:
            return None
        return int(as_float(optimizer.iterations))

    def set_learning_rate(self, player: Player, rate: float) -> None:
        """Set the variable that every step reads, traced ones too; see `Backend`."""
        optimizer = self.players.optimizer(player)
        if optimizer is None:
            raise GandoctorError(f"The learning rate of the {NAMES[player]} cannot be set: its optimizer is not known.")
        if isinstance(getattr(optimizer, "_learning_rate", None), keras.optimizers.schedules.LearningRateSchedule):
            raise GandoctorError(f"The learning rate of the {NAMES[player]} cannot be set: it follows a schedule.")
        optimizer.learning_rate = rate

    def set_value(self, player: Player, what: str, value: float) -> float | None:
        """Set an attribute of the optimizer or of layers, or add what can be added; see `Backend`."""
        if self._model is None and what in ADDED:
            if any(network in CALLED_IN_A_TRACE for network in members_of(self.players.network(player))):
                raise GandoctorError(f"{what} of the {NAMES[player]} cannot be set: its steps are traced already.")
        elif self._model is None:
            raise GandoctorError(
                f"{what} of the {NAMES[player]} cannot be set: the steps of a program's own loop may be traced "
                "already. A learning rate can be."
            )
        elif getattr(self._model, "train_function", None) is not None:
            raise GandoctorError(f"{what} of the {NAMES[player]} cannot be set: its steps are traced already.")
        if what == REAL_LABEL:
            check_one_replica(self.players.network(player), player, what)
            self._real_label = RealLabel(self.players, value)
            return 1.0
        if what == R1_PENALTY:
            check_one_replica(self.players.network(player), player, what)
            self._penalty = R1(self.players, value)
            return 0.0
        return set_value(self.players.network(player), self.players.optimizer(player), player, what, value)

    def save_weights(self, player: Player, path: Path) -> None:
        """Write a `.weights.h5` file."""
        with warnings.catch_warnings():
            # TensorFlow's tensors do not know NumPy 2's `copy=` yet: nothing the user could change.
            warnings.simplefilter("ignore", DeprecationWarning)
            self.players.network(player).save_weights(path)

    def training_state(self) -> TrainingState:
        """Return the variables of the model and the random states; see `Backend`."""
        if self._model is None:
            raise GandoctorError("Snapshots are taken of a model trained by fit, not of a loop of the program's own.")
        return KerasTrainingState(self._model, self.players)

    def normalises_batches(self, player: Player) -> bool:
        """Tell whether a player has batch normalisation."""
        return normalises_batches(self.players.network(player))

    def judges_one_by_one(self, player: Player) -> bool:
        """Tell whether a player consists of layers of Keras that look at one image at a time."""
        return judges_one_by_one(self.players.network(player))

    # Weights. -------------------------------------------------------------------------------------------------

    def snapshot(self, player: Player) -> Any:
        """Return a player's weights, float32 (n,), on the device."""
        return self._weights.copy(player)

    def slot(self, player: Player) -> WeightSlot:
        """Make a variable for a copy of a player's weights."""
        return KeptWeights(self._weights, player)

    def moved(self, before: Any, player: Player) -> Movement:
        """Compare a player's weights with a copy of them."""
        return WeightMovement(before, self._weights.copy(player))

    # Passes. --------------------------------------------------------------------------------------------------

    def forward(self, player: Player, batches: Sequence[Any], training: bool, weights: Any) -> Pass:
        """Run a player with given weights."""
        return self._calls.forward(player, batches, training, weights)

    def input_gradient(self, images: Any) -> np.ndarray:
        """Return the gradient of the discriminator's summed logit with respect to its input."""
        return self._calls.input_gradient(tf.nest.map_structure(tf.convert_to_tensor, images))

    def game_gradient(
        self, game: Game, player: Player, weights: Mapping[Player, Any], latents: Any, reals: Any
    ) -> tuple[Any, Any]:
        """Differentiate a game played on copies."""
        return self._calls.game_gradient(game, player, weights, latents, reals)

    def on_device(self, array: Any) -> Any:
        """Return a tensor."""
        return tf.convert_to_tensor(array)

    def to_numpy(self, array: Any) -> np.ndarray:
        """Return a tensor, or anything NumPy takes, as a NumPy array."""
        return np.asarray(array.numpy() if hasattr(array, "numpy") else array)

    def number(self, value: Any) -> float:
        """Return a scalar as a float; of a mirrored one the mean over replicas."""
        return as_float(value)

    def preserved_random_state(self, *functions: Callable[..., Any]) -> AbstractContextManager[None]:
        """Return a context that puts the generators of Python, NumPy, TensorFlow and Keras back."""
        return preserved_random_state(*functions)

    # Training. ------------------------------------------------------------------------------------------------

    def attach(self, listener: Listener) -> None:
        """Wrap the optimizers and the model's `train_step`."""
        fed_copies = self._fed_copies if self._options.observe_loop else None
        self._taps = Taps(self.players, self._step_log, listener, self._witness, fed_copies)
        if self._penalty is not None:
            self._penalty.attach()
            self._taps.penalty = self._penalty
        if self._real_label is not None:
            self._real_label.attach()
            self._taps.real_label = self._real_label
        self._taps.attach(self._model)

    def adopt(self, optimizer: Any, variables: list[Any]) -> bool:
        """Take an optimizer that is about to move a player whose own is not known; tell whether it was taken."""
        return self._taps is not None and self._taps.adopt(optimizer, variables)

    def when_updated(self, act: Callable[[Player], None]) -> None:
        """Have a function called with the player after each of its updates, in the graph that makes it."""
        if self._taps is not None:
            self._taps.after_update = act

    def phase_of(self, optimizer: Any, variables: list[Any]) -> Player | None:
        """Tell whose update an optimizer makes; None if neither player's."""
        return self.players.phase_of(optimizer, variables)

    def attach_again(self, model: Any) -> None:
        """Wrap what of a model was compiled anew."""
        found = find_players(model, self._options.generator, self._options.discriminator)
        if found.generator is not self.players.generator:
            raise GandoctorError("this monitor has recorded another GAN; give this one a monitor of its own.")
        self._model = model
        if self._taps is not None:
            self._taps.attach(model)

    def detach(self) -> None:
        """Put the original methods back."""
        if self._taps is not None:
            self._taps.detach()
        if self._penalty is not None:
            self._penalty.detach()
        if self._real_label is not None:
            self._real_label.detach()

    def stop(self) -> bool:
        """Have `fit` end after this step; False where no model is fitted."""
        if self._model is not None:
            self._model.stop_training = True
        return self._model is not None

    def unseen(self, player: Player, steps: int) -> Absence | None:
        """Return why no update of a player has been seen."""
        return None if self._taps is None else self._taps.unseen(player, steps)

    def unsummed(self, player: Player) -> Absence | None:
        """Return why the sum of a player's gradients cannot be seen."""
        return None if self._taps is None else self._taps.unsummed.get(player)

    def begin_epoch(self) -> None:
        """Do nothing: the step itself tells."""

    def end_fit_step(self, steps: int, logs: Mapping[str, Any] | None) -> None:
        """Do nothing: the step itself tells."""

    # Numbers of the step. ---------------------------------------------------------------------------------------

    def put(self, values: Mapping[str, Any], when: Any = True) -> None:
        """Write scalars to the step log; in a graph this adds the ops that do so."""
        self._step_log.put(dict(values), when)

    def end_step(self) -> None:
        """Close the step log's row."""
        self._step_log.commit()

    def holds_broken_step(self) -> bool:
        """Return False: what a compiled step has not finished cannot be told from what it has."""
        return False

    def committed(self) -> int:
        """Return how many rows of the step log have been closed so far."""
        return int(self._step_log.under_way)

    def drain(self) -> list[dict[str, float]]:
        """Fetch the step log's new rows."""
        return self._step_log.drain()

    def switch(self, name: str) -> Switch:
        """Make a flag that the graph reads."""
        return KerasSwitch(f"gandoctor_{name}")

    def layer_gradients(self) -> LayerGradients:
        """Make a place for the gradient norms of layers."""
        return KerasLayerGradients(self._step_log, self._layers)

    def layer_movement(self) -> LayerMovement:
        """Make a place for the movement of layers."""
        return KerasLayerMovement(self._step_log, self._layers)

    def witness(self, loss: bool, latents: bool) -> Witness:
        """Begin to copy what the objective is recognised from."""
        self._witness = KerasWitness(loss, latents)
        if self._taps is not None:
            self._taps.witness = self._witness
        return self._witness

    def watch_calls(self, on: bool) -> None:
        """Begin or end copying what the players are given."""
        self._fed_copies.watch(on)

    def calls(self) -> list[Call]:
        """Return the copied calls."""
        return self._fed_copies.calls()

    def tell_draws(self) -> None:
        """Do nothing: samples are told of as they are made."""

    def versions(self) -> dict[str, str]:
        """Return the versions of Keras and TensorFlow."""
        found = {}
        for package in ("keras", "tensorflow"):
            try:
                found[package] = version(package)
            except PackageNotFoundError:
                found[package] = "not installed as a package"
        return found
