"""PairTie: whether samples belong to what they were made from, where training pairs inputs with real samples."""

from __future__ import annotations

from typing import Any

from gandoctor.measures import pairs as measures
from gandoctor.message import Absence, Absent, Message
from gandoctor.recording.instrument import Instrument, Readings, Recording
from gandoctor.recording.probe.forward_passes import Probe
from gandoctor.recording.probe.images import comparable_rows
from gandoctor.recording.probe.latents import FIXED_COUNT
from gandoctor.recording.probe.partners import Partners
from gandoctor.store.cards import PairCard

_SIGNALS = ("sample_pair_tie", "sample_pair_chance")
ROWS_LEAST = 128
"""Rows from which pairs are told: 64 seemed to be foretold to 0.12."""
NO_ROWS = Absence(
    Absent.NOT_APPLICABLE,
    Message("the rows of real samples and of the generator's inputs were not fed side by side"),
)
NO_PAIRS = Absence(
    Absent.NOT_APPLICABLE,
    Message(
        "what the generator is given tells nothing of the real samples beside it in the batch; that is right for "
        "noise, and for data that come in no pairs"
    ),
)


class PairTie(Instrument):
    """Records at every probe how far samples go with the real ones that training pairs with their inputs."""

    name = "PairMonitor"

    def __init__(self, recording: Recording) -> None:
        super().__init__(recording)
        self._partners: Partners | None = None
        self._are_pairs = False

    def begin(self) -> Readings:
        """Say what cannot be recorded for want of latents."""
        no_latents = self.recording.absence("latent_sampler")
        return {} if no_latents is None else dict.fromkeys(_SIGNALS, no_latents)

    def probe(self, step: int, probe: Probe | None) -> Readings:
        """Compare the samples whose inputs have a partner with these."""
        partners, forward = self.recording.partners, self.recording.forward
        if probe is None or forward is None:
            return {}
        if partners is None:
            self._partners, self._are_pairs = None, False
            return dict.fromkeys(_SIGNALS, NO_ROWS)
        found: dict[str, Any] = {}
        if partners is not self._partners:
            self._partners = partners
            found |= self._recognise(partners)
        if not self._are_pairs:
            return found
        rows, beside = partners.of(forward.latents)
        if len(rows) < FIXED_COUNT or probe.fakes[0].size != beside[0].size:
            return found
        made, real = self._rows(probe.fakes[rows]), self._rows(beside)
        tie, chance = measures.tie(made, real), measures.tie_by_chance(made, real)
        return found if tie is None or chance is None else {**found, _SIGNALS[0]: tie, _SIGNALS[1]: chance}

    def _recognise(self, partners: Partners) -> Readings:
        """Tell whether the rows are pairs; record it."""
        self._are_pairs, self.recording.manifest.pairs = False, None
        if len(partners.inputs) < ROWS_LEAST or self.recording.reals is None:
            return dict.fromkeys(_SIGNALS, NO_ROWS)
        told = measures.predictable_share(partners.inputs, self._rows(partners.reals))
        self._are_pairs = told >= measures.PAIRED
        self.recording.manifest.pairs = PairCard(
            count=len(partners.inputs), told=told, shown_to_discriminator=self._is_shown_more()
        )
        return dict.fromkeys(_SIGNALS, None if self._are_pairs else NO_PAIRS)

    def _is_shown_more(self) -> bool | None:
        """Tell whether the discriminator is given anything beside the sample."""
        forward = self.recording.forward
        if forward is None or forward.image_place is None or forward.reals is None:
            return None
        return not forward.image_place.holds_all(forward.reals)

    def _rows(self, data: Any) -> Any:
        return comparable_rows(data, self.recording.reals, self.recording.manifest.data)
