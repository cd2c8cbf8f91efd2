"""DiscriminatorMonitor: what the discriminator says of trained-on reals, held-out reals and fakes, each apart."""

from __future__ import annotations

import numpy as np

from gandoctor.measures.scores import separation
from gandoctor.monitors.forward import Probe, Scores
from gandoctor.monitors.monitor import Monitor
from gandoctor.monitors.session import Session


class DiscriminatorMonitor(Monitor):
    """Records scores, logits, accuracies and the separation of real from fake at every probe.

    Accuracy in inference mode can mislead where the discriminator has dropout; the `_training` signals are taken with
    dropout and batch norm as in training.
    """

    def attached(self, session: Session) -> None:
        """Say what cannot be recorded for want of real data."""
        missing = session.manifest.missing
        if session.reals is None:
            for name in (
                "d_real_score",
                "d_real_logit",
                "d_real_accuracy",
                "d_logit_gap",
                "d_auc",
                "d_prime",
            ):
                missing[name] = missing["probe_data"]
        if session.holdout is None:
            for name in ("d_holdout_score", "d_holdout_logit", "d_holdout_accuracy"):
                missing[name] = missing["holdout_data"]

    def probe(self, step: int, probe: Probe | None) -> dict[str, float]:
        """Turn outputs into signals."""
        if probe is None:
            return {}
        assert self.session is not None
        # Polarity: above the decision border means "real" where real_is_high, below it otherwise.
        sign = -1.0 if self.session.manifest.real_is_high is False else 1.0
        found: dict[str, float] = {}
        for name, scores in (("real", probe.real), ("holdout", probe.holdout), ("fake", probe.fake)):
            if scores is not None:
                found[f"d_{name}_score"] = float(np.mean(scores.output))
                found[f"d_{name}_logit"] = float(np.mean(scores.logit))
                found |= self._accuracy(f"d_{name}_accuracy", scores, sign, real=name != "fake")
        if probe.real_training is not None:
            found |= self._accuracy("d_real_accuracy_training", probe.real_training, sign, real=True)
        found |= self._accuracy("d_fake_accuracy_training", probe.fake_training, sign, real=False)
        if probe.real is not None:
            found |= separation(sign * probe.real.logit, sign * probe.fake.logit)
        return found

    def _accuracy(self, name: str, scores: Scores, sign: float, real: bool) -> dict[str, float]:
        """Share on the right side of the border; absent for losses whose scores have none (Wasserstein)."""
        assert self.session is not None
        family = self.session.manifest.loss_family
        if family == "wasserstein":
            return {}
        border = 0.5 if family == "least_squares" else 0.0
        values = sign * (scores.logit - border)
        if not np.isfinite(values).all():
            return {name: float("nan")}
        return {name: float(np.mean(values > 0 if real else values < 0))}
