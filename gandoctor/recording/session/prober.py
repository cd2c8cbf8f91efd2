"""Prober: runs the players on the latents and reals at hand, and changes over to those that training is fed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from gandoctor.errors import GandoctorError
from gandoctor.message import Absence, Absent, Message
from gandoctor.recording.backend import Backend
from gandoctor.recording.probe.as_fed import FakesAsFed
from gandoctor.recording.probe.forward_passes import CannotGenerate, ForwardPasses, OtherShape, Probe
from gandoctor.recording.probe.images import checked_images, data_card, to_bytes, to_unit, with_conditions
from gandoctor.recording.probe.latents import POOL_COUNT, WINDOWS, ProbeLatents, UnusableLatents, latent_card
from gandoctor.recording.probe.partners import Partners
from gandoctor.recording.session.options import Images, Options
from gandoctor.recording.session.panel import Panel
from gandoctor.store import RunWriter
from gandoctor.store.cards import Source


class Prober:
    """What the probe is taken of.

    Args:
        options: As passed by the user.
        backend: Runs the players.
        given: "probe_data" and "holdout_data", as `usable_reals` returns them.
        writer: Gets the reals; its manifest says what they are.
        panel: Records what is absent.
        warn: Tells the user something.

    Attributes:
        reals, holdout: Real data, float32 (n, h, w, c), (n, T, C) or (n, c); None where there are none.
        latents: Which latents each probe looks at.
        forward: The passes; None before the first probe.
        partners: Real samples that were fed beside the generator's inputs; None where that is not known.
        made_at_a_time: The most that one call of the generator makes in training; None where that is not known.
        awaits_fed: Whether what training is fed may yet take the place of what cannot be used.
        is_outgrown: Whether the generator was found to make images of another shape than before.
    """

    def __init__(
        self,
        options: Options,
        backend: Backend,
        given: dict[str, Images],
        writer: RunWriter,
        panel: Panel,
        warn: Callable[[Message], None],
    ) -> None:
        self._options, self._backend, self._writer, self._panel, self._warn = options, backend, writer, panel, warn
        probe, holdout = given["probe_data"], given["holdout_data"]
        self.reals = None if isinstance(probe, Absence) else probe
        self.holdout = None if isinstance(holdout, Absence) else holdout
        self._reals_given = with_conditions(self.reals, options.probe_data)
        self._holdout_given = with_conditions(self.holdout, options.holdout_data)
        self._as_fed: FakesAsFed | None = None
        self._latent_source: Source = "given" if backend.players.latent_is_given else "assumed"
        self.latents = self._new_latents()
        self.forward: ForwardPasses | None = None
        self.partners: Partners | None = None
        self.made_at_a_time: int | None = None
        self.awaits_fed = False
        self.is_outgrown = False
        self._write_reals()

    @property
    def pool_count(self) -> int:
        """How many images of different latents successive probes give together; 0 where latents are too few."""
        return POOL_COUNT if self.latents.windows == WINDOWS else 0

    def run(self, step: int) -> Probe | None:
        """Return the players' outputs; None where they cannot be run.

        Raises:
            GandoctorError: They cannot, and `strict` was asked for.
        """
        sampler = self._backend.players.latent_sampler
        if sampler is None or "latent_sampler" in self._writer.manifest.missing:
            return None
        try:
            latents = self.latents.draw(sampler)
            if self.forward is None:
                self.forward = ForwardPasses(
                    self._backend, self._reals_given, self._holdout_given, self._as_fed, self.made_at_a_time
                )
                card = self._writer.manifest.latent = latent_card(latents, self._latent_source)
                card.at_a_time = self.made_at_a_time
                self._writer.write_manifest()
            probe = self.forward.run(step, latents)
        except UnusableLatents as error:
            self._no_samples(Absence(Absent.UNUSABLE, error.why))
            return None
        except CannotGenerate as error:
            self._no_samples(error.absence)
            return None
        except OtherShape:
            self.is_outgrown, self.forward = True, None
            return None
        if self.awaits_fed and probe is not None and probe.no_scores is not None:
            self.forward = None  # what the discriminator takes is not known yet
            return replace(probe, no_scores=None)
        return probe

    def take_reals(self, images: np.ndarray, as_fed: Any) -> None:
        """Use reals that the discriminator was fed.

        Args:
            images: Float32 (n, ...).
            as_fed: The same as it takes them.

        Raises:
            UnusableImages: They are no real data that can be used.
        """
        self.reals = checked_images(images, "probe_data")
        self._reals_given = as_fed
        self._writer.manifest.data = data_card(self.reals, self.holdout, images)
        self._write_reals()
        self.forward = None

    def forget_fed(self) -> None:
        """Forget the reals and latents that training was fed: it is fed others now."""
        self.reals = self.holdout = self._reals_given = self._holdout_given = self._as_fed = self.forward = None
        self.partners = None
        self.is_outgrown = False

    def show_as_fed(self, reals: Any, fakes: FakesAsFed) -> None:
        """Have the discriminator judge reals and generated images beside what it was fed with them."""
        self._reals_given, self._as_fed, self._holdout_given = reals, fakes, None
        self.forward = None

    def take_sampler(self, sampler: Callable[[int], Any]) -> None:
        """Use latents that the generator was fed."""
        self._backend.players.latent_sampler = sampler
        self._latent_source = "inferred"
        self.latents = self._new_latents()
        self.forward = None

    def _new_latents(self) -> ProbeLatents:
        return ProbeLatents(self._backend, lambda why: self._warn(Message("gandoctor: {why}.", why=why)))

    def _write_reals(self) -> None:
        if self.reals is None:
            return
        card = self._writer.manifest.data
        assert card is not None
        if card.kind == "images":
            self._writer.reals(to_bytes(to_unit(self.reals, card)))
        else:
            self._writer.real_values(self.reals)

    def _no_samples(self, absence: Absence) -> None:
        """Say that the generator is not run from now on, and why."""
        if self.awaits_fed:
            self.latents, self.forward = self._new_latents(), None
            return
        self._panel.take({"latent_sampler": absence})
        if self._options.strict:
            raise GandoctorError(str(absence))
        self._warn(Message("gandoctor: no samples: {why}.", why=absence.message))
