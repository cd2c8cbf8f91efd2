"""Follows a run directory: reads what is new, judges now and then, and hands snapshots to a view."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import numpy as np

from gandoctor.diagnosis import Diagnosis
from gandoctor.diagnosis.games import diagnosis_of_games
from gandoctor.diagnosis.reference import Columns, columns_of
from gandoctor.loss_families import objective
from gandoctor.rules import all_rules, warm_up_end
from gandoctor.rules.samples.best_quality import QUALITY
from gandoctor.store import GamesRun, Manifest, Run, RunState, load_run
from gandoctor.store.games import GAMES_FOLDER, checked_name
from gandoctor.store.manifest import MANIFEST_NAME
from gandoctor.watch.judging import Judging
from gandoctor.watch.snapshot import Preview, Snapshot

LOOK_EVERY_S = 0.5
BUSY_SHARE = 0.05
"""Looking and judging may each take this share of one core: the training needs the rest."""

LOOK_AT_LEAST_EVERY_S = 2.0
"""However long a look takes: a view that stands still looks broken."""

RATE_WINDOW_S = 30.0
FIRST_STEPS = 5
"""Steps that have to be recorded before a rate is told: the first ones trace and compile."""
TRACED_STEPS = 2
"""Records at the beginning that no rate is taken from."""

WATCHED = (
    "d_loss",
    "g_loss",
    "d_real_score",
    "d_holdout_score",
    "d_fake_score",
    "d_real_accuracy",
    "d_holdout_accuracy",
    "d_fake_accuracy",
    "d_grad_norm",
    "g_grad_norm",
    *QUALITY,
)
"""Signals a view shows, in reading order. Those in which something was found are shown besides."""

Clock = Callable[[], float]


class View(Protocol):
    """Something that shows snapshots; entered before the first and left after the last."""

    def __enter__(self) -> Self:
        """Take the terminal."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the terminal back."""

    def show(self, snapshot: Snapshot | None, notice: str | None) -> None:
        """Draw; None while nothing has been recorded yet."""


class Follower:
    """Reads one run directory as it grows.

    Args:
        run_dir: The directory; it may still be empty.
        clock: Unix time in seconds.
        cpu: Processor time this process has used, in seconds.
        judging: Whether to diagnose while the run is running; the last look always does.
        share: Share of one core that judging may take.
        in_background: Whether to judge a running run in a thread of its own.
    """

    def __init__(
        self,
        run_dir: Path,
        clock: Clock,
        cpu: Clock = time.process_time,
        judging: bool = True,
        share: float = BUSY_SHARE,
        in_background: bool = False,
    ) -> None:
        self.run_dir = run_dir
        self._clock = clock
        self._share = share
        self._run: Run | None = None
        all_rules()  # loaded now, so that the first judgement costs no more than the later ones
        self._judging = Judging(clock, cpu, judging, share, in_background)
        self._of_game = partial(Follower, clock=clock, cpu=cpu, judging=judging, in_background=in_background)
        self._curves: dict[str, np.ndarray] = {}
        self._steps: dict[str, np.ndarray] = {}
        self._targets: dict[str, float] = {}
        self._preview: Preview | None = None
        self._columns: Columns | None = None
        self._games: dict[str, Follower] = {}

    def turn_to(self, run_dir: Path) -> None:
        """Follow another run directory from the next look on; does nothing if it is the one followed."""
        if run_dir == self.run_dir:
            return
        self.run_dir = run_dir
        self._run = None
        self._forget()

    def _forget(self) -> None:
        """Forget what was shown: it is of another run."""
        self._preview = self._columns = None
        self._judging.forget()
        self._curves, self._steps, self._targets = {}, {}, {}
        self._games = {}

    def look(self, last: bool = False) -> Snapshot | None:
        """Read on and return what there is to show; None while the run has not begun.

        Args:
            last: The writer has ended: judge whatever is there.

        Raises:
            GandoctorError: The run directory became unusable.
        """
        first = self._run is None
        if self._run is None:
            if not (self.run_dir / MANIFEST_NAME).exists():
                return None
            manifest = Manifest.load(self.run_dir)
            if manifest.games:
                return self._look_at_games(manifest, last)
            self._run = load_run(self.run_dir)
            grown = True
        else:
            before = self._run.begun_anew
            grown = self._run.refresh()
            if self._run.begun_anew != before:
                self._forget()
        run = self._run
        if grown:
            self._judging.tell_news()
            self._read_curves(run, grown)
            self._columns = columns_of(run)
        state = run.state
        # The first look is shown unjudged: of a run of a million steps, the first judgement takes many seconds.
        has_ended = last or state != "running"
        if (has_ended or not first) and self._judging.look(run, has_ended):
            assert self._judging.diagnosis is not None
            self._targets = _targets(run, self._judging.diagnosis)
            self._read_curves(run, grown=False)
        self._look_at_samples(run)
        return self._snapshot(run, state)

    def _look_at_games(self, manifest: Manifest, last: bool) -> Snapshot | None:
        """Look at each game of a run; they share what judging may cost."""
        for name in manifest.games:
            if name not in self._games:
                path = self.run_dir / GAMES_FOLDER / checked_name(name)
                share = self._share / max(2, len(manifest.games))  # a second one is yet to come
                self._games[name] = self._of_game(path, share=share)
        looks = {name: game.look(last) for name, game in self._games.items()}
        shown = {name: snapshot for name, snapshot in looks.items() if snapshot is not None}
        runs = {name: game._run for name, game in self._games.items() if game._run is not None}
        return _snapshot_of_games(GamesRun.joined(self.run_dir, manifest, runs), shown) if shown else None

    def _read_curves(self, run: Run, grown: bool) -> None:
        diagnosis = self._judging.diagnosis
        found = diagnosis.detected if diagnosis is not None else ()
        names = dict.fromkeys([*WATCHED, *(e.signal for f in found for e in f.evidence)])
        names = {name: None for name in names if name in run}
        if grown or names.keys() != self._curves.keys():
            self._curves = {name: run[name].to_numpy() for name in names}
            self._steps = {name: run[name].index.to_numpy() for name in names}

    def _look_at_samples(self, run: Run) -> None:
        for sheet in reversed(run.sheets):
            if self._preview is not None and sheet.step <= self._preview.step:
                return
            images = sheet.fakes()
            if images is not None and images.size:
                reals = run.reals
                alike = reals is not None and reals.shape[1:] == images.shape[1:]
                self._preview = Preview(sheet.step, images, reals if alike else None)
                return

    def _snapshot(self, run: Run, state: RunState) -> Snapshot:
        steps, times = _clocked_steps(run)
        rate = _steps_per_second(steps, times)
        planned = run.manifest.planned_steps
        running = state == "running"
        return Snapshot(
            run_dir=run.path,
            state=state,
            step=run.last_step,
            planned_steps=planned,
            elapsed_s=_elapsed(run, times, self._clock() if running else None),
            steps_per_second=rate,
            seconds_left=max(0, planned - run.last_step) / rate if running and planned and rate else None,
            silent_s=max(0.0, self._clock() - float(times[-1])) if running and len(times) else 0.0,
            traces="keras" in run.manifest.versions,
            loss_family=run.manifest.loss_family,
            seed=run.manifest.seed,
            diagnosis=self._judging.diagnosis,
            warm_up_end=warm_up_end(run),
            curves=self._curves,
            steps=self._steps,
            targets=self._targets,
            preview=self._preview,
            columns=self._columns,
            lost=tuple(run.lost),
        )


def _snapshot_of_games(run: GamesRun, games: Mapping[str, Snapshot]) -> Snapshot:
    """Put the snapshots of a run's games together; they are at the step of the one that is ahead."""
    first = max(games.values(), key=lambda game: game.step)
    judged = {name: game.diagnosis for name, game in games.items() if game.diagnosis is not None}
    return replace(
        first,
        run_dir=run.path,
        state=run.state,
        silent_s=min(game.silent_s for game in games.values()),
        loss_family=None,
        diagnosis=diagnosis_of_games(run, judged, is_check=False) if len(judged) == len(games) else None,
        curves={},
        steps={},
        targets={},
        preview=None,
        lost=tuple(run.lost),
        games=games,
    )


def _clocked_steps(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Return the recorded steps and the Unix times at which they were recorded."""
    if "time" not in run:
        return np.empty(0), np.empty(0)
    times = run["time"]
    return times.index.to_numpy(), times.to_numpy()


def _elapsed(run: Run, times: np.ndarray, now: float | None) -> float | None:
    """Return the seconds since the run was begun, until now or, of a run that is over, until its last record."""
    begun = next((event.time for event in run.events if event.kind == "started"), None)
    if begun is None or (now is None and not len(times)):
        return None
    return max(0.0, (float(times[-1]) if now is None else now) - begun)


def _targets(run: Run, diagnosis: Diagnosis) -> dict[str, float]:
    """Return what the signals are compared with: losses and scores at equilibrium, sample statistics of real data."""
    one = objective(run.manifest.loss_family)
    bands = diagnosis.reference.bands
    levels = {name: band.high if name in QUALITY else band.mean for name, band in bands.items()}
    if one is not None and one.d_equilibrium is not None and one.g_equilibrium is not None:
        levels |= {"d_loss": one.d_equilibrium, "g_loss": one.g_equilibrium}
    if one is not None and one.is_cross_entropy:
        levels |= dict.fromkeys(("d_real_score", "d_holdout_score", "d_fake_score"), 0.5)
    return levels


def _steps_per_second(steps: np.ndarray, times: np.ndarray) -> float | None:
    if len(times) < FIRST_STEPS:
        return None
    steps, times = steps[TRACED_STEPS:], times[TRACED_STEPS:]
    first = int(np.searchsorted(times, times[-1] - RATE_WINDOW_S))
    first = min(first, len(times) - 2)
    seconds = float(times[-1] - times[first])
    done = float(steps[-1] - steps[first])
    return done / seconds if seconds > 0 and done > 0 else None


def follow(
    follower: Follower,
    view: View,
    *,
    wait: Callable[[float], bool],
    cpu: Clock = time.process_time,
    ended: Callable[[Snapshot | None], bool],
    on_look: Callable[[Snapshot], None] = lambda _snapshot: None,
    notice: Callable[[], str | None] = lambda: None,
) -> Snapshot | None:
    """Show a run until it has ended or the reader goes away.

    Args:
        follower: Reads the run.
        view: Shows it; already entered.
        wait: Waits for about that many seconds; returns True when the reader has had enough.
        cpu: Processor time this process has used, for keeping our own share of it small.
        ended: Whether the writer is done, so that what `last` reads is all there will be.
        on_look: Called with every snapshot, e.g. to stop a doomed training.
        notice: One line the view shows besides.

    Returns:
        The last snapshot, None if nothing was ever recorded.
    """
    snapshot: Snapshot | None = None
    while True:
        started = cpu()
        over = ended(snapshot)  # asked before looking: nothing is written after the end, so the look misses nothing
        snapshot = follower.look(last=over)
        if snapshot is not None:
            on_look(snapshot)
        view.show(snapshot, notice())
        pause = min(LOOK_AT_LEAST_EVERY_S, max(LOOK_EVERY_S, (cpu() - started) / BUSY_SHARE))
        if over or wait(pause):
            return snapshot
