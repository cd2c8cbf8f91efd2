"""Attach a GANMonitor to the GANs that the user's script trains, by `fit` or in a loop of its own (`loops`).

Nothing here may change what the script does. If anything goes wrong, it is noted and `fit` is called unchanged.
"""

from __future__ import annotations

import functools
import inspect
import sys
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from gandoctor.errors import GandoctorError
from gandoctor.experiments.child.forks import in_forks
from gandoctor.experiments.child.games import has_further_judge, recordings, steps_taken
from gandoctor.experiments.child.other_fits import OtherFits
from gandoctor.experiments.child.peek import CannotPeek, image_shape, peek
from gandoctor.experiments.child.recipe import recipe
from gandoctor.experiments.child.stop_request import StopRequest
from gandoctor.frameworks import other_keras_backend
from gandoctor.message import Absence, Absent, Message

OUR_MONITOR = "_gandoctor_monitor"
"""Attribute of a fitted model that holds the monitor attached here, which lives as long as the model."""


@dataclass(frozen=True)
class UnrecordedModel:
    """A model that was fitted but not recorded, and why."""

    model: str
    reason: str


class Attachment:
    """Attaches a GANMonitor to every GAN that is fitted, and remembers what was fitted.

    Args:
        run_dir: Run directory of the first GAN. The second one goes to a sibling named "-2", and so on.
        metadata: Manifest fields of every run.
        stop: Checked after every step.
        announce: Called with the run directory and the model's class name when recording of a run starts.
        changes: What is set in each training before its first step, by its name in `HANDLES`.
        duality_gap_at: Steps at which the duality gap is measured; empty leaves it to the script's own monitors.

    Attributes:
        runs: Run directories in order of first use.
        unrecorded: Models that were fitted but not recorded.
        unmonitored_optimizer: Class name of the optimizer in the script's own loop that no monitor records. Set in
            dry runs only.
        recipe: The lines that would record the script's own loop, in the script's names; None where there are none.
        other_fits: The fits that train no GAN; a dry run takes a few batches of each.
    """

    def __init__(
        self,
        run_dir: Path,
        metadata: dict[str, Any],
        stop: StopRequest,
        announce: Callable[[Path, str], None],
        resume: bool = False,
        changes: Mapping[str, float] | None = None,
        duality_gap_at: Sequence[int] = (),
    ) -> None:
        self.runs: list[Path] = []
        self.unrecorded: list[UnrecordedModel] = []
        self.unmonitored_optimizer: str | None = None
        self.recipe: str | None = None
        self.other_fits = OtherFits()
        self._run_dir = run_dir
        self._resume = resume
        self._metadata = metadata
        self._stop = stop
        self._announce = announce
        self._changes = dict(changes or {})
        self._duality_gap_at = duality_gap_at
        self._current: Path | None = None
        self._given = 0
        self._diverted: dict[Path, Path] = {}
        self._loops: list[Any] = []
        self._is_forked = False
        in_forks(self._leave_fork_alone)

    def patch_keras(self, keras: ModuleType) -> None:
        """Wrap `keras.Model.fit`, and follow networks and optimizers for a GAN that is trained in another way."""
        original = keras.Model.fit
        signature = inspect.signature(original)
        attachment = self

        @functools.wraps(original)
        def fit(model: Any, *args: Any, **kwargs: Any) -> Any:
            if attachment._is_forked:
                return original(model, *args, **kwargs)
            try:
                arguments = signature.bind(model, *args, **kwargs)
                monitors = attachment._monitors(model, arguments.arguments)
            except Exception as error:  # noqa: BLE001 - our failure must not become the script's
                traceback.print_exc()
                attachment._note(model, f"gandoctor failed: {type(error).__name__}: {error}")
                monitors = []
            if not monitors:
                if attachment._stop.dry_run_steps is not None:  # no GAN, and training it may take hours
                    return attachment.other_fits.fit(original, model, *args, **kwargs)
                return original(model, *args, **kwargs)  # no GAN, or one that is found by what it does
            attachment._leave_loops_alone()
            arguments.arguments["callbacks"] = attachment._callbacks(arguments.arguments.get("callbacks"), monitors)
            return attachment._fit(original, arguments, monitors)

        keras.Model.fit = fit
        if other_keras_backend() is not None:
            return
        try:
            from gandoctor.experiments.child.loops import LoopAttachment

            self._loops.append(LoopAttachment(self._loop_monitors, self._cannot_tell))
        except Exception:  # noqa: BLE001 - our failure must not become the script's
            traceback.print_exc()

    def patch_torch(self, _: ModuleType) -> None:
        """Follow PyTorch's modules and optimizers for a GAN that they train."""
        try:
            from gandoctor.experiments.child.torch_loops import TorchLoops

            self._loops.append(TorchLoops(self._loop_monitors, self._cannot_tell))
        except Exception:  # noqa: BLE001 - our failure must not become the script's
            traceback.print_exc()

    def close(self, reason: str, **fields: Any) -> None:
        """End what was attached to a loop of the script's own: nothing but the end of the script ends it."""
        self._leave_loops_alone(reason, **fields)

    def patch_monitor(self, module: ModuleType) -> None:
        """Make the script's own monitors announce their runs and obey stop requests.

        In a dry run they record into our directory, so that a check leaves nothing behind.
        """
        monitor = module.Monitor
        init, enter, step = monitor.__init__, monitor.__enter__, monitor.step
        attachment = self

        @functools.wraps(init)
        def init_diverted(self: Any, run_dir: Any, *args: Any, **kwargs: Any) -> None:
            init(self, attachment._divert(run_dir), *args, **{**kwargs, "resume": False})

        @functools.wraps(enter)
        def enter_and_announce(self: Any) -> Any:
            if not any(loops.is_ours(self) for loops in attachment._loops):
                attachment._leave_loops_alone()  # the script has a monitor of its own
            if attachment._stop.dry_run_steps == 0:
                attachment._write_card(self, None)
                if self.options.game is not None:
                    return self  # the other games follow; the first step ends it
                attachment._stop.leave_dry_run()
            attachment._give_options(self)
            result = attachment._entered(enter, self) if attachment._changes else enter(self)
            attachment._announce_recording(self, "loop")
            return result

        @functools.wraps(step)
        def step_and_obey(self: Any, **scalars: Any) -> None:
            step(self, **scalars)
            if attachment._stop.dry_run_steps == 0:
                attachment._stop.leave_dry_run()
            if self.session is not None:
                attachment._stop.count_step(steps_taken(self))
            if attachment._stop.reason == "stopped":
                attachment._close([self])
                raise SystemExit(0)

        monitor.__enter__, monitor.step = enter_and_announce, step_and_obey
        if self._stop.dry_run_steps is not None:
            monitor.__init__ = init_diverted

    def _entered(self, enter: Callable[..., Any], monitor: Any) -> Any:
        """Begin to record with changes, and note why where they cannot be made."""
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            result = enter(monitor)
        for one in told:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
        if monitor.session is None and told:
            self.unrecorded.append(UnrecordedModel("its loop", str(told[-1].message)))
        return result

    def _give_options(self, monitor: Any) -> None:
        """Have a monitor set what is to be tried, and measure what is asked for, before it begins to record."""
        asked = self._duality_gap_at or monitor.options.duality_gap_at
        monitor.options = replace(monitor.options, changes=self._changes, duality_gap_at=asked)

    def _monitors(self, model: Any, arguments: dict[str, Any]) -> list[Any]:
        """Return the monitors of this fit: the script's own if it has any, else ours; none if this is not a GAN."""
        from gandoctor.monitors.monitor import Monitor

        given = arguments.get("callbacks")
        given = getattr(given, "callbacks", given)
        own = [c for c in (given if isinstance(given, list | tuple) else [given]) if isinstance(c, Monitor)]
        for monitor in own:
            self._give_options(monitor)
        if own:
            if self._stop.dry_run_steps == 0:
                self._write_cards_and_leave(own[:1] if own[0].options.game is None else own, model)
            return own
        if (backend := other_keras_backend()) is not None:
            self._note(model, f"Keras runs on {backend}")
            return []
        ours = vars(model).get(OUR_MONITOR)
        return [ours] if ours is not None else self._new_monitor(model, arguments)

    def _new_monitor(self, model: Any, arguments: dict[str, Any]) -> list[Any]:
        import keras

        from gandoctor.backends.keras_networks.players import find_players
        from gandoctor.monitors import GANMonitor, MonitorWarning

        try:
            players = find_players(model)
        except GandoctorError as error:
            self._note(model, str(error))
            return []
        for name in ("generator", "discriminator"):
            player = getattr(players, name)
            if not isinstance(player, keras.layers.Layer):
                self._note(model, f"its {name} is a {type(player).__name__}, not a Keras model")
                return []
        if has_further_judge(model, players):
            return []  # several games, which are found by what the networks do
        shape = image_shape(players.discriminator)
        data: dict[str, Any] = {}
        missing: dict[str, Absence] = {}
        for name, source in (("probe_data", "x"), ("holdout_data", "validation_data")):
            try:
                if arguments.get(source) is not None:
                    data[name] = peek(arguments[source], shape)
            except Exception as error:  # noqa: BLE001 - recording goes on without
                why = str(error) if isinstance(error, CannotPeek) else f"{type(error).__name__}: {error}"
                not_looked_at = Message(
                    "fit's {source} was not looked at: {why}; pass GANMonitor(..., {argument}=...) in the script",
                    source=source,
                    why=why,
                    argument=name,
                )
                missing[name] = Absence(Absent.NOT_GIVEN, not_looked_at)
        monitor = GANMonitor(self._next_run_dir(), **data, metadata=self._metadata, resume=self._resumes)
        monitor.options = replace(monitor.options, observe_loop=True)
        self._give_options(monitor)
        if self._stop.dry_run_steps == 0:
            self._write_cards_and_leave([monitor], model)
        with warnings.catch_warnings():
            # A monitor warns and records nothing. Here the reason goes into our message.
            warnings.simplefilter("error", MonitorWarning)
            try:
                monitor.set_model(model)
            except MonitorWarning as warning:
                self._note(model, str(warning))
                return []
        assert monitor.session is not None
        for name, absence in missing.items():
            monitor.session.explain(name, absence)
        self._given += 1
        vars(model)[OUR_MONITOR] = monitor
        return [monitor]

    @property
    def _resumes(self) -> bool:
        return self._resume and self._given == 0

    def _next_run_dir(self) -> Path:
        return self._run_dir if self._given == 0 else self._run_dir.with_name(f"{self._run_dir.name}-{self._given + 1}")

    def _callbacks(self, given: Any, monitors: list[Any]) -> Any:
        import keras

        attachment = self

        class Companion(keras.callbacks.Callback):
            """Announces the run directory once it is known, and ends the training on request."""

            def on_train_begin(self, logs: Any = None) -> None:
                attachment._announce_recording(monitors[0], type(self.model).__name__)

            def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
                if monitors[0].session is not None:
                    attachment._stop.count_step(monitors[0].session.step)
                if attachment._stop.reason is not None:
                    attachment._close(monitors)
                    attachment._stop.leave_dry_run()
                    self.model.stop_training = True

        companion = Companion()
        ours = [m for m in monitors if vars(m.model).get(OUR_MONITOR) is m] if monitors[0].model is not None else []
        if given is None:
            return [*ours, companion]
        if hasattr(given, "append") and not isinstance(given, list):  # a keras CallbackList
            for callback in (*ours, companion):
                given.append(callback)
            return given
        return [*(given if isinstance(given, list | tuple) else [given]), *ours, companion]

    def _fit(self, original: Callable[..., Any], arguments: inspect.BoundArguments, monitors: list[Any]) -> Any:
        if self._stop.reason == "stopped":
            raise SystemExit(0)  # training was stopped on request, and the script starts another fit
        self._stop.begin_training()
        try:
            result = original(*arguments.args, **arguments.kwargs)
        except BaseException as error:
            for monitor in monitors:
                if isinstance(error, KeyboardInterrupt):
                    monitor.close("interrupted")
                elif isinstance(error, SystemExit) and not error.code:
                    monitor.close("stopped", why="the script exited")
                else:
                    monitor.close("crashed", error=f"{type(error).__name__}: {error}")
            raise
        finally:
            self._stop.end_training()
        if self._stop.reason == "interrupted":
            raise KeyboardInterrupt  # as Ctrl-C does to a script, but after the step
        return result

    def _close(self, monitors: list[Any]) -> None:
        reason, why = self._stop.reason, self._stop.why
        for recording in [each for monitor in monitors for each in recordings(monitor)]:
            # Close the run here: fit would close it as completed.
            recording.close(reason=reason, **({"why": why} if why else {}))

    def _leave_loops_alone(self, reason: str = "completed", **fields: Any) -> None:
        while self._loops:
            self._loops.pop().close(reason, **fields)

    def _leave_fork_alone(self) -> None:
        self._is_forked = True
        self._leave_loops_alone()

    def _loop_monitors(self, games: list[dict[str, Any]]) -> list[Any]:
        """Return a monitor for each pair of players that was found by what it does; they share what probes may cost."""
        from gandoctor.monitors import GANMonitor
        from gandoctor.recording.session.options import Options

        self.other_fits.trains_gan()
        run_dir, budget, resume = self._next_run_dir(), Options.overhead_budget / len(games), self._resumes
        self._given += 1
        monitors = [
            GANMonitor(run_dir, **g, overhead_budget=budget, metadata=self._metadata, resume=resume) for g in games
        ]
        for monitor in monitors:
            self._give_options(monitor)
        if self._stop.dry_run_steps == 0:
            self._write_cards_and_leave(monitors, None)
        return monitors

    def _cannot_tell(self, unknown: Any) -> None:
        """Tell, at the first updates and not after the training, that nothing can be recorded, why, and what to do."""
        if self.other_fits.running:
            return
        self.unmonitored_optimizer = type(unknown.optimizer).__name__
        with suppress(Exception):  # nothing that a program holds can be relied on
            self.recipe = recipe(unknown, sys._getframe())
        print(f"gandoctor records nothing so far: {unknown.why}", file=sys.stderr)
        print(self.recipe or "", file=sys.stderr, flush=True)
        self._stop.leave_dry_run()

    def _write_cards_and_leave(self, monitors: list[Any], model: Any) -> None:
        """Write the model cards that these monitors would write, and leave the script before it trains.

        Raises:
            DryRunEnded: Always.
        """
        for monitor in monitors:
            self._write_card(monitor, model)
        self._stop.leave_dry_run()

    def _write_card(self, monitor: Any, model: Any) -> None:
        from gandoctor.monitors.card_only import write_card

        write_card(replace(monitor.options, resume=monitor.options.game is not None), model)
        self._announce_once(
            Path(monitor.options.run_dir).resolve(), type(model).__name__ if model is not None else "loop"
        )

    def _divert(self, run_dir: Any) -> Path:
        wanted = Path(run_dir).absolute()
        if wanted.parent == self._run_dir.parent:
            return wanted
        return self._diverted.setdefault(wanted, self._run_dir.with_name(f"own-{len(self._diverted) + 1}"))

    def _announce_recording(self, monitor: Any, model: str) -> None:
        if monitor.recorded_in is not None:
            self._announce_once(Path(monitor.recorded_in).resolve(), model)
        elif self._stop.dry_run_steps is not None:
            reason = "its own monitor records nothing; run the script to see why"
            self.unrecorded.append(UnrecordedModel(model, reason))
            self._stop.leave_dry_run()

    def _announce_once(self, run_dir: Path, model: str) -> None:
        if run_dir not in self.runs:
            self.runs.append(run_dir)
        if run_dir != self._current:
            self._current = run_dir
            self._announce(run_dir, model)

    def _note(self, model: Any, reason: str) -> None:
        note = UnrecordedModel(type(model).__name__, reason)
        if note not in self.unrecorded:
            self.unrecorded.append(note)
