"""Attaching to `keras.Model.fit` of a script that knows nothing of gandoctor, in its own process.

Nothing here may change what the script does: whatever goes wrong is noted, and `fit` is called as it was.
"""

from __future__ import annotations

import functools
import inspect
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from gandoctor.errors import GandoctorError
from gandoctor.experiments.child.peek import CannotPeek, peek
from gandoctor.experiments.child.stop_request import StopRequest
from gandoctor.message import Absence, Absent, Message

OUR_MONITOR = "_gandoctor_monitor"
"""Attribute of a fitted model that holds the monitor this module gave it: it lives as long as the model."""


@dataclass(frozen=True)
class Unfit:
    """A model that was fitted and is not recorded, and why."""

    model: str
    reason: str


class Attachment:
    """Gives every GAN that is fitted a GANMonitor, and remembers what was fitted.

    Args:
        run_dir: Where the first GAN is recorded; the second goes to a sibling named "-2", and so on.
        metadata: Manifest fields of every run.
        stop: Asked after every step whether to end.
        announce: Called with a run directory and the model's class name when another run begins to be recorded.

    Attributes:
        runs: Directories recorded to, in order.
        unfit: Models fitted that are not recorded.
        unfollowed: The optimizer by which a loop of the script's own was noticed that nothing records; dry runs only.
    """

    def __init__(
        self, run_dir: Path, metadata: dict[str, Any], stop: StopRequest, announce: Callable[[Path, str], None]
    ) -> None:
        self.runs: list[Path] = []
        self.unfit: list[Unfit] = []
        self.unfollowed: str | None = None
        self._run_dir = run_dir
        self._metadata = metadata
        self._stop = stop
        self._announce = announce
        self._current: Path | None = None
        self._given = 0
        self._diverted: dict[Path, Path] = {}

    def patch_keras(self, keras: ModuleType) -> None:
        """Wrap `keras.Model.fit`; does nothing to anything else."""
        original = keras.Model.fit
        signature = inspect.signature(original)
        attachment = self

        @functools.wraps(original)
        def fit(model: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                arguments = signature.bind(model, *args, **kwargs)
                monitors = attachment._monitors(model, arguments.arguments)
            except Exception as error:  # noqa: BLE001 - a failure of ours is not the script's
                traceback.print_exc()
                attachment._note(model, f"gandoctor failed: {type(error).__name__}: {error}")
                monitors = []
            if not monitors:
                attachment._stop.leave_dry_run()  # no GAN, and to train it may take hours
                return original(model, *args, **kwargs)
            arguments.arguments["callbacks"] = attachment._callbacks(arguments.arguments.get("callbacks"), monitors)
            return attachment._fit(original, arguments, monitors)

        keras.Model.fit = fit
        if self._stop.dry_run_steps is not None:
            self._leave_unrecorded_loops(keras.optimizers.Optimizer)

    def patch_monitor(self, module: ModuleType) -> None:
        """Have a monitor the script puts around a loop of its own announce its run and hear of a stop request.

        In a dry run the script's own monitors record to our directory: a check leaves nothing in theirs.
        """
        monitor = module.Monitor
        init, enter, step = monitor.__init__, monitor.__enter__, monitor.step
        attachment = self

        @functools.wraps(init)
        def initialised(self: Any, run_dir: Any, *args: Any, **kwargs: Any) -> None:
            init(self, attachment._diversion_of(run_dir), *args, **{**kwargs, "resume": False})

        @functools.wraps(enter)
        def entered(self: Any) -> Any:
            if attachment._stop.dry_run_steps == 0:
                attachment._only_describe(self, None)
            result = enter(self)
            attachment._recording(self, "loop")
            return result

        @functools.wraps(step)
        def stepped(self: Any, **scalars: Any) -> None:
            step(self, **scalars)
            if self.session is not None:
                attachment._stop.stepped(self.session.step)
            if attachment._stop.reason == "stopped":
                attachment._close([self])
                raise SystemExit(0)

        monitor.__enter__, monitor.step = entered, stepped
        if self._stop.dry_run_steps is not None:
            monitor.__init__ = initialised

    # -----------------------------------------------------------------------------------------------------------

    def _monitors(self, model: Any, arguments: dict[str, Any]) -> list[Any]:
        """Return the monitors of this fit: the script's own where it has any, else ours; none if it is no GAN."""
        import keras

        if keras.backend.backend() != "tensorflow":
            self._note(model, f"Keras runs on {keras.backend.backend()}; monitors need the TensorFlow backend")
            return []
        from gandoctor.monitors.monitor import Monitor

        given = arguments.get("callbacks")
        given = getattr(given, "callbacks", given)
        own = [c for c in (given if isinstance(given, list | tuple) else [given]) if isinstance(c, Monitor)]
        if own:
            if self._stop.dry_run_steps == 0:
                self._only_describe(own[0], model)
            return own
        ours = vars(model).get(OUR_MONITOR)
        return [ours] if ours is not None else self._new_monitor(model, arguments)

    def _new_monitor(self, model: Any, arguments: dict[str, Any]) -> list[Any]:
        import keras

        from gandoctor.backends.tensorflow.players.players import find_players
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
        shape = _image_shape(players.discriminator)
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
        monitor = GANMonitor(self._next_run_dir(), **data, metadata=self._metadata)
        if self._stop.dry_run_steps == 0:
            self._only_describe(monitor, model)
        with warnings.catch_warnings():
            # On its own a monitor warns and records nothing; here the reason belongs into our message.
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

    def _next_run_dir(self) -> Path:
        return self._run_dir if self._given == 0 else self._run_dir.with_name(f"{self._run_dir.name}-{self._given + 1}")

    def _callbacks(self, given: Any, monitors: list[Any]) -> Any:
        import keras

        attachment = self

        class Companion(keras.callbacks.Callback):
            """Says where is recorded once that is known, and ends the training when asked to."""

            def on_train_begin(self, logs: Any = None) -> None:
                attachment._recording(monitors[0], type(self.model).__name__)

            def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
                if monitors[0].session is not None:
                    attachment._stop.stepped(monitors[0].session.step)
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
            raise SystemExit(0)  # the training was ended on request, and the script asks for more of it
        self._stop.training_begins()
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
            self._stop.training_ends()
        if self._stop.reason == "interrupted":
            raise KeyboardInterrupt  # what Ctrl-C does to a script, but after the step
        return result

    def _close(self, monitors: list[Any]) -> None:
        reason, why = self._stop.reason, self._stop.why
        for monitor in monitors:
            # Closed here because fit would close it as completed.
            monitor.close(reason=reason, **({"why": why} if why else {}))

    def _leave_unrecorded_loops(self, optimizer: Any) -> None:
        """Leave a dry run where the script trains in a loop of its own that no monitor follows: it could take hours."""
        original = optimizer.apply
        attachment = self

        @functools.wraps(original)
        def apply(self: Any, *args: Any, **kwargs: Any) -> Any:
            if not attachment.runs:
                attachment.unfollowed = type(self).__name__
                attachment._stop.leave_dry_run()
            return original(self, *args, **kwargs)

        optimizer.apply = apply

    def _only_describe(self, monitor: Any, model: Any) -> None:
        """Write the card a monitor would have written, and leave the script before it trains.

        Raises:
            DryRunEnded: Always.
        """
        from gandoctor.monitors.card_only import write_card

        write_card(monitor.options, model)
        self._announced(Path(monitor.options.run_dir).resolve(), type(model).__name__ if model is not None else "loop")
        self._stop.leave_dry_run()

    def _diversion_of(self, run_dir: Any) -> Path:
        wanted = Path(run_dir).absolute()
        if wanted.parent == self._run_dir.parent:
            return wanted
        return self._diverted.setdefault(wanted, self._run_dir.with_name(f"own-{len(self._diverted) + 1}"))

    def _recording(self, monitor: Any, model: str) -> None:
        if monitor.session is not None:
            self._announced(Path(monitor.session.writer.path).resolve(), model)
        elif self._stop.dry_run_steps is not None:
            self.unfit.append(Unfit(model, "its own monitor records nothing; run the script to see why"))
            self._stop.leave_dry_run()

    def _announced(self, run_dir: Path, model: str) -> None:
        if run_dir not in self.runs:
            self.runs.append(run_dir)
        if run_dir != self._current:
            self._current = run_dir
            self._announce(run_dir, model)

    def _note(self, model: Any, reason: str) -> None:
        note = Unfit(type(model).__name__, reason)
        if note not in self.unfit:
            self.unfit.append(note)


def _image_shape(discriminator: Any) -> tuple[int | None, ...] | None:
    """Return the shape of one image the discriminator takes, None where it does not say or takes several inputs."""
    declared = getattr(discriminator, "input_shape", None)
    if (
        isinstance(declared, tuple)
        and len(declared) in (3, 4)
        and all(d is None or isinstance(d, int) for d in declared)
    ):
        return declared[1:]
    return None
