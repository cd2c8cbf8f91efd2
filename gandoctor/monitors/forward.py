"""The probe's forward passes through both players: inference mode, and training mode without its side effects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from gandoctor.errors import GandoctorError
from gandoctor.monitors.players import Players

SAMPLE_COUNT = 128
"""Generated images a probe; sample statistics are compared with real images at the same number."""
SCORE_COUNT = 64
"""Images of each kind that are scored in inference mode."""
TRAINING_MODE_COUNT = 32
"""Images of each kind that are scored in training mode."""


@dataclass(frozen=True)
class Scores:
    """Discriminator outputs on one set of images.

    Attributes:
        output: As the discriminator returns it, float32 (n,).
        logit: Before the final sigmoid, float32 (n,); the same as `output` where there is none.
    """

    output: np.ndarray
    logit: np.ndarray


@dataclass(frozen=True)
class Probe:
    """What the players do at one step; None where the data for it was not given or the pass failed.

    Attributes:
        step: Completed training steps.
        fakes: Generated images in data units, inference mode, float32 (n, h, w, c).
        fakes_training: The first of the same latents in training mode.
        real, holdout, fake: Scores in inference mode.
        real_training, fake_training: Scores in training mode.
        no_scores: Why the discriminator could not be run on images alone; None when it could.
    """

    step: int
    fakes: np.ndarray
    fakes_training: np.ndarray
    fake: Scores | None
    fake_training: Scores | None
    real: Scores | None
    real_training: Scores | None
    holdout: Scores | None
    no_scores: str | None = None


class ForwardPasses:
    """Runs both players on given latents and fixed reals, each by itself: one that fails does not cost the other.

    Every pass goes through `stateless_call`, so that no seed, batch-norm statistic or other weight moves; also in
    inference mode, where a noise layer may still draw.

    Args:
        players: Generator, discriminator.
        reals: Reals the discriminator trains on, in data units, or None.
        holdout: Reals it never trains on, or None.

    Attributes:
        no_samples: Why the generator could not be run on the latents; None while it can.
    """

    def __init__(self, players: Players, reals: np.ndarray | None, holdout: np.ndarray | None) -> None:
        self._players = players
        self._reals = None if reals is None else tf.convert_to_tensor(reals[:SCORE_COUNT], tf.float32)
        self._holdout = None if holdout is None else tf.convert_to_tensor(holdout[:SCORE_COUNT], tf.float32)
        self._generate: Callable[[Any], dict[str, Any]] = tf.function(self._images, autograph=False)
        self._judge: Callable[[Any], dict[str, Any]] = tf.function(self._scores, autograph=False)
        self._no_scores: str | None = None
        self._has_scored = False
        self._has_generated = False
        self.no_samples: str | None = None

    def run(self, step: int, latents: Any) -> Probe | None:
        """Run all passes on the players as they are now; None once the generator has been found not to run.

        Args:
            step: Completed training steps.
            latents: SAMPLE_COUNT latents, as the user's sampler returned them.

        Raises:
            GandoctorError: The generator cannot be run on these latents; said once.
        """
        if self.no_samples is not None:
            return None
        try:
            images = self._generate(tf.nest.map_structure(tf.convert_to_tensor, latents))
        except Exception as error:
            if self._has_generated:
                raise
            self.no_samples = (
                f"the generator cannot be run on the latents ({_brief(error)}); "
                "pass latent_sampler=lambda n: ... returning what the generator takes"
            )
            raise GandoctorError(self.no_samples) from error
        self._has_generated = True
        found = self._scored(images)

        def scores(name: str) -> Scores | None:
            return Scores(*(t.numpy() for t in found[name])) if name in found else None

        return Probe(
            step,
            images["fakes"].numpy(),
            images["fakes_training"].numpy(),
            scores("fake"),
            scores("fake_training"),
            scores("real"),
            scores("real_training"),
            scores("holdout"),
            self._no_scores,
        )

    def _scored(self, images: dict[str, Any]) -> dict[str, Any]:
        if self._no_scores is not None:
            return {}
        try:
            found = self._judge(images["raw"])
        except Exception as error:
            if self._has_scored:
                raise
            self._no_scores = f"the discriminator cannot be run on images alone ({_brief(error)})"
            return {}
        self._has_scored = True
        return found

    def _images(self, latents: Any) -> dict[str, Any]:
        generator = self._players.generator
        few = tf.nest.map_structure(lambda z: z[:TRAINING_MODE_COUNT], latents)
        raw = _call(generator, latents, training=False)
        raw_training = _call(generator, few, training=True)
        return {
            "fakes": _as_images(raw),
            "fakes_training": _as_images(raw_training),
            "raw": raw[:SCORE_COUNT],
        }

    def _scores(self, raw: Any) -> dict[str, Any]:
        found: dict[str, Any] = {
            "fake": self._score(raw, training=False),
            "fake_training": self._score(raw[:TRAINING_MODE_COUNT], training=True),
        }
        if self._reals is not None:
            found["real"] = self._score(self._reals, training=False)
            found["real_training"] = self._score(self._reals[:TRAINING_MODE_COUNT], training=True)
        if self._holdout is not None:
            found["holdout"] = self._score(self._holdout, training=False)
        return found

    def _score(self, images: Any, training: bool) -> tuple[Any, Any]:
        discriminator = self._players.discriminator
        output = _call(discriminator, images, training)
        if isinstance(output, list | tuple):
            output = output[0]  # e.g. an auxiliary classifier: the validity head comes first by convention
        # Keras keeps the logits of a final sigmoid on its output; they do not saturate as the probability does.
        logit = getattr(output, "_keras_logits", output)
        n = tf.shape(output)[0]
        # A patch discriminator scores every patch: an image's score is their mean.
        flat = [tf.reduce_mean(tf.reshape(tf.cast(t, tf.float32), (n, -1)), axis=1) for t in (output, logit)]
        return flat[0], flat[1]


def _call(network: Any, inputs: Any, training: bool) -> Any:
    output, _ = network.stateless_call(
        [v.value for v in network.trainable_variables],
        [v.value for v in network.non_trainable_variables],
        inputs,
        training=training,
    )
    return output


def _as_images(raw: Any) -> Any:
    images = tf.cast(raw, tf.float32)
    return images[..., None] if images.shape.rank == 3 else images


def _brief(error: Exception) -> str:
    """First line of an error, without the pages Keras adds."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__
