"""TorchBackend: a PyTorch GAN, as recording sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gandoctor.backends.torch.card import called, declared
from gandoctor.backends.torch.found import found
from gandoctor.backends.torch.handles import set_value
from gandoctor.backends.torch.layout import Layout, has_convolutions_of_series
from gandoctor.backends.torch.passes import (
    Arguments,
    Passes,
    judges_one_by_one,
    left_alone,
    main_of,
    normalises_batches,
)
from gandoctor.backends.torch.players import members_of
from gandoctor.backends.torch.r1 import R1
from gandoctor.backends.torch.random_state import preserved_random_state
from gandoctor.backends.torch.real_label import RealLabel
from gandoctor.backends.torch.rows import Rows
from gandoctor.backends.torch.taps import Taps
from gandoctor.backends.torch.weights import KeptWeights, LayerNorms, WeightMovement, Weights
from gandoctor.backends.torch.witness import TorchSwitch, TorchWitness
from gandoctor.errors import GandoctorError
from gandoctor.message import Absence
from gandoctor.player_names import NAMES, PLAYERS, R1_PENALTY, REAL_LABEL, Player
from gandoctor.recording.backend import Listener, TrainingState
from gandoctor.recording.in_step import (
    Call,
    LayerGradients,
    LayerMovement,
    Movement,
    Pass,
    Switch,
    WeightSlot,
)
from gandoctor.recording.objective.game import Game
from gandoctor.recording.session.options import Options
from gandoctor.store import PlayerCard
from gandoctor.store.cards import LossCallCard


class TorchBackend:
    """One PyTorch GAN in a loop of the user's own; see `recording.backend.Backend` for what each method does.

    Args:
        options: Players and optimizers as the user passed them.
        model: Not looked at: PyTorch has no model that holds both players.

    Raises:
        GandoctorError: A player was not passed.
    """

    blocked: Absence | None = None
    spans_processes = False

    def __init__(self, options: Options, model: Any | None) -> None:
        for name in ("generator", "discriminator"):
            given = getattr(options, name)
            if not isinstance(given, torch.nn.Module):
                raise GandoctorError(f"{name}= is a {type(given).__name__}; pass the {name}, a torch.nn.Module.")
        self.players = found(options)
        self._called: dict[Player, list[Any]] = {
            "g": members_of(options.generator),
            "d": members_of(options.discriminator),
        }
        self._weights = Weights(self.players)
        self.layout = Layout(has_convolutions_of_series(self.players.discriminator))
        self._rows = Rows()
        self._passes = Passes(self.players, self._weights, self.layout)
        self._cards: dict[Player, PlayerCard] = {}
        self._taps: Taps | None = None
        self._witness: TorchWitness | None = None
        self._loss_changes: list[R1 | RealLabel] = []

    @staticmethod
    def stands_by(*owners: Any) -> bool:
        """Tell whether this process is one of several that train together, and not the one that records."""
        distributed = torch.distributed
        return bool(distributed.is_available() and distributed.is_initialized() and distributed.get_rank() > 0)

    def as_recorded(self, data: Any) -> Any:
        """Return real data as it is recorded, channels last."""
        return self.layout.as_recorded(data)

    # The players. ---------------------------------------------------------------------------------------------

    def owner(self, parameter: Any) -> Player | None:
        """Return whose parameter it is."""
        return next((p for p in PLAYERS if any(parameter is v for _, v in self._weights.named(p))), None)

    def variables(self, player: Player) -> Sequence[Any]:
        """Return a player's parameters."""
        return [p for _, p in self._weights.named(player)]

    def layers_left_out(self, player: Player) -> int:
        """Return how many modules of a player are not recorded one by one."""
        return self._weights.layers_left_out(player)

    def card(self, player: Player) -> PlayerCard:
        """Describe a player and its optimizer; in the order of its calls once it was called."""
        card = self._cards.get(player)
        fresh = declared(self.players.network(player), self.players.optimizer(player))
        if card is None:
            card = fresh
        card.optimizer = fresh.optimizer
        if self._taps is not None:
            card.left_out, card.mode = self._taps.left_out.found(player), self._taps.modes[player].model_copy()
            card.asked = self._taps.asked.card() if player == "g" else None
        return card

    def losses(self) -> dict[str, dict[str, Any]]:
        """Return nothing: losses are functions of the loop's own."""
        return {}

    def loss_calls(self) -> dict[str, LossCallCard]:
        """Return what cross-entropies of classes were given."""
        return {} if self._taps is None else self._taps.loss_calls.cards()

    def compiled_loss(self) -> str | None:
        """Return None: nothing is compiled with a loss."""
        return None

    def learning_rate(self, player: Player) -> float | None:
        """Return the learning rate in force, of the first group of parameters; None where no optimizer is known."""
        optimizer = self.players.optimizer(player)
        return None if optimizer is None else float(optimizer.param_groups[0]["lr"])

    def updates_made(self, player: Player) -> int | None:
        """Return how many were seen; see `Backend`."""
        if self._taps is None or self.players.optimizer(player) is None:
            return None
        return None if self.players.d_optimizer is self.players.g_optimizer else self._taps.captures[player]

    def set_learning_rate(self, player: Player, rate: float) -> None:
        """Set the rate of every group of parameters; see `Backend`. A scheduler may set another one later."""
        optimizer = self.players.optimizer(player)
        if optimizer is None:
            raise GandoctorError(f"The learning rate of the {NAMES[player]} cannot be set: its optimizer is not known.")
        for group in optimizer.param_groups:
            group["lr"] = rate

    def set_value(self, player: Player, what: str, value: float) -> float | None:
        """Set a value of the optimizer's groups, or of modules, or change the loss; see `Backend`."""
        if what == R1_PENALTY:
            self._loss_changes.append(R1(self.players, self._weights, value))
            return 0.0
        if what == REAL_LABEL:
            self._loss_changes.append(RealLabel(self.players, self._weights, value))
            return 1.0
        return set_value(self.players.network(player), self.players.optimizer(player), player, what, value)

    def save_weights(self, player: Player, path: Path) -> None:
        """Write a player's state."""
        torch.save(self.players.network(player).state_dict(), path)

    def training_state(self) -> TrainingState:
        """Refuse; see `Backend`."""
        raise GandoctorError("Snapshots are taken of Keras models on TensorFlow only.")

    def normalises_batches(self, player: Player) -> bool:
        """Tell whether a player normalises over the batch."""
        return normalises_batches(self.players.network(player))

    def judges_one_by_one(self, player: Player) -> bool:
        """Tell whether a player is known to judge images one by one in inference mode."""
        return judges_one_by_one(self.players.network(player))

    # Weights and passes. ----------------------------------------------------------------------------------------

    def snapshot(self, player: Player) -> torch.Tensor:
        """Return a copy of all parameters as one vector."""
        return self._weights.vector(player)

    def slot(self, player: Player) -> WeightSlot:
        """Make a place for a copy."""
        return KeptWeights(self._weights, player)

    def moved(self, before: torch.Tensor, player: Player) -> Movement:
        """Compare with a copy."""
        return WeightMovement(before, self._weights.vector(player) - before)

    def forward(self, player: Player, batches: Sequence[Any], training: bool, weights: torch.Tensor) -> Pass:
        """Run a player, leaving no trace."""
        with self._muted():
            return self._passes.forward(player, batches, training, weights)

    def input_gradient(self, images: Any) -> np.ndarray:
        """Differentiate the discriminator's summed logit by its input."""
        with self._muted():
            return self._passes.input_gradient(images)

    def game_gradient(
        self, game: Game, player: Player, weights: Mapping[Player, torch.Tensor], latents: Any, reals: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Differentiate a game played on copies."""
        with self._muted():
            return self._passes.game_gradient(game, player, weights, latents, reals)

    def on_device(self, array: Any) -> Any:
        """Return an array as the players take it: channels first, in their precision, on their device."""
        own = next(iter(self.variables("d")), torch.zeros(()))
        # Copied: of one channel, NumPy takes the strides of channels last for those of channels first as well, and
        # convolutions then return what cannot be viewed as flat.
        tensor = torch.from_numpy(self.layout.first(np.asarray(array)).copy(order="C"))
        if tensor.is_floating_point():
            tensor = tensor.to(own.dtype)
        elif tensor.dtype in (torch.int32, torch.uint8, torch.int16):
            tensor = tensor.long()
        return tensor.to(own.device)

    def to_numpy(self, array: Any) -> np.ndarray:
        """Return a tensor with channels last; an array of another kind as NumPy has it."""
        if not isinstance(array, torch.Tensor):
            return np.asarray(array)
        plain = array.detach().float() if array.is_floating_point() else array.detach()
        return np.ascontiguousarray(self.layout.last(plain.cpu().numpy()))

    def number(self, value: Any) -> float:
        """Return a scalar as a float."""
        if isinstance(value, torch.Tensor):
            if value.numel() != 1:
                raise ValueError(f"expected one number, got a tensor of shape {tuple(value.shape)}")
            return float(value.detach())
        array = np.asarray(value, dtype=np.float64)
        if array.size != 1:
            raise ValueError(f"expected one number, got an array of shape {array.shape}")
        return float(array.reshape(()))

    def preserved_random_state(self, *functions: Callable[..., Any]) -> AbstractContextManager[None]:
        """Put every random generator back on leaving."""
        return preserved_random_state(*functions)

    # Training. ------------------------------------------------------------------------------------------------

    def attach(self, listener: Listener) -> None:
        """Set the hooks."""
        self._taps = Taps(self.players, self._called, self._weights, self.layout, listener)
        self._taps.on_call = self._saw_call
        if self._witness is not None:
            self._witness.watch_through(self._taps)
        for change in self._loss_changes:
            change.attach(self._taps)  # before the taps, which then see the gradients with it
        self._taps.attach()

    def attach_again(self, model: Any) -> None:
        """Do nothing: there is no model to attach to."""

    def detach(self) -> None:
        """Take the hooks away."""
        for change in self._loss_changes:
            change.detach()
        if self._taps is not None:
            self._taps.detach()

    def stop(self) -> bool:
        """Return False: the loop is the user's own."""
        return False

    def unseen(self, player: Player, steps: int) -> Absence | None:
        """Return why no update of a player has been seen."""
        return None if self._taps is None else self._taps.unseen(player, steps)

    def unsummed(self, player: Player) -> Absence | None:
        """Return None: gradients are those that the optimizer is given."""
        return None

    def begin_epoch(self) -> None:
        """Do nothing: no `fit` is known."""

    def end_fit_step(self, steps: int, logs: Mapping[str, Any] | None) -> None:
        """Do nothing: no `fit` is known."""

    def _muted(self) -> AbstractContextManager[None]:
        assert self._taps is not None
        return self._taps.muted()

    def replay(self, events: Sequence[Callable[[Taps], None]]) -> None:
        """Take note of what has happened in the step under way before this was attached."""
        assert self._taps is not None
        for tell in events:
            tell(self._taps)
        for change in self._loss_changes:
            change.begin_late()

    def phase_of(self, optimizer: Any) -> Player | None:
        """Return whose update an optimizer makes; None where it is neither's alone."""
        return None if self._taps is None else self._taps.phase_of(optimizer)

    def _saw_call(self, player: Player, given: Arguments, output: torch.Tensor) -> None:
        for change in self._loss_changes:
            change.called(player, given, output)
        self._describe(player, given)
        if output.requires_grad or player not in self._passes.arguments:
            given.forget()
            self._passes.arguments[player] = given

    def _describe(self, player: Player, given: Arguments) -> None:
        """Follow one call of a player, beside the user's own."""
        if player in self._cards:
            return
        network, optimizer = self.players.network(player), self.players.optimizer(player)
        self._cards[player] = declared(network, optimizer)
        args, kwargs = given.filled([t.detach().clone() for t in given.tensors])  # it may write to what it is given
        with self._muted(), preserved_random_state(), left_alone(network, training=False):
            self._cards[player] = called(network, optimizer, args, kwargs, partial(main_of, player))

    # Numbers of the step. ---------------------------------------------------------------------------------------

    def put(self, values: Mapping[str, Any], when: Any = True) -> None:
        """Take scalars of the step under way."""
        self._rows.put(values, when)

    def end_step(self) -> None:
        """Close the row."""
        if self._taps is not None:
            self._taps.settle_late()
        self._rows.end()
        if self._taps is not None:
            self._taps.end_step()

    def holds_broken_step(self) -> bool:
        """Tell whether an optimizer of a player was called since the last step ended."""
        return self._taps is not None and self._taps.updated

    def drain(self) -> list[dict[str, float]]:
        """Fetch the new rows."""
        return self._rows.drain()

    def switch(self, name: str) -> Switch:
        """Make a switch."""
        return TorchSwitch()

    def layer_gradients(self) -> LayerGradients:
        """Make a place for the gradient norms of layers."""
        return LayerNorms(self._rows, self._weights)

    def layer_movement(self) -> LayerMovement:
        """Make a place for the movement of layers."""
        return LayerNorms(self._rows, self._weights)

    def witness(self, loss: bool, latents: bool) -> Any:
        """Begin to copy what the objective is recognised from."""
        self._witness = TorchWitness(loss, latents)
        return self._witness

    def watch_calls(self, on: bool) -> None:
        """Begin or end copying what the players are given."""
        if self._taps is not None:
            self._taps.watch_calls(on)

    def calls(self) -> list[Call]:
        """Return the copied calls."""
        return [] if self._taps is None else self._taps.calls()

    def tell_draws(self) -> None:
        """Tell of samples made since the last update."""
        if self._taps is not None:
            self._taps.drawn.tell()

    def versions(self) -> dict[str, str]:
        """Return PyTorch's version."""
        return {"torch": str(torch.__version__)}
