"""A session: one training being recorded. Owns the global step, the cadence, the budget and the containment.

Monitors that share a run directory share one session, whoever attached first.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import numpy as np

from gandoctor.errors import GandoctorError
from gandoctor.message import Absence, Absent, Message
from gandoctor.player_names import PLAYERS, Player
from gandoctor.recording.backend import Backend
from gandoctor.recording.in_step import Batch, Draw, Fed, StepTrace, Update
from gandoctor.recording.instrument import Instrument, MakeInstrument
from gandoctor.recording.instruments.duality_gap import SIGNAL as DUALITY_GAP
from gandoctor.recording.objective.polarity import Polarity
from gandoctor.recording.objective.recognition import Recognition
from gandoctor.recording.probe.forward_passes import ForwardPasses, Probe
from gandoctor.recording.probe.latents import FIXED_COUNT, SAMPLE_COUNT, ProbeLatents
from gandoctor.recording.probe.partners import Partners
from gandoctor.recording.session.cadence import Cadence
from gandoctor.recording.session.containment import Containment
from gandoctor.recording.session.description import Description
from gandoctor.recording.session.directories import opened_writer
from gandoctor.recording.session.fed_data import FedData
from gandoctor.recording.session.options import Options, applied_changes, opening_manifest, usable_reals
from gandoctor.recording.session.panel import Panel
from gandoctor.recording.session.prober import Prober
from gandoctor.recording.session.rows import Rows
from gandoctor.recording.session.snapshots import Snapshots
from gandoctor.recording.session.stopwatch import Stopwatch
from gandoctor.recording.warning import warn
from gandoctor.signals import SIGNALS, cadence_of
from gandoctor.store import Manifest

DRAIN_EVERY_STEPS = 128
FIRST_STEPS = 2
"""Steps that are always probed: contracts can be judged from them."""


class Session:
    """Records one training into one run directory.

    Args:
        options: As passed by the user.
        backend: The GAN.
        planned_steps: Length of the training where it is known.

    Raises:
        GandoctorError: What the user passed, or the run directory, cannot be used.

    Attributes:
        listeners: Called without arguments after every completed step and after the end, in the thread that trains.
            What they raise is contained.
    """

    def __init__(self, options: Options, backend: Backend, planned_steps: int | None = None) -> None:
        reals = {name: backend.as_recorded(getattr(options, name)) for name in ("probe_data", "holdout_data")}
        self.options = options = replace(options, **reals)
        self.backend = backend
        self._stopwatch = Stopwatch()
        self._closed = False
        self._process = os.getpid()
        self._has_warned_of_unseen = False
        changed = applied_changes(backend, options.changes)
        self.listeners: list[Callable[[], None]] = []
        if options.snapshots is not None:
            self.listeners.append(Snapshots(options.snapshots, self).step_ended)
        given = usable_reals(options)
        manifest = opening_manifest(options, backend, given, planned_steps)
        self.cadence = Cadence(options.overhead_budget, planned_steps)
        self.writer = opened_writer(options, manifest)
        self.step = self.first_step = self._last_probe = self.writer.last_step
        self._rows = Rows(backend, self.writer, self.step, self._refuse)
        self._containment = Containment(self.writer, options.strict)
        self._panel = Panel(manifest, self._containment)
        self._prober = Prober(options, backend, given, self.writer, self._panel, self.warn)
        self.polarity = Polarity(manifest)
        self._description = Description(backend, manifest, self._panel)
        self._recognition = Recognition(backend, manifest)
        self._panel.take(self._recognition.begin())
        no_latents = self.absence("latent_sampler")
        if no_latents is not None and not options.observe_loop:
            self.warn(Message("gandoctor: no samples: {why}.", why=no_latents.message))
        self._fed_data = FedData(backend, self._prober, self._panel, manifest, self.explain)
        backend.attach(self)
        for name, was in changed.items():
            self.writer.event("changed", self.step, what=name, before=was, after=options.changes[name])
        if options.observe_loop:
            self._fed_data.begin()

    @property
    def players(self) -> Any:
        """The players, as the backend has found them."""
        return self.backend.players

    @property
    def manifest(self) -> Manifest:
        """The run's manifest; written at the start, after the first probe and at the end."""
        return self.writer.manifest

    @property
    def reals(self) -> np.ndarray | None:
        """Real data that the discriminator trains on; see `Recording`."""
        return self._prober.reals

    @property
    def holdout(self) -> np.ndarray | None:
        """Real data that it never trains on."""
        return self._prober.holdout

    @property
    def embedding(self) -> Callable[[Any], Any] | None:
        """Features of the user's own."""
        return self.options.embedding

    @property
    def duality_gap_at(self) -> Sequence[int]:
        """Steps at which the duality gap is asked for."""
        return self.options.duality_gap_at

    @property
    def latents(self) -> ProbeLatents:
        """Which latents each probe looks at."""
        return self._prober.latents

    @property
    def forward(self) -> ForwardPasses | None:
        """The probe's passes; None before the first probe."""
        return self._prober.forward

    @property
    def partners(self) -> Partners | None:
        """Real samples that were fed beside the generator's inputs."""
        return self._prober.partners

    @property
    def is_closing(self) -> bool:
        """Whether this is the run's last probe."""
        return self._closed

    def add(self, make: MakeInstrument) -> None:
        """Make an instrument for this session."""
        self._panel.add(make, self)

    def join(self, instrument: Instrument) -> None:
        """Take in an instrument that was made elsewhere."""
        self._panel.join(instrument)

    # What instruments ask for. --------------------------------------------------------------------------------

    def absence(self, name: str) -> Absence | None:
        """Return why a signal is absent, as far as is known; None if no reason is recorded."""
        return self.manifest.missing.get(name)

    def unseen(self, step: int, signals: Mapping[Player, tuple[str, ...]]) -> dict[str, Absence | None]:
        """Return why signals that need a player's updates are absent; see `Recording`."""
        taken = step - self.first_step
        if taken < FIRST_STEPS and not self.is_closing:
            return {}
        why = {player: self.backend.unseen(player, taken) for player in signals}
        if taken == FIRST_STEPS and not self.is_closing:
            # An update may be yet to come. Frozen weights are told now: the next probe may be minutes away.
            why = {player: absence for player, absence in why.items() if absence and absence.code is Absent.FROZEN}
        first = next((absence for absence in why.values() if absence is not None), None)
        if first is not None and not self._has_warned_of_unseen:
            self._has_warned_of_unseen = True
            names = tuple(name for several in signals.values() for name in several)
            self.warn(Message("gandoctor: {signals}: {why}.", signals=", ".join(names), why=first.message))
        return {name: absence for player, absence in why.items() for name in signals[player]}

    def warn(self, why: Message) -> None:
        """Tell the user something while training goes on."""
        warn(why, stacklevel=3)

    def explain(self, name: str, absence: Absence) -> None:
        """Give everything that is absent for the same reason as `name` a better one."""
        default = self.absence(name)
        self._panel.take({other: absence for other, why in self.manifest.missing.items() if why == default})

    def data_changed(self, since: int | None = None) -> None:
        """Take note that real data have another shape from a step on; see `Recording`."""
        self._fed_data.changed(self.step + 1 if since is None else since)

    # What happens inside the step: the backend's listener. ------------------------------------------------------

    def contained(self) -> AbstractContextManager[None]:
        """Return a context that keeps failures of the session itself away from training."""
        return self._containment.contained()

    def fed(self, kind: Fed, batch: Batch) -> None:
        """Have a step's input measured."""
        self._panel.ask("on_input", self.backend.put, kind, batch)

    def before_update(self, update: Update) -> None:
        """Have an update measured before it is made."""
        self._panel.ask("before_update", self.backend.put, update)

    def on_gradients(self, update: Update) -> None:
        """Have its gradients measured."""
        self._panel.ask("on_gradients", self.backend.put, update)

    def after_update(self, update: Update) -> None:
        """Have it measured after it was made."""
        self._panel.ask("after_update", self.backend.put, update)

    def step_end(self, trace: StepTrace) -> None:
        """Have what a step has produced measured."""
        self._panel.ask("after_step", self.backend.put, trace)

    def drew(self, draw: Draw) -> None:
        """Keep samples that the program has made to look at."""
        with self.contained():
            self._description.drew(draw, self.step, self.first_step)

    # What happens between steps. ------------------------------------------------------------------------------

    def start(self, planned_steps: int | None = None) -> None:
        """Begin (or go on) training: set the length of the run and look at the untrained players."""
        if planned_steps is not None:
            self.manifest.planned_steps = self.step + planned_steps
            self.cadence = Cadence(self.options.overhead_budget, self.manifest.planned_steps)
        if self._closed:
            self._closed = False
            with self.contained():
                self._rows.skip()
                self.writer.reopen()
        self._describe_players()
        with self.contained():
            self.writer.write_manifest()
        if self.step == self.first_step:
            self.probe()
            self._stopwatch.start(again=True)
        self._panel.announce(self._is_due(self.step + 1))

    def end_step(self, steps: int = 1, scalars: Mapping[str, Any] | None = None) -> None:
        """Take note that training steps have completed.

        Args:
            steps: How many, e.g. `steps_per_execution`.
            scalars: Further values of the last of them; those on a device are not fetched before the next drain.
        """
        self.step = self._containment.step = self.step + steps
        g_loss = self._take_scalars(scalars).get("g_loss") if scalars else None
        with self.contained():
            settled = self._recognition.settle(steps, g_loss)
            if settled is not None:
                self._panel.take(settled)
            if settled is not None or self.step - steps == self.first_step:
                self._describe_players()  # an optimizer may have shown whose it is
                self.writer.write_manifest()
        if self._fed_data.is_outgrown:
            with self.contained():
                self.writer.event("data_changed", self.step)
                self._fed_data.grow()
        self._keep(steps)
        self._describe_draws()
        self._stopwatch.start()
        due = self._is_probed()
        waiting = self.step - self._rows.drained_step
        if due and self.writer.is_due(within=self._stopwatch.last_cost):
            self._drain({})  # a probe may take seconds, which these rows need not wait
            with self.contained():
                self.writer.flush()
        if due or self.writer.is_due() or waiting >= DRAIN_EVERY_STEPS:
            self._drain(self.probe_values() if due else {})
        self._panel.announce(self._is_due(self.step + 1))
        self._tell_listeners()

    def begin_epoch(self) -> None:
        """Take note that `fit` begins an epoch."""
        with self.contained():
            self.backend.begin_epoch()

    def end_fit_steps(self, steps: int, logs: Mapping[str, Any] | None) -> None:
        """Take note that steps of `fit` have completed.

        Args:
            steps: How many, e.g. `steps_per_execution`.
            logs: What `fit` reports of them.
        """
        with self.contained():
            self.backend.end_fit_step(steps, logs)
        self.end_step(steps)

    def end_own_step(self, scalars: Mapping[str, Any]) -> None:
        """Take note that a step of a loop of the user's own has completed."""
        self.backend.end_step()
        self.end_step(1, scalars)

    def note_no_step(self) -> Message:
        """Record that a loop of the user's own ends without having told of a step; return what to tell the user."""
        why = Message("monitor.step() was never called")
        if self.step == 0:
            stepwise = (name for name in SIGNALS if cadence_of(name) != "probe")
            self._panel.take({name: Absence(Absent.NOT_SEEN, why) for name in stepwise})
        with self.contained():
            self.writer.event("monitor_warning", self.step, monitor="Session", message=str(why))
        return Message(
            "gandoctor: {why}, so no training step was recorded; call it at the end of each step: "
            "monitor.step(d_loss=..., g_loss=...).",
            why=why,
        )

    def probe(self) -> None:
        """Probe now and record the result at the current step."""
        self._drain(self.probe_values(), at_start=self.step == self.first_step)

    def probe_values(self) -> dict[str, float]:
        """Run the probe at the current step and let every instrument read it; time it against the budget."""
        probe: Probe | None = None
        values: dict[str, float] = {}
        known = self._panel.codes()
        self._description.optimizers()
        with self._stopwatch.probing():
            # A network may draw random numbers in inference mode as well, in every pass that an instrument asks for.
            with self.contained(), self.backend.preserved_random_state():
                with self.contained():
                    probe = self._prober.run(self.step)
                if self._prober.is_outgrown and not self._fed_data.is_outgrown:
                    self.data_changed(self.step)
                values = self._panel.probe(self.step, probe)
            if self._panel.codes() != known:
                with self.contained():
                    self.writer.write_manifest()
        self._last_probe = self.step
        step_time = self._stopwatch.step_time(self.step - self.first_step)
        # The duality gap costs as much as many steps, and is measured where it is asked for.
        cost = None if DUALITY_GAP in values else self._stopwatch.last_cost
        self.cadence.probed(self.step, cost, step_time)
        return values

    def write_out(self) -> None:
        """Write every completed step, for a view that reads the run directory now."""
        if not self._closed:
            self._drain({})
            with self.contained():
                self.writer.flush()

    def close(self, reason: str, **fields: Any) -> None:
        """Write everything out and record how the run ended; a second call does nothing, nor one in a fork."""
        if self._closed or os.getpid() != self._process:
            return
        self._closed = True
        if reason == "crashed":
            self._end_broken_step()
        self._keep(0)
        with self.contained():
            self.backend.tell_draws()
            if self.step > self._last_probe and reason != "crashed":
                self._drain(self.probe_values())
            self._drain({})
            self._describe_draws()
            self._describe_players()
            self.manifest.cadence = self._cadence_report()
            self.writer.write_manifest()
        if self._rows.refused:
            fields["left_out"] = self._rows.refused
        with self.contained():
            self.writer.close(reason, **fields)
        self._tell_listeners()

    def detach(self) -> None:
        """Leave the user's objects as they were."""
        self.backend.detach()

    # ----------------------------------------------------------------------------------------------------------

    def collect_fed(self) -> None:
        """Fetch what the players were fed so far in this step: what is fed later may take its place."""
        with self.contained():
            self._fed_data.collect()

    def _end_broken_step(self) -> None:
        """Take the step that an error broke off, where a player was updated in it: its numbers may say what did."""
        with self.contained():
            if self.backend.holds_broken_step():
                self.backend.end_step()
                self.step = self._containment.step = self.step + 1

    def _keep(self, steps: int) -> None:
        """Look at what the players were fed in the steps that have just ended."""
        with self.contained():
            if self._fed_data.take(steps, self._closed):
                self.writer.write_manifest()

    def _describe_draws(self) -> None:
        """Compare what the program has sampled since the last step with what it should be."""
        if not self._description.awaits_draws:
            return
        with self.contained(), self.backend.preserved_random_state():
            if self._description.draws(self.step, self.latents.whole, self.reals, self._closed):
                self.writer.write_manifest()

    def _tell_listeners(self) -> None:
        for listener in tuple(self.listeners):
            with self.contained():
                listener()

    def _take_scalars(self, scalars: Mapping[str, Any]) -> dict[str, Any]:
        """Keep what the user passed with a step, and return what of it can be used."""
        kept = self._rows.add(self.step, scalars)
        losses = {f"{player}_loss" for player in PLAYERS} & set(kept)
        self._panel.take(dict.fromkeys(losses - self._rows.refused.keys()))
        self.manifest.players.update(dict.fromkeys(losses, "passed to monitor.step"))
        return kept

    def _refuse(self, name: str, why: Message) -> None:
        """Say once of a scalar that its value is left out."""
        said = Message("gandoctor: monitor.step({name}=...) is left out: {why}.", name=name, why=why)
        if self.options.strict:
            raise GandoctorError(str(said))
        self._panel.take({name: Absence(Absent.UNUSABLE, why)})
        self.warn(said)

    def _drain(self, probe_values: Mapping[str, float], at_start: bool = False) -> None:
        with self.contained():
            self._rows.drain(self.step, probe_values, at_start)
            self._panel.take(dict.fromkeys(self._rows.refused.keys() & self._rows.numbers))  # another step had a number

    def _is_due(self, step: int) -> bool:
        """Tell whether a step is measured: the first ones, where a probe is due, and where the duality gap is."""
        return self.cadence.due(step) or step - self.first_step <= FIRST_STEPS or step in self.options.duality_gap_at

    def _is_probed(self) -> bool:
        """Tell whether the step just made is probed. Real data that are awaited are waited for: for 20 steps."""
        is_first = self.step - self.first_step <= FIRST_STEPS
        is_due = self.cadence.due(self.step) or self.step in self.options.duality_gap_at
        return is_first or (is_due and not self._prober.awaits_fed)

    def _describe_players(self) -> None:
        with self.contained():
            self._description.players()

    def _cadence_report(self) -> dict[str, float]:
        return {
            "every_steps": self.cadence.every_steps,
            "sample_count": SAMPLE_COUNT,
            "fixed_count": FIXED_COUNT,
            "pool_count": self._prober.pool_count,
            "overhead_budget": self.options.overhead_budget,
            **self._stopwatch.report(),
        }
