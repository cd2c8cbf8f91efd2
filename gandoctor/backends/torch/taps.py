"""Taps: where the PyTorch backend reaches into training, by hooks on modules and optimizers and on `backward`.

All of it is set for the length of the recording and only reads. `torch.autograd.backward` and `grad` are wrapped, as
a loss has nothing to put a hook on before it exists.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from gandoctor.backends.torch.asked import Asked
from gandoctor.backends.torch.drawn import Drawn
from gandoctor.backends.torch.forward_hooks import ForwardHook
from gandoctor.backends.torch.layout import Layout
from gandoctor.backends.torch.left_out import LeftOut
from gandoctor.backends.torch.left_over import LeftOver
from gandoctor.backends.torch.loss_calls import LossCalls
from gandoctor.backends.torch.losses import Losses
from gandoctor.backends.torch.passes import Arguments, main_of
from gandoctor.backends.torch.pulls import Pulls
from gandoctor.backends.torch.real_batches import RealBatches
from gandoctor.backends.torch.sigmoid import Logits
from gandoctor.backends.torch.step_hooks import STEPS
from gandoctor.backends.torch.update import TorchBatch, TorchUpdate, norm_of
from gandoctor.backends.torch.weights import Weights
from gandoctor.backends.torch.wrapped import Wrapped
from gandoctor.message import Absence, Absent, Message
from gandoctor.player_names import NAMES, PLAYERS, Player
from gandoctor.recording.backend import Listener
from gandoctor.recording.in_step import Call, StepTrace
from gandoctor.recording.players import Players
from gandoctor.store.player_card import ModeCard

CALLS_MAX = 64
"""Calls that are copied between two readings."""
ROWS_MAX = 256


class Taps:
    """Attaches to both networks and to every optimizer, and calls a listener in every update.

    Args:
        players: The GAN.
        called: Player -> the modules that the program calls, one after the other where a player is made of several.
        weights: Tells whose a parameter is.
        layout: Of copied batches.
        listener: Is called.

    Attributes:
        captures: Player -> how often its optimizer was called.
        losses: What was differentiated for the updates.
        updated: Whether a player was updated in the step under way.
        latents: What the generator was last given, as NumPy has it; kept while `wants_latents`.
        saw_penalty: Whether something was differentiated with respect to other things than parameters.
    """

    def __init__(
        self,
        players: Players,
        called: Mapping[Player, Sequence[torch.nn.Module]],
        weights: Weights,
        layout: Layout,
        listener: Listener,
    ) -> None:
        self._players, self._weights, self._layout, self._listener = players, weights, layout, listener
        self._members = called
        self._begun: dict[Player, tuple[tuple[Any, ...], dict[str, Any]]] = {}
        self._muted = threading.local()
        self._handles: list[Any] = []
        self._wrapped = Wrapped()
        self._unclipped: dict[Player, Any] = {}
        self._left_over = LeftOver(weights)
        self.left_out = LeftOut(weights)
        self.asked = Asked(weights)
        self.loss_calls = LossCalls(listener)
        self.modes: dict[Player, ModeCard] = {player: ModeCard() for player in PLAYERS}
        self._steps = 0
        self._has_called = False  # a player, in the step under way
        self._under_way: dict[int, TorchUpdate | None] = {}  # of optimizers, by id, that are about to move weights
        self._calls: list[tuple[Call, list[int]]] | None = None
        self.captures: dict[Player, int] = dict.fromkeys(PLAYERS, 0)
        self.updated = False
        self._shared_phase: Player | None = None  # of the latest update of an optimizer that both players share
        self._moves_both_at_once = False
        self.losses = Losses(weights, lambda output: None if self._logits is None else self._logits.of(output))
        self.latents = np.zeros(0, np.float32)
        self.wants_latents = False
        self.saw_penalty = False
        self._logits: Logits | None = None
        self._real_batches = RealBatches()
        self._pulls = Pulls(listener)
        self.drawn = Drawn(listener)
        self.on_call: Callable[[Player, Arguments, torch.Tensor], None] | None = None

    def attach(self) -> None:
        """Set every hook."""
        for player in PLAYERS:
            for member in self._members[player]:
                self._handles.append(ForwardHook(member, self.called))
        self._logits = Logits(self._players.discriminator)
        self._handles.append(self._logits)
        players = [member for player in PLAYERS for member in self._members[player]]
        with self._listener.contained():
            self._handles += self.drawn.watch_copies(self._players.generator, players, self._wrapped)
        STEPS.add(self)
        self.loss_calls.wrap(self._wrapped)
        self._wrapped.wrap(torch.autograd, "backward", self._backward)
        self._wrapped.wrap(torch.autograd, "grad", self._grad)
        self._wrapped.wrap(torch.nn.utils, "clip_grad_norm_", self._clip)
        self._wrapped.wrap(torch.nn.utils, "clip_grad_value_", self._clip)
        self._wrapped.wrap(torch.amp.GradScaler, "scale", self._scale)

    def detach(self) -> None:
        """Take every hook away."""
        STEPS.remove(self)
        self.drawn.end()
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        self._wrapped.restore()

    @contextmanager
    def muted(self) -> Iterator[None]:
        """For the recording's own passes: what the players are given and say there is no part of a step."""
        before = self._is_muted
        self._muted.on = True
        try:
            yield
        finally:
            self._muted.on = before

    @property
    def _is_muted(self) -> bool:
        return getattr(self._muted, "on", False)

    def watch_calls(self, on: bool) -> None:
        """Begin or end copying what the players are given."""
        self._calls = [] if on else None

    def calls(self) -> list[Call]:
        """Return the copied calls since the last time, in order."""
        found = [call for call, _ in self._calls or ()]
        if self._calls is not None:
            self._calls = []
        return found

    def end_step(self) -> None:
        """Forget what belongs to the step that is over."""
        self._steps += 1
        self.updated = self._has_called = False
        self._under_way.clear()
        self.losses.end_step()
        self._real_batches.end_step()
        self._pulls.end_step()
        self.asked.end_step()
        self._unclipped.clear()

    def unseen(self, player: Player, steps: int) -> Absence | None:
        """Return why no update of a player has been seen after some steps; None when one has."""
        if self.captures[player]:
            return None
        if not any(p.requires_grad for _, p in self._weights.named(player)):
            why = Message(
                "the {player} is not being trained: none of its parameters requires a gradient", player=NAMES[player]
            )
            return Absence(Absent.FROZEN, why)
        if self._moves_both_at_once and self._players.g_optimizer is self._players.d_optimizer is not None:
            return Absence(Absent.NOT_SEEN, Message("one optimizer makes both players' steps at once"))
        why = Message(
            "no optimizer that holds the {player}'s parameters was called in {steps} steps",
            player=NAMES[player],
            steps=steps,
        )
        return Absence(Absent.NOT_CALLED, why)

    # The hooks. -----------------------------------------------------------------------------------------------

    def called(self, network: Any, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        """A module has been called; of a player made of several, what the first was given is what the last has made."""
        if torch.compiler.is_compiling() or self._is_muted:
            return
        for player, members in self._members.items():
            if network is members[0]:
                self._begun[player] = args, kwargs
            if network is members[-1] and player in self._begun:
                self._called(player, *self._begun.pop(player), output)

    def _called(self, player: Player, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        with self._listener.contained(), torch.no_grad():
            given = Arguments(args, kwargs)
            inputs, first = given.tensors, main_of(player, output)
            if not inputs or not isinstance(first, torch.Tensor):
                return
            if self._calls is not None and len(self._calls) < CALLS_MAX:
                self._copy(player, inputs, first)
            differentiates = bool(first.requires_grad)  # what is made to look at is not
            if differentiates and not self._has_called:
                self._has_called = True
                self._weights.list_anew()
            if player == "g":
                self._real_batches.made(first)
                self._pulls.made(first)
                self.drawn.made(self._members["g"][-1], inputs, first)
            if differentiates:
                self._note_mode(player)
            if self.on_call is not None:
                self.on_call(player, given, first)
            if player == "g" and differentiates:
                self.left_out.generated(first)
                self._take_latents(inputs[0])
            elif player == "d" and differentiates:
                self._real_batches.given(inputs)
                self.losses.scored(inputs, first)
                self._pulls.scored(inputs, first)

    def _note_mode(self, player: Player) -> None:
        mode = self.modes[player]
        if self._members[player][-1].training:
            mode.calls, mode.inference_calls, mode.inference_since = mode.calls + 1, 0, None
        else:
            mode.inference_calls += 1
            mode.inference_since = self._steps if mode.inference_since is None else mode.inference_since

    def _copy(self, player: Player, inputs: list[torch.Tensor], output: torch.Tensor) -> None:
        assert self._calls is not None
        given = [self._layout.last(_copied(t)) for t in inputs]
        call = Call(player, given[0] if len(given) == 1 else given, self._layout.last(_copied(output)))
        self._calls.append((call, [id(t) for t in inputs]))

    def _take_latents(self, latents: torch.Tensor) -> None:
        if self.wants_latents and latents.is_floating_point():
            self.latents = latents.detach().float().cpu().numpy().ravel()
        self._listener.fed("latents", TorchBatch(latents))

    def _backward(self, original: Callable[..., Any], tensors: Any, *args: Any, **kwargs: Any) -> Any:
        if not self._is_muted:
            self.settle_late()
            with self._listener.contained():
                self.losses.before_backward()
                self._left_over.before_backward()
            self._pulls.begin()
        result = original(tensors, *args, **kwargs)
        if not self._is_muted:
            with self._listener.contained():
                gradients = args[0] if args else kwargs.get("grad_tensors")
                pulls = self._pulls.heard(tensors)
                owner = self.losses.differentiated(tensors, gradients, kwargs.get("inputs"), pulls)
                if owner is not None:
                    self._left_over.after_backward(owner)
                if owner is not None and isinstance(tensors, torch.Tensor):
                    self.left_out.differentiated(owner, tensors)
                    if owner == "g":
                        self.asked.differentiated(tensors)
        return result

    def settle_late(self) -> None:
        """Record what the discriminator's update was made of, where that was not known when it was made."""
        with self._listener.contained():
            trace = self.losses.settle_late()
            if trace is not None:
                self._listener.step_end(trace)

    def _grad(self, original: Callable[..., Any], outputs: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(outputs, inputs, *args, **kwargs)
        if not self._is_muted:
            with self._listener.contained():
                self.differentiated_by(inputs)
        return result

    def differentiated_by(self, inputs: Any) -> None:
        """Something was differentiated with respect to these."""
        points = [inputs] if isinstance(inputs, torch.Tensor) else list(inputs)
        ids = {id(p) for p in points if not isinstance(p, torch.nn.Parameter)}
        if not ids:
            return
        self.saw_penalty = True
        self.losses.penalised(ids)
        if self._calls is not None:
            self._calls = [
                (replace(call, is_penalised=True) if ids & set(given) else call, given) for call, given in self._calls
            ]

    def _clip(self, original: Callable[..., Any], parameters: Any, *args: Any, **kwargs: Any) -> Any:
        several = [parameters] if isinstance(parameters, torch.Tensor) else list(parameters)
        if not self._is_muted:
            with self._listener.contained():
                given = {id(p) for p in several}
                for player in PLAYERS:
                    own = [p for _, p in self._weights.named(player) if p.grad is not None]
                    if own and given & {id(p) for p in own}:
                        self._unclipped.setdefault(
                            player, norm_of([p.grad for p in own])
                        )  # before the first of several
        return original(several, *args, **kwargs)

    def clipped(self, norms: Mapping[int, torch.Tensor]) -> None:
        """Gradients are about to be clipped.

        Args:
            norms: Id of a parameter -> norm of its gradient.
        """
        for player in PLAYERS:
            own = [id(p) for _, p in self._weights.named(player) if p.grad is not None]
            if own and all(one in norms for one in own):
                self._unclipped.setdefault(player, torch.linalg.vector_norm(torch.stack([norms[one] for one in own])))

    def _scale(self, original: Callable[..., Any], scaler: Any, outputs: Any) -> Any:
        scaled = original(scaler, outputs)
        self.losses.scaled(outputs, scaled)
        return scaled

    def before_step(self, optimizer: Any) -> None:
        """See `StepListener`."""
        with self._listener.contained():
            self._tell_shared_phase()
            self._under_way[id(optimizer)] = update = self._update(optimizer)
            self.left_out.stepped(optimizer, None if update is None else update.phase)
            if update is None:
                return
            self._adopt(optimizer, update.phase)
            self.drawn.updated()
            self.asked.updated(update.phase)
            real = self._real_batches.of_update()
            if real is not None and update.phase == "d":
                self._listener.fed("real", TorchBatch(real))
            update = replace(update, left_over=self._left_over.updated(update.phase))
            self.captures[update.phase] += 1
            self.updated = True
            trace = self.losses.settle(update.phase)
            if trace is not None:
                self._listener.step_end(_as_maximised(trace, optimizer))
            self._listener.before_update(update)
            self._listener.on_gradients(update)

    def after_step(self, optimizer: Any) -> None:
        """See `StepListener`."""
        with self._listener.contained():
            known = id(optimizer) in self._under_way
            update = self._under_way.pop(id(optimizer)) if known else self._update(optimizer)
            if update is not None:
                self._unclipped.pop(update.phase, None)
                self.losses.updated(update.phase)
                self._listener.after_update(update)

    def _update(self, optimizer: Any) -> TorchUpdate | None:
        if self._is_muted:
            return None
        held = {id(p) for group in optimizer.param_groups for p in group["params"]}
        owned = {player: {n: p for n, p in self._weights.named(player) if id(p) in held} for player in PLAYERS}
        phase = self.phase_of(optimizer)
        if phase is None:
            return None
        gradients = {
            player: {name: p.grad for name, p in own.items() if p.grad is not None} for player, own in owned.items()
        }
        scale = getattr(optimizer, "grad_scale", None)
        return TorchUpdate(phase, gradients, 1.0 if scale is None else float(scale), self._unclipped.get(phase))

    def phase_of(self, optimizer: Any) -> Player | None:
        """Return whose update it is: by the optimizers that were passed, else by whose weights it holds.

        Where both players share it, it is the discriminator's if that was given anything that is not the generator's,
        and neither's if it makes both steps at once.
        """
        if optimizer is self._players.g_optimizer and optimizer is self._players.d_optimizer:
            return self._shared_phase
        for player in PLAYERS:
            if optimizer is self._players.optimizer(player):
                return player
        held = {id(p) for group in optimizer.param_groups for p in group["params"]}
        holders = [player for player in PLAYERS if any(id(p) in held for _, p in self._weights.named(player))]
        return holders[0] if len(holders) == 1 else None

    def _tell_shared_phase(self) -> None:
        if self._real_batches.are_of_both_steps:
            self._shared_phase, self._moves_both_at_once = None, True
        else:
            self._shared_phase = "d" if self._real_batches.is_any_given else "g"

    def _adopt(self, optimizer: Any, phase: Player) -> None:
        slot = f"{phase}_optimizer"
        if getattr(self._players, slot) is None:
            setattr(self._players, slot, optimizer)
            self._players.sources[slot] = f"seen to update the {NAMES[phase]}"
            self._players.absent.pop(slot, None)


def _as_maximised(trace: StepTrace, optimizer: Any) -> StepTrace:
    """Return what a loss wants of the scores; the opposite where its optimizer raises it."""
    if not any(group.get("maximize", False) for group in optimizer.param_groups):
        return trace
    turned = {phase: {side: -value for side, value in own.items()} for phase, own in trace.pulls.items()}
    return replace(trace, pulls=turned)


def _copied(tensor: torch.Tensor) -> np.ndarray:
    """Copy the first rows: a program may draw its next latents into the same tensor, or scale images in place."""
    rows = tensor.detach()[:ROWS_MAX]
    return np.array((rows.float() if rows.is_floating_point() else rows).cpu().numpy())
