"""Keeping: takes up reals, latents and labels from what the players are fed, where the user has not passed them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gandoctor.message import Absence, Absent, Message
from gandoctor.recording.backend import Backend
from gandoctor.recording.in_step import Call
from gandoctor.recording.intake import Intake
from gandoctor.recording.probe.labels import find_labels
from gandoctor.recording.probe.nested import flattened
from gandoctor.recording.session.panel import Panel
from gandoctor.recording.session.prober import Prober
from gandoctor.store import Manifest

STEPS_WATCHED = 20
"""Steps after which what was kept has to do, where it suffices."""
STEPS_MOST = 200
"""Steps after which what is too little is no longer waited for: every call is copied while it is."""
KEPT_REALS = "kept from what the discriminator was fed"
KEPT_LATENTS = "kept from what the generator was fed"
NOT_TOLD_APART = Absence(
    Absent.NOT_SEEN,
    Message("no real batch was told apart among what the discriminator is fed; pass probe_data=..."),
)


class Keeping:
    """Watches the calls of the first steps until there is enough to probe with.

    Args:
        backend: Copies the calls.
        prober: Is given what was kept.
        panel: Records what is absent no longer.
        manifest: Says where things come from.
        explain: Gives everything that is absent for the same reason as a name a better one.
    """

    def __init__(
        self,
        backend: Backend,
        prober: Prober,
        panel: Panel,
        manifest: Manifest,
        explain: Callable[[str, Absence], None],
    ) -> None:
        self._backend, self._prober, self._panel, self._manifest = backend, prober, panel, manifest
        self._explain = explain
        self._intake = Intake()
        self._calls: list[Call] = []
        self._steps = 0
        self.is_on = True
        # Where both are given nothing is waited for: what is wrong with them is told at once.
        prober.awaits_fed = prober.reals is None or not backend.players.latent_is_given
        backend.watch_calls(True)

    def collect(self) -> None:
        """Fetch what the players were fed so far in this step: what is fed later may take its place."""
        if self.is_on:
            self._calls += self._backend.calls()

    def take(self, steps: int, closing: bool = False) -> bool:
        """Look at what was fed in the steps that have just ended, and use it when it suffices.

        Args:
            steps: How many they were.
            closing: Whether no more will follow.

        Returns:
            Whether something was taken up that the manifest tells of.
        """
        if not self.is_on:
            return False
        self.collect()
        calls, self._calls = self._calls, []
        self._intake.take(calls)
        self._steps += steps
        intake, found = self._intake, False
        if self._prober.awaits_fed and (
            closing or self._has_waited or (intake.reals_are_full and intake.latents_are_full)
        ):
            self._prober.awaits_fed = False
            self._take_up()
            found = True
        elif not self._prober.awaits_fed and self._uses_kept_latents and intake.latents_are_full:
            self._take_latents(intake.sampler())
        if not self._prober.awaits_fed and (
            closing or self._steps >= STEPS_MOST or intake.latents_are_full or not self._uses_kept_latents
        ):
            self._manifest.latent_laws = intake.latent_laws()
            self._stop()
            found = True
        return found

    @property
    def _has_waited(self) -> bool:
        """Whether there is enough to probe with, or as many steps were watched as small batches are waited for.

        Pairs of images are often trained on in batches of one.
        """
        is_filling = self._intake.is_filling and self._steps < STEPS_MOST
        return self._steps >= STEPS_WATCHED and not is_filling

    @property
    def _uses_kept_latents(self) -> bool:
        return self._manifest.players.get("latent_sampler") == KEPT_LATENTS

    def _take_up(self) -> None:
        """Use what was fed as if it had been passed."""
        lifted, changed = [], False
        sampler = self._intake.sampler()
        if sampler is not None and self._is_better(sampler):
            lifted.append(self._manifest.missing.get("latent_sampler"))
            self._manifest.players["latent_sampler"] = KEPT_LATENTS
            self._panel.take({"latent_sampler": None, "latent_law": None})
            self._take_latents(sampler)
            changed = True
        reals, as_fed = self._intake.reals(), self._intake.reals_as_fed()
        if self._prober.reals is None and reals is None:
            self._explain("probe_data", NOT_TOLD_APART)
        elif self._prober.reals is None and reals is not None:
            lifted.append(self._manifest.missing.get("probe_data"))
            self._prober.take_reals(reals, as_fed)
            self._manifest.players["probe_data"] = KEPT_REALS
            self._panel.take({"probe_data": None})
            self._show_as_fed()
            changed = True
        else:
            self._show_as_fed()
        if changed:  # what is measured already may go on
            self._panel.begin_again([absence for absence in lifted if absence is not None])

    def _take_latents(self, sampler: Any) -> None:
        self._prober.take_sampler(sampler)
        self._show_as_fed()

    def _show_as_fed(self) -> None:
        """Show the discriminator images beside what it was fed with them, where it takes more than images.

        What was real beside the generator's inputs is told, too, and how many inputs it is given at a time.
        """
        self._prober.partners = self._intake.partners() if self._uses_kept_latents else None
        self._prober.made_at_a_time = self._intake.made_at_a_time
        fakes, reals = self._intake.fakes_as_fed(), self._intake.reals_as_fed()
        if fakes is not None and reals is not None and self._uses_kept_latents:
            self._prober.show_as_fed(reals, fakes)

    def _is_better(self, sampler: Any) -> bool:
        """Tell whether kept latents are to be used: none are known, or those assumed are not what is fed.

        Without reals, too: what is judged and what is made then come from the same steps.
        """
        players = self._backend.players
        if players.latent_is_given and "latent_sampler" not in self._manifest.missing:
            return False
        if self._prober.reals is None:
            return True
        fed = flattened(sampler(1))
        known = self._prober.latents.row_shapes
        is_unlike = known != [part.shape[1:] for part in fed]
        return is_unlike or len(fed) > 1 or find_labels(flattened(sampler(10**6))) is not None

    def _stop(self) -> None:
        self.is_on = False
        self._backend.watch_calls(False)
        self._intake, self._calls = Intake(), []
