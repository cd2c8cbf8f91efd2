"""DiscriminatorMonitor: what the discriminator says of trained-on reals, held-out reals and fakes, each apart."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from gandoctor.backends.tensorflow.forward_passes import Probe, Scores, normalises_batches
from gandoctor.measures.scores import quantiles, separation
from gandoctor.monitors.monitor import Monitor
from gandoctor.recording.session.options import MonitorWarning
from gandoctor.recording.session.session import Session
from gandoctor.signals import FAMILIES, SIGNALS, member_of

REVERSED_PROBES = 5


class DiscriminatorMonitor(Monitor):
    """Records scores, logits and their quantiles, accuracies and the separation of real from fake at every probe.

    Accuracy in inference mode can mislead where the discriminator has dropout; the `_training` signals are taken with
    dropout and batch norm as in training.
    """

    _has_said = False
    _reversed = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._had_border: set[str] = set()  # accuracies recorded before the family was known

    def attached(self, session: Session) -> None:
        """Say what cannot be recorded for want of real data."""
        missing = session.manifest.missing
        if "latent_sampler" in missing:
            self._give_reason(missing["latent_sampler"])
            return
        if not normalises_batches(session.players.discriminator):
            missing["d_batch_gap"] = "the discriminator has no batch normalisation"
        if session.reals is None:
            missing.setdefault("d_batch_gap", missing["probe_data"])
            for name in (
                "d_real_score",
                "d_real_logit",
                "d_real_logit_quantile",
                "d_real_accuracy",
                "d_logit_gap",
                "d_auc",
                "d_prime",
            ):
                missing[name] = missing["probe_data"]
        if session.holdout is None:
            for name in ("d_holdout_score", "d_holdout_logit", "d_holdout_logit_quantile", "d_holdout_accuracy"):
                missing[name] = missing["holdout_data"]

    def probe(self, step: int, probe: Probe | None) -> dict[str, float]:
        """Turn outputs into signals."""
        if probe is None:
            return {}
        assert self.session is not None
        if probe.no_scores is not None:
            self._say_why_not(probe.no_scores)
            return {}
        found: dict[str, float] = {}
        for name, scores in (("real", probe.real), ("holdout", probe.holdout), ("fake", probe.fake)):
            if scores is not None:
                found[f"d_{name}_score"] = float(np.mean(scores.output))
                found[f"d_{name}_logit"] = float(np.mean(scores.logit))
                family = f"d_{name}_logit_quantile"
                found |= {member_of(family, str(percent)): q for percent, q in quantiles(scores.logit).items()}
        found |= self._batch_gap(probe)
        if not self.session.inference.is_pending(step - self.session.first_step):
            found |= self._by_polarity(probe)
        return found

    def _batch_gap(self, probe: Probe) -> dict[str, float]:
        """How far the logits of the same images move when reals share their batch, in their own spread."""
        if probe.fake_mixed is None or probe.fake_training is None:
            return {}
        alone, mixed = probe.fake_training.logit, probe.fake_mixed.logit
        spread, moved = float(np.std(alone)), float(abs(np.mean(mixed) - np.mean(alone)))
        return {"d_batch_gap": moved / spread if spread > 0 else (0.0 if moved == 0 else float("inf"))}

    def _by_polarity(self, probe: Probe) -> dict[str, float]:
        """What depends on which side means "real": above the border where real_is_high, below it otherwise."""
        assert self.session is not None
        sign = -1.0 if self.session.manifest.real_is_high is False else 1.0
        found: dict[str, float] = {}
        for name, scores, real in (
            ("d_real_accuracy", probe.real, True),
            ("d_holdout_accuracy", probe.holdout, True),
            ("d_fake_accuracy", probe.fake, False),
            ("d_real_accuracy_training", probe.real_training, True),
            ("d_fake_accuracy_training", probe.fake_training, False),
        ):
            if scores is not None:
                found |= self._accuracy(name, scores, sign, real)
        if probe.real is not None and probe.fake is not None:
            found |= separation(sign * probe.real.logit, sign * probe.fake.logit)
            self._doubt_polarity(found.get("d_prime", 0.0))
        return found

    def _doubt_polarity(self, d_prime: float) -> None:
        """Say it when a polarity nobody has told or seen is contradicted by what the discriminator does."""
        assert self.session is not None
        if self.session.manifest.real_is_high_source != "assumed":
            return
        self._reversed = self._reversed + 1 if d_prime < -1.0 else 0
        if self._reversed == REVERSED_PROBES:
            reason = (
                "reals were assumed to score above fakes, but the discriminator has clearly scored them lower in "
                f"{REVERSED_PROBES} probes in a row; if it is trained that way, pass real_is_high=False"
            )
            self.session.manifest.missing["real_is_high"] = reason
            warnings.warn(f"gandoctor: {reason}.", MonitorWarning, stacklevel=2)

    def _say_why_not(self, reason: str) -> None:
        assert self.session is not None
        self._give_reason(reason)
        if not self._has_said:
            self._has_said = True
            self.session.writer.write_manifest()
            warnings.warn(f"gandoctor: no discriminator scores: {reason}.", MonitorWarning, stacklevel=2)

    def _give_reason(self, reason: str) -> None:
        assert self.session is not None
        endings = ("_score", "_logit", "_quantile", "_accuracy", "_accuracy_training", "_gap", "d_auc", "d_prime")
        for name in (*SIGNALS, *FAMILIES):
            if name.startswith("d_") and name.endswith(endings):
                self.session.manifest.missing[name] = reason

    def _accuracy(self, name: str, scores: Scores, sign: float, real: bool) -> dict[str, float]:
        """Share on the right side of the border; absent for losses whose scores have none (Wasserstein)."""
        assert self.session is not None
        family = self.session.manifest.loss_family
        if family == "wasserstein":
            reason = "a Wasserstein critic's scores have no border between real and fake"
            if name not in self._had_border:
                self.session.manifest.missing[name] = reason
            return {}
        self._had_border.add(name)
        border = 0.5 if family == "least_squares" else 0.0
        values = sign * (scores.logit - border)
        if not np.isfinite(values).all():
            return {name: float("nan")}
        return {name: float(np.mean(values > 0 if real else values < 0))}
