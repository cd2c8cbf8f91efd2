"""LabelEffects: whether the label matters to the generator and to the discriminator, where the GAN has one."""

from __future__ import annotations

from typing import Any

import numpy as np

from gandoctor.measures import labels as measures
from gandoctor.message import Absence, Absent, Message
from gandoctor.recording.instrument import Instrument, Readings, Recording
from gandoctor.recording.probe.forward_passes import ForwardPasses, Probe
from gandoctor.recording.probe.images import comparable_rows
from gandoctor.recording.probe.labels import Labels, find_constant_label, find_labels
from gandoctor.recording.probe.latents import SAMPLE_COUNT
from gandoctor.recording.probe.nested import flattened
from gandoctor.store.cards import LabelCard

_OF_SAMPLES = ("sample_label_share", "sample_label_chance", "sample_label_effect")
_OF_SCORES = ("d_label_effect",)
_ALL = (*_OF_SAMPLES, *_OF_SCORES)
NO_LABEL = Absence(
    Absent.NOT_APPLICABLE,
    Message(
        "no label was recognised in what the generator is fed: neither class numbers nor one-hot rows; that is right "
        "for a GAN without labels"
    ),
)
NO_LABEL_FOR_D = Absence(Absent.NOT_APPLICABLE, Message("the discriminator is given images alone, without labels"))
HIDDEN_FROM_US = Absence(
    Absent.UNUSABLE,
    Message("no label was recognised in what the discriminator is given beside images"),
)
ONE_LABEL = Absence(Absent.UNUSABLE, Message("the generator is given one label only"))
TOO_FEW_CLASSES = Absence(Absent.UNUSABLE, Message("the labels of a probe are all the same or all different"))


class LabelEffects(Instrument):
    """Records at every probe what labels do: samples and real images are looked at under exchanged labels too."""

    name = "LabelMonitor"

    def __init__(self, recording: Recording) -> None:
        super().__init__(recording)
        self._forward: ForwardPasses | None = None
        self._in_g: Labels | None = None
        self._in_d: Labels | None = None

    def begin(self) -> Readings:
        """Say what cannot be recorded for want of latents."""
        self._forward = None
        no_latents = self.recording.absence("latent_sampler")
        return {} if no_latents is None else dict.fromkeys(_ALL, no_latents)

    def probe(self, step: int, probe: Probe | None) -> Readings:
        """Compare this probe with the same under other labels."""
        forward = self.recording.forward
        if probe is None or forward is None:
            return {}
        found: dict[str, Any] = {}
        if forward is not self._forward:
            self._forward = forward
            found |= self._recognise(forward)
        if self._in_g is not None:
            found |= self._of_samples(probe, forward, self._in_g)
        if self._in_d is not None and not self.recording.polarity.is_pending(step - self.recording.first_step):
            found |= self._of_scores(probe, forward, self._in_d)
        return found

    def _recognise(self, forward: ForwardPasses) -> Readings:
        """Find the labels in what both players are given; record where they are."""
        manifest, reals = self.recording.manifest, forward.reals
        self._in_g = labels = find_labels(flattened(forward.latents))
        self._in_d = None
        manifest.labels = None
        if labels is None:
            manifest.labels = self._one_label(forward)
            return dict.fromkeys(_ALL, NO_LABEL if manifest.labels is None else ONE_LABEL)
        drawn = labels.classes(self.recording.latents.whole)
        manifest.labels = card = LabelCard(
            generator=labels.coding,
            generator_beside=labels.beside,
            classes=len(np.unique(drawn)),
            places=labels.stop - labels.start if labels.coding.startswith("one-hot") else None,
            seen=len(drawn),
        )
        place = forward.image_place
        if reals is None or place is None or forward.no_scores is not None:
            why = forward.no_scores or self.recording.absence("probe_data")
            return {**dict.fromkeys(_OF_SAMPLES), **dict.fromkeys(_OF_SCORES, why)}
        if place.holds_all(reals):
            card.discriminator = "none"
            return {**dict.fromkeys(_OF_SAMPLES), **dict.fromkeys(_OF_SCORES, NO_LABEL_FOR_D)}
        self._in_d = in_d = find_labels(flattened(reals), place)
        if in_d is None:
            return {**dict.fromkeys(_OF_SAMPLES), **dict.fromkeys(_OF_SCORES, HIDDEN_FROM_US)}
        card.discriminator = in_d.coding
        card.real_classes = len(np.unique(in_d.classes(forward.all_reals)))
        card.agreement = self._agreement(forward, labels, in_d)
        card.real_visibility = self._visibility(place.images(forward.all_reals), in_d.classes(forward.all_reals))
        return dict.fromkeys(_ALL)

    def _one_label(self, forward: ForwardPasses) -> LabelCard | None:
        """Return the card of a generator that is given one label only, where the discriminator is given several."""
        place = forward.image_place
        if forward.reals is None or place is None or forward.no_scores is not None or place.holds_all(forward.reals):
            return None
        in_d = find_labels(flattened(forward.reals), place)
        if in_d is None:
            return None
        classes = len(np.unique(in_d.classes(forward.all_reals)))
        labels = find_constant_label(flattened(forward.latents), in_d, classes)
        if labels is None:
            return None
        return LabelCard(
            generator=labels.coding,
            generator_beside=labels.beside,
            discriminator=in_d.coding,
            classes=1,
            real_classes=classes,
        )

    def _agreement(self, forward: ForwardPasses, in_g: Labels, in_d: Labels) -> float | None:
        """Return how many generated images are shown to the discriminator under the label they were made for."""
        shown = forward.fakes_as_given
        if shown is None:
            return None
        made_for = in_g.classes(forward.latents)
        beside = in_d.classes(shown)
        return measures.agreement(made_for[: len(beside)], beside)

    def _visibility(self, images: np.ndarray, classes: np.ndarray) -> float | None:
        """Return in which share of as many real images as a probe generates their labels show."""
        if len(images) < SAMPLE_COUNT:
            return None
        return measures.visibility(self._rows(images), classes, SAMPLE_COUNT)

    def _of_samples(self, probe: Probe, forward: ForwardPasses, labels: Labels) -> Readings:
        classes = labels.classes(forward.latents)
        if len(np.unique(classes)) < 2:
            return dict.fromkeys(_OF_SAMPLES, TOO_FEW_CLASSES)
        order = measures.exchanges(classes, 1)[0]
        exchanged = forward.made_of(labels.exchanged(forward.latents, order))
        told = measures.label_effects(self._rows(probe.fakes), self._rows(exchanged), classes)
        return {f"sample_label_{name}": value for name, value in told.items()}

    def _of_scores(self, probe: Probe, forward: ForwardPasses, labels: Labels) -> Readings:
        if probe.real is None:
            return {}
        classes, sign = labels.classes(forward.reals), self.recording.polarity.sign
        if len(np.unique(classes)) < 2:
            return dict.fromkeys(_OF_SCORES, TOO_FEW_CLASSES)
        orders = measures.exchanges(classes, measures.EXCHANGES)
        others = [sign * forward.logits_of(labels.exchanged(forward.reals, order)) for order in orders]
        return {"d_label_effect": measures.own_label_wins(sign * probe.real.logit, others)}

    def _rows(self, data: np.ndarray) -> np.ndarray:
        return comparable_rows(data, self.recording.reals, self.recording.manifest.data)
