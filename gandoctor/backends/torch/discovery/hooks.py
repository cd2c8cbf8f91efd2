"""Hooks: follow the modules and optimizers of a program from before its first step.

They are set on PyTorch itself, as nothing is known of the instances yet, and only until the players are found. What
has happened in the step under way is then told once more to what records it, so that its first step is whole.
"""

from __future__ import annotations

import itertools
import sys
import threading
import traceback
import warnings
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import torch
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

from gandoctor.backends import is_of_keras
from gandoctor.backends.discovery.games import FurtherGames
from gandoctor.backends.discovery.pairs import Pair, PairFinder, SeenUpdate
from gandoctor.backends.discovery.unknown import Unknown, places, why_unknown
from gandoctor.backends.torch.direct_forward import DIRECT, is_part_of_caller
from gandoctor.backends.torch.discovery.flow import Flow, TorchNetworks, weights
from gandoctor.backends.torch.made_optimizers import held_by, made_optimizers
from gandoctor.backends.torch.step_hooks import STEPS
from gandoctor.backends.torch.taps import Taps
from gandoctor.backends.torch.update import norms_by_id
from gandoctor.backends.torch.wrapped import Wrapped

DEPTH_MAX = 3
"""How deep in calls of other modules a module may be called to be taken for a network."""
EVENTS_KEPT = 64
"""What is remembered of the step under way."""
UPDATES_UNTIL_TOLD = 12
"""Updates after which a program whose players are still unknown is said to be none that can be attached to."""
UPDATES_WATCHED, UPDATES_IN_ALL = 8, 64
"""From then on so many updates are followed of so many: most likely no GAN is trained for long."""

_HOOKS_OF_COMPILED = r"Using `torch.compile\(module\)` when there are global hooks"
"""How PyTorch's warning begins that hooks hear of the call of a compiled module twice, which is all right here."""

Event = Callable[[Taps], Any]
"""Tells taps of something that has happened in the step under way."""


class Hooks:
    """Follows a program until its players are found, then its updates.

    Args:
        found: Called once before the update that follows, with the pairs, the updates so far in order, and what has
            happened in the step under way.
        updated: Called with an optimizer after each update, once something is recorded.
        cannot_tell: Called once, with what was seen, where the players stay unknown for some updates.

    Attributes:
        is_recording: Whether the players are found.
    """

    def __init__(
        self,
        found: Callable[[list[Pair], Sequence[SeenUpdate], Sequence[Event]], None],
        updated: Callable[[Any], None],
        cannot_tell: Callable[[Unknown], None],
    ) -> None:
        self._found, self._updated, self._cannot_tell = found, updated, cannot_tell
        self._flow = Flow()
        self._seen: dict[tuple[int, frozenset[int], frozenset[int] | None], SeenUpdate] = {}
        self._made: deque[SeenUpdate] = deque(maxlen=UPDATES_UNTIL_TOLD)
        self._events: deque[Event] = deque(maxlen=EVENTS_KEPT)
        self._further = FurtherGames(TorchNetworks(self._flow))
        self._inside = threading.local()
        self._handles: list[Any] = []
        self._wrapped = Wrapped()
        self._latest: SeenUpdate | None = None  # about to be made
        self._missed = self._since_woken = 0
        self._held: list[frozenset[int]] = []  # by optimizers that were made and not called
        self._sees_parts = False  # of a network whose own call is not told yet: they would be taken for networks
        self.is_recording = False

    def install(self) -> None:
        """Set the hooks."""
        STEPS.add(self)
        DIRECT.begin(self._enter, self._leave)
        warnings.filterwarnings("ignore", _HOOKS_OF_COMPILED)
        self._handles.append(register_module_forward_pre_hook(self._enter))
        self._handles.append(register_module_forward_hook(self._leave, with_kwargs=True, always_call=True))
        self._wrapped.wrap(torch.autograd, "backward", self._backward)
        self._wrapped.wrap(torch.autograd, "grad", self._grad)
        self._wrapped.wrap(torch.nn.utils, "clip_grad_norm_", self._clip)
        self._wrapped.wrap(torch.nn.utils, "clip_grad_value_", self._clip)
        self._wrapped.wrap(torch.amp.GradScaler, "scale", self._scale)
        self._wrapped.wrap(torch.Tensor, "detach", self._detach)

    def remove(self) -> None:
        """Put everything back; safe to call twice."""
        STEPS.remove(self)
        DIRECT.end()
        self._stop_watching()

    def _stop_watching(self, keep_hooks: bool = False) -> None:
        if not keep_hooks:
            for handle in self._handles:
                handle.remove()
            self._handles.clear()
        self._wrapped.restore()

    # The hooks. -----------------------------------------------------------------------------------------------

    def before_step(self, optimizer: Any) -> None:
        """See `StepListener`."""
        if self.is_recording:
            return
        with suppress(Exception):
            if self._is_resting:
                self._wake(optimizer)
                return
            self._latest = self._note_update(optimizer)
            if self._missed == UPDATES_UNTIL_TOLD - 1:  # once: optimizers are searched for
                known = {id(update.optimizer) for update in self._seen.values()}
                self._held = [held_by(one) for one in made_optimizers() if id(one) not in known]
            if not self._sees_parts:
                self._decide(self._latest)

    def after_step(self, optimizer: Any) -> None:
        """See `StepListener`."""
        if self.is_recording:
            self._updated(optimizer)
            return
        if self._latest is not None and self._latest.optimizer is optimizer:
            self._made.append(self._latest)
        self._latest = None
        self._events.clear()
        self._flow.updated()
        if self._sees_parts:
            self._flow.forget()
            self._sees_parts = False
        self._miss(optimizer)

    def _enter(self, module: Any, args: Any) -> None:
        if not (torch.compiler.is_compiling() or self.is_recording):  # what is compiled is one call without parts
            depth = getattr(self._inside, "depth", 0)
            if depth == 0:
                with suppress(Exception):
                    self._sees_parts |= DIRECT.look()
            self._inside.depth = depth + 1

    def _leave(self, module: Any, args: Any, kwargs: Any, output: Any) -> None:
        if torch.compiler.is_compiling() or self.is_recording:
            return
        depth = self._inside.depth = max(0, getattr(self._inside, "depth", 0) - 1)
        if output is None or self._sees_parts or self._is_resting or not _may_be_network(module, depth):
            return
        with suppress(Exception), torch.no_grad():
            self._flow.note(module, (args, kwargs), output, by_value=depth == 0)
            self._events.append(lambda taps: taps.called(module, args, kwargs, output))

    def _backward(self, original: Callable[..., Any], tensors: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(tensors, *args, **kwargs)
        gradients = args[0] if args else kwargs.get("grad_tensors")
        self._events.append(lambda taps: taps.losses.differentiated(tensors, gradients, kwargs.get("inputs")))
        return result

    def _grad(self, original: Callable[..., Any], outputs: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(outputs, inputs, *args, **kwargs)
        self._events.append(lambda taps: taps.differentiated_by(inputs))
        return result

    def _clip(self, original: Callable[..., Any], parameters: Any, *args: Any, **kwargs: Any) -> Any:
        several = [parameters] if isinstance(parameters, torch.Tensor) else list(parameters)
        with suppress(Exception):
            norms = norms_by_id(several)
            self._events.append(lambda taps: taps.clipped(norms))
        return original(several, *args, **kwargs)

    def _detach(self, original: Callable[..., Any], tensor: Any) -> Any:
        detached = original(tensor)
        if not torch.compiler.is_compiling():
            with suppress(Exception):
                if not self._is_resting and tensor.grad_fn is not None and tensor.dim() > 1:
                    self._flow.cut(detached, tensor.grad_fn)
        return detached

    def _scale(self, original: Callable[..., Any], scaler: Any, outputs: Any) -> Any:
        scaled = original(scaler, outputs)
        self._events.append(lambda taps: taps.losses.scaled(outputs, scaled))
        return scaled

    # ----------------------------------------------------------------------------------------------------------

    @property
    def _is_resting(self) -> bool:
        return self._missed > UPDATES_UNTIL_TOLD and self._since_woken >= UPDATES_WATCHED

    def _wake(self, optimizer: Any) -> None:
        """Follow updates again after some, and as soon as an optimizer is new: another phase has begun."""
        known = {id(update.optimizer) for update in self._seen.values()}
        if id(optimizer) not in known or self._since_woken >= UPDATES_IN_ALL:
            self._since_woken = 0

    def _note_update(self, optimizer: Any) -> SeenUpdate:
        held = frozenset(id(p) for group in optimizer.param_groups for p in group["params"])
        shown = self._flow.shown_since_update() if self._holds_several(held) else None
        key = (id(optimizer), held, shown)
        if key not in self._seen:
            latest = calls[-1] if (calls := self._flow.calls) else None
            self._seen[key] = SeenUpdate(optimizer, held, places(), latest, shown)
        return self._seen[key]

    def _holds_several(self, held: frozenset[int]) -> bool:
        """Tell whether there are two networks, or two parts of one, among what an optimizer holds."""
        called = {own for call in self._flow.calls if (own := weights(call.network)) and own <= held}
        return any(one.isdisjoint(other) for one, other in itertools.combinations(called, 2))

    def _finder(self) -> PairFinder:
        calls, updates = self._flow.calls, list(self._seen.values())
        return PairFinder(TorchNetworks(self._flow), calls, updates, held=self._held)

    def _decide(self, update: SeenUpdate) -> None:
        """Begin to record if the pairs are known, and no further ones may be yet to show."""
        pairs = self._finder().pairs()
        if not pairs or self._further.are_awaited(pairs, self._flow.calls, update):
            return
        # Compiled code asks whether modules have as many hooks as when it was compiled. Without ours it would be
        # compiled again, often with other shapes left open, and round differently.
        self._stop_watching(keep_hooks=_has_compiled())
        self.is_recording = True
        try:
            returned = self._flow.returned()  # in steps before, and a program may show it again
            events: list[Event] = [lambda taps: taps.losses.returned_before(returned), *self._events]
            self._found(pairs, list(self._made), events)
        except Exception:  # noqa: BLE001 - our failure must not become the program's
            traceback.print_exc()
        self._flow.forget()
        self._events.clear()
        self._made.clear()

    def _miss(self, optimizer: Any) -> None:
        """Count updates that nothing recorded; say so when there are too many."""
        if self._further.is_waiting:
            return
        self._missed += 1
        self._since_woken += 1
        if self._missed == UPDATES_UNTIL_TOLD:
            calls, networks = self._flow.calls, TorchNetworks(self._flow)
            trained = self._finder().trained_by()
            why = why_unknown(networks, calls, UPDATES_UNTIL_TOLD)
            self._cannot_tell(Unknown(optimizer, why, calls, list(self._seen.values()), trained))


def _has_compiled() -> bool:
    """Tell whether anything was compiled in this process so far."""
    dynamo = sys.modules.get("torch._dynamo.utils")
    return dynamo is not None and dynamo.counters["frames"]["total"] > 0


def _may_be_network(module: Any, depth: int) -> bool:
    """Tell whether a module is called by the program itself, or is one of its own within another."""
    if depth > DEPTH_MAX or is_of_keras(type(module)) or next(module.parameters(), None) is None:
        return False
    is_layer = type(module).__module__.startswith("torch.nn.modules.") and next(module.children(), None) is None
    return not is_layer or (depth == 0 and not is_part_of_caller(module))
