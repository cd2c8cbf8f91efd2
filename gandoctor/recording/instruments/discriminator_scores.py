"""DiscriminatorScores: the discriminator's outputs on trained-on reals, held-out reals and fakes, each apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from gandoctor.loss_families import objective
from gandoctor.measures.scores import quantiles, separation
from gandoctor.message import Absence, Absent, Message
from gandoctor.recording.instrument import Instrument, Readings, Recording
from gandoctor.recording.probe.forward_passes import Probe, Scores
from gandoctor.signals import FAMILIES, SIGNALS, member_of

_OF_REALS = (
    "d_real_score",
    "d_real_logit",
    "d_real_logit_quantile",
    "d_real_accuracy",
    "d_logit_gap",
    "d_auc",
    "d_prime",
)
_OF_HOLDOUT = ("d_holdout_score", "d_holdout_logit", "d_holdout_logit_quantile", "d_holdout_accuracy")
_ENDINGS = ("_score", "_logit", "_quantile", "_accuracy", "_accuracy_training", "_gap", "d_auc", "d_prime")
_ALL = tuple(name for name in (*SIGNALS, *FAMILIES) if name.startswith("d_") and name.endswith(_ENDINGS))
_NO_BATCH_NORM = Absence(Absent.NOT_APPLICABLE, Message("the discriminator has no batch normalisation"))
_HOLDOUT_ALONE = Absence(
    Absent.UNUSABLE,
    Message("the discriminator takes more than the images that holdout_data holds; pass what goes with them as well"),
)
_NO_BORDER = Absence(
    Absent.NOT_APPLICABLE, Message("a Wasserstein critic's scores have no border between real and fake")
)


class DiscriminatorScores(Instrument):
    """Records scores, logits and their quantiles, accuracies and the separation of real from fake at every probe.

    Accuracy in inference mode can mislead where the discriminator has dropout; the `_training` signals are taken with
    dropout and batch norm as in training.
    """

    name = "DiscriminatorMonitor"

    def __init__(self, recording: Recording) -> None:
        super().__init__(recording)
        self._has_said = False
        self._had_border: set[str] = set()  # accuracies recorded before the family was known

    def begin(self) -> Readings:
        """Say what cannot be recorded for want of real data."""
        recording = self.recording
        no_latents = recording.absence("latent_sampler")
        if no_latents is not None:
            return dict.fromkeys(_ALL, no_latents)
        found: dict[str, Absence | None] = {}
        if recording.reals is None:
            found |= dict.fromkeys((*_OF_REALS, "d_batch_gap"), recording.absence("probe_data"))
        if not recording.backend.normalises_batches("d"):
            found["d_batch_gap"] = _NO_BATCH_NORM
        if recording.holdout is None:
            found |= dict.fromkeys(_OF_HOLDOUT, recording.absence("holdout_data"))
        return found

    def probe(self, step: int, probe: Probe | None) -> Readings:
        """Turn outputs into signals."""
        if probe is None:
            return {}
        if probe.no_scores is not None:
            return self._without_scores(probe.no_scores)
        found: dict[str, Any] = {}
        for name, scores in (("real", probe.real), ("holdout", probe.holdout), ("fake", probe.fake)):
            if scores is not None:
                found[f"d_{name}_score"] = float(np.mean(scores.output))
                found[f"d_{name}_logit"] = float(np.mean(scores.logit))
                family = f"d_{name}_logit_quantile"
                found |= {member_of(family, str(percent)): q for percent, q in quantiles(scores.logit).items()}
        if probe.holdout is None and self.recording.holdout is not None:
            found |= dict.fromkeys(_OF_HOLDOUT, _HOLDOUT_ALONE)
        found |= _batch_gap(probe)
        if not self.recording.polarity.is_pending(step - self.recording.first_step):
            found |= self._by_polarity(probe)
        return found

    def _without_scores(self, absence: Absence) -> Readings:
        if not self._has_said:
            self._has_said = True
            self.recording.warn(Message("gandoctor: no discriminator scores: {why}.", why=absence.message))
        return dict.fromkeys(_ALL, absence)

    def _by_polarity(self, probe: Probe) -> Readings:
        """Return what depends on which side means "real": above the border where it is high, below it otherwise."""
        polarity = self.recording.polarity
        found: dict[str, Any] = {}
        for name, scores, real in (
            ("d_real_accuracy", probe.real, True),
            ("d_holdout_accuracy", probe.holdout, True),
            ("d_fake_accuracy", probe.fake, False),
            ("d_real_accuracy_training", probe.real_training, True),
            ("d_fake_accuracy_training", probe.fake_training, False),
        ):
            if scores is not None:
                found |= self._accuracy(name, scores, polarity.sign, real)
        if probe.real is not None and probe.fake is not None:
            found |= separation(polarity.sign * probe.real.logit, polarity.sign * probe.fake.logit)
            doubt = polarity.doubt(found.get("d_prime", 0.0))
            if doubt is not None:
                found["real_is_high"] = doubt
                self.recording.warn(Message("gandoctor: {why}.", why=doubt.message))
        return found

    def _accuracy(self, name: str, scores: Scores, sign: float, real: bool) -> Readings:
        """Return the share on the right side of the border; absent for losses whose scores have none (Wasserstein)."""
        family = objective(self.recording.manifest.loss_family)
        border = 0.0 if family is None else family.border
        if border is None:
            return {} if name in self._had_border else {name: _NO_BORDER}
        self._had_border.add(name)
        values = sign * (scores.logit - border)
        if not np.isfinite(values).all():
            return {name: float("nan")}
        return {name: float(np.mean(values > 0 if real else values < 0))}


def _batch_gap(probe: Probe) -> Readings:
    """Return how far the logits of the same images move when reals share their batch, in their own spread."""
    if probe.fake_mixed is None or probe.fake_training is None:
        return {}
    alone, mixed = probe.fake_training.logit, probe.fake_mixed.logit
    spread, moved = float(np.std(alone)), float(abs(np.mean(mixed) - np.mean(alone)))
    return {"d_batch_gap": moved / spread if spread > 0 else (0.0 if moved == 0 else float("inf"))}
