"""A session: one training being recorded. Owns the global step, the cadence, the budget and the containment.

Monitors that share a run directory share one session, whoever attached first.
"""

from __future__ import annotations

import time
import traceback
import warnings
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from threadpoolctl import ThreadpoolController

from gandoctor.backends.tensorflow.forward_passes import SAMPLE_COUNT, ForwardPasses, Probe
from gandoctor.backends.tensorflow.in_graph.step_log import StepLog, as_float
from gandoctor.backends.tensorflow.in_graph.taps import StepTrace, Taps, Update
from gandoctor.backends.tensorflow.in_graph.train_step import Input
from gandoctor.backends.tensorflow.players.model_card import describe, describe_losses, latent_card
from gandoctor.backends.tensorflow.players.players import Phase, find_players
from gandoctor.backends.tensorflow.players.weights import Weights
from gandoctor.backends.tensorflow.random_state import preserved_random_state
from gandoctor.backends.tensorflow.replicas import averaged_values
from gandoctor.recording.objective.recognition import Inference
from gandoctor.recording.probe.images import to_bytes, to_unit, with_conditions
from gandoctor.recording.probe.latents import FIXED_COUNT, POOL_COUNT, WINDOWS, ProbeLatents
from gandoctor.recording.session.cadence import Cadence
from gandoctor.recording.session.options import (
    MonitorWarning,
    Options,
    opening_manifest,
    usable_directory,
    usable_reals,
)
from gandoctor.store import Manifest, RunWriter

if TYPE_CHECKING:
    from gandoctor.monitors.monitor import Monitor

DRAIN_EVERY_S = 1.0
DRAIN_EVERY_STEPS = 128
FIRST_STEPS = 2
"""Steps that are always probed: contracts can be judged from them."""


class Session:
    """Records one training into one run directory.

    Args:
        options: As passed by the user.
        model: The `keras.Model` being fitted, or None in a hand-written loop.
        planned_steps: Length of the training where it is known.

    Raises:
        GandoctorError: The players cannot be told, or the run directory cannot be used.
    """

    def __init__(self, options: Options, model: Any | None, planned_steps: int | None = None) -> None:
        self.options = options
        self.players = find_players(
            model,
            options.generator,
            options.discriminator,
            options.g_optimizer,
            options.d_optimizer,
            options.latent_sampler,
        )
        self.weights = Weights(self.players)
        self.parts: list[Monitor] = []
        self.step_log = StepLog()
        self._scalars: dict[int, dict[str, Any]] = {}
        self._warned: set[type[Exception]] = set()
        self.scalar_names: set[str] = set()
        self._last_drain = time.monotonic()
        self._probe_time = 0.0
        self._started: float | None = None
        self._closed = False
        self._measured = True
        self._threads = ThreadpoolController()
        manifest = opening_manifest(options, self.players, planned_steps)
        manifest.losses = describe_losses(model, self.players.discriminator)
        self.reals, self.holdout = usable_reals(options, manifest)
        self.cadence = Cadence(options.overhead_budget, planned_steps)
        self.writer = RunWriter(usable_directory(options), manifest, resume=options.resume)
        self.step = self.first_step = self._last_probe = self.writer.last_step
        self._drained_step = self.step
        if self.reals is not None:
            assert manifest.data is not None
            self.writer.reals(to_bytes(to_unit(self.reals, manifest.data)))
        self.forward: ForwardPasses | None = None
        self.latents = ProbeLatents()
        self.inference = Inference(self.players, manifest)
        if "latent_sampler" in manifest.missing:
            warnings.warn(f"gandoctor: no samples: {manifest.missing['latent_sampler']}.", MonitorWarning, stacklevel=2)
        self.taps = Taps(
            self.players,
            self._before_update,
            self._on_gradients,
            self._after_update,
            self._after_step,
            self._on_input,
            self.step_log.one_step,
            self.inference,
            lambda: self._contained(None),
        )
        self.taps.attach(model)

    @property
    def manifest(self) -> Manifest:
        """The run's manifest; written at the start, after the first probe and at the end."""
        return self.writer.manifest

    @property
    def is_closing(self) -> bool:
        """Whether this is the run's last probe."""
        return self._closed

    def add(self, part: Monitor) -> None:
        """Take a monitor in."""
        self.parts.append(part)
        with self._contained(part), self._one_blas_thread():
            part.attached(self)

    # What happens inside the training graph. ------------------------------------------------------------------

    def _on_input(self, kind: Input, value: Any) -> None:
        for part in self._working():
            with self._contained(part):
                self.step_log.put(part.on_input(kind, value))

    def _before_update(self, update: Update) -> None:
        for part in self._working():
            with self._contained(part):
                self.step_log.put(part.before_update(update))

    def _on_gradients(self, update: Update) -> None:
        for part in self._working():
            with self._contained(part):
                self.step_log.put(part.on_gradients(update))

    def _after_update(self, update: Update) -> None:
        for part in self._working():
            with self._contained(part):
                self.step_log.put(part.after_update(update))

    def _after_step(self, trace: StepTrace) -> None:
        metrics, returned, targets = averaged_values(trace.metrics, trace.returned, trace.targets)
        trace = replace(trace, metrics=metrics, returned=returned, targets=targets)
        for part in self._working():
            with self._contained(part):
                self.step_log.put(part.after_step(trace))
        if trace.complete:
            self.step_log.commit()

    # What happens on the host, between steps. -----------------------------------------------------------------

    def start(self, planned_steps: int | None = None) -> None:
        """Begin (or go on) training: set the length of the run and look at the untrained players."""
        if planned_steps is not None:
            self.manifest.planned_steps = self.step + planned_steps
            self.cadence = Cadence(self.options.overhead_budget, self.manifest.planned_steps)
        if self._closed:
            self._closed = False
            with self._contained(None):
                self.step_log.drain()  # steps between two recorded trainings are not this run's
                self.writer.reopen()
        self._describe_players()
        with self._contained(None):
            self.writer.write_manifest()
        if self.step == self.first_step:
            self.probe()
            self._started = time.monotonic()
        self._announce()

    def end_step(self, steps: int = 1, scalars: Mapping[str, Any] | None = None) -> None:
        """Take note that training steps have completed.

        Args:
            steps: How many, e.g. `steps_per_execution`.
            scalars: Further values of the last of them; tensors are not fetched before the next drain.
        """
        self.step += steps
        if scalars:
            self._scalars[self.step] = dict(scalars)
            self.scalar_names |= set(scalars)
        with self._contained(None):
            if self.inference.settle(steps, scalars) or self.step - steps == self.first_step:
                self._describe_players()  # an optimizer may have shown whose it is
                self.writer.write_manifest()
        now = time.monotonic()
        if self._started is None:
            self._started = now
        due = self.cadence.due(self.step) or self.step - self.first_step <= FIRST_STEPS
        if due or now - self._last_drain >= DRAIN_EVERY_S or self.step - self._drained_step >= DRAIN_EVERY_STEPS:
            values = self.probe_values() if due else {}
            self._drain(values)
        self._announce()

    def probe(self) -> None:
        """Probe now and record the result at the current step."""
        self._drain(self.probe_values(), at_start=self.step == self.first_step)

    def probe_values(self) -> dict[str, float]:
        """Run the probe at the current step and let every part read it; time it against the budget."""
        begun = time.monotonic()
        values: dict[str, float] = {}
        probe: Probe | None = None
        with self._contained(None), preserved_random_state():
            probe = self._run_forward()
        with self._one_blas_thread():
            for part in self._working():
                with self._contained(part):
                    values |= part.probe(self.step, probe)
        for part in self._working():
            with self._contained(part):
                part.after_probe(self.step, values)
        self._last_probe = self.step
        cost = time.monotonic() - begun
        self._probe_time += cost
        trained = self.step - self.first_step
        step_time = None
        if self._started is not None and trained:
            step_time = (time.monotonic() - self._started - self._probe_time) / trained
        self.cadence.probed(self.step, cost, step_time)
        return values

    def close(self, reason: str, **fields: Any) -> None:
        """Write everything out and record how the run ended; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        with self._contained(None):
            if self.step > self._last_probe and reason != "crashed":
                self._drain(self.probe_values())
            self._drain({})
            self.manifest.cadence = self._cadence_report()
            self.writer.write_manifest()
        with self._contained(None):
            self.writer.close(reason, **fields)

    def note_captures(self, step: int, signals: dict[Phase, tuple[str, ...]]) -> None:
        """Give signals that need a player's updates their reason where none was seen; warns once in a run.

        Not in the first steps: a player may be updated in every fifth only.
        """
        if step - self.first_step <= FIRST_STEPS and not self.is_closing:
            return
        reason = self.taps.note_captures(self.manifest, step - self.first_step, signals)
        if reason is not None:
            message = f"gandoctor: {', '.join(n for names in signals.values() for n in names)}: {reason}."
            warnings.warn(message, MonitorWarning, stacklevel=2)

    def detach(self) -> None:
        """Take the taps off the user's objects."""
        self.taps.detach()

    # ----------------------------------------------------------------------------------------------------------

    def _run_forward(self) -> Probe | None:
        """Return the players' outputs, or None with the reason in the manifest where they cannot be run."""
        if "latent_sampler" in self.manifest.missing:
            return None
        assert self.players.latent_sampler is not None
        latents = self.latents.draw(self.players.latent_sampler)
        if self.forward is None:
            self.forward = ForwardPasses(
                self.players,
                self.weights,
                with_conditions(self.reals, self.options.probe_data),
                with_conditions(self.holdout, self.options.holdout_data),
            )
            self.manifest.latent = latent_card(latents, self.players.latent_is_given)
            self.manifest.cadence = self._cadence_report()
            self.writer.write_manifest()
        try:
            return self.forward.run(self.step, latents)
        finally:
            if self.forward.no_samples is not None:
                self.manifest.missing["latent_sampler"] = self.forward.no_samples

    def _drain(self, probe_values: Mapping[str, float], at_start: bool = False) -> None:
        """Move completed rows from the device to the store; the probe's values join the last row."""
        with self._contained(None):
            rows = self.step_log.drain()
            # A step that was not counted any more, as `fit` raised after it, comes last.
            first = max(self._drained_step, self.step - len(rows)) + 1
            table: dict[int, dict[str, float]] = {first + i: row for i, row in enumerate(rows)}
            for step, scalars in sorted(self._scalars.items()):
                table.setdefault(step, {}).update({name: as_float(value) for name, value in scalars.items()})
            self._scalars.clear()
            if probe_values:
                table.setdefault(self.step, {}).update(probe_values)
            for step in sorted(table):
                if table[step] or at_start:
                    self.writer.record(step, table[step])
            self._drained_step = self.step
            self._last_drain = time.monotonic()

    def _announce(self) -> None:
        """Tell the parts whether the next step will be probed, so that they can measure inside it."""
        upcoming = self.step + 1
        measured = self.cadence.due(upcoming) or upcoming - self.first_step <= FIRST_STEPS
        if not measured and not self._measured:
            return  # as the parts know: this is called after every step
        self._measured = measured
        for part in self._working():
            with self._contained(part):
                part.before_step(measured)

    def _working(self) -> list[Monitor]:
        return [p for p in self.parts if not p.disabled]

    @contextmanager
    def _contained(self, part: Monitor | None) -> Iterator[None]:
        """Keep a failure away from training: one warning, one event; a part that failed is off from then on.

        A failure of the session itself (`part` None, e.g. a full disk) may pass, so recording is tried again, silently.
        """
        try:
            yield
        except Exception as error:
            if self.options.strict:
                raise
            name = type(part).__name__ if part is not None else type(self).__name__
            if part is not None:
                part.disabled = True
            elif type(error) in self._warned:
                return
            else:
                self._warned.add(type(error))
            warnings.warn(
                f"gandoctor: {name} failed and {'is off' if part else 'goes on'}; training is not affected "
                f"({type(error).__name__}: {error})",
                MonitorWarning,
                stacklevel=3,
            )
            with suppress(OSError):  # the disk may be the failure: the warning has been given
                self.writer.event(
                    "monitor_error",
                    self.step,
                    monitor=name,
                    error=repr(error),
                    traceback=traceback.format_exc(),
                )

    def _one_blas_thread(self) -> AbstractContextManager[Any]:
        """For NumPy's small matrix products: more threads take three times as long and then spin in training's way."""
        limit: AbstractContextManager[Any] = self._threads.limit(limits=1, user_api="blas")
        return limit

    def _describe_players(self) -> None:
        with self._contained(None):
            self.manifest.generator = describe(self.players.generator, self.players.g_optimizer)
            self.manifest.discriminator = describe(self.players.discriminator, self.players.d_optimizer)

    def _cadence_report(self) -> dict[str, float]:
        report: dict[str, float] = {
            "every_steps": self.cadence.every_steps,
            "sample_count": SAMPLE_COUNT,
            "fixed_count": FIXED_COUNT,
            "pool_count": POOL_COUNT if self.latents.windows == WINDOWS else 0,
            "overhead_budget": self.options.overhead_budget,
        }
        if self._started is not None:
            total = time.monotonic() - self._started
            report["probe_seconds"] = round(self._probe_time, 3)
            report["training_seconds"] = round(total - self._probe_time, 3)
        return report
