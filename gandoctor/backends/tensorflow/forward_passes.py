"""The probe's forward passes through both players: inference mode, and training mode without its side effects."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from gandoctor.backends.tensorflow.in_graph.train_step import unobserved
from gandoctor.backends.tensorflow.players.layer_card import is_container, is_part_of_keras
from gandoctor.backends.tensorflow.players.players import PLAYERS, Phase, Players
from gandoctor.backends.tensorflow.players.weights import Weights
from gandoctor.backends.tensorflow.relu_units import ReluUnits, relu_units
from gandoctor.errors import GandoctorError
from gandoctor.recording.probe.images import like, parts

SAMPLE_COUNT = 64
"""Generated images a probe; sample statistics are compared with real images at the same number."""
SCORE_COUNT = 64
"""Images of each kind that are scored in inference mode."""
TRAINING_MODE_COUNT = 32
"""Images of each kind that are scored in training mode."""
SCORED = ("fake", "fake_training", "real", "real_training", "holdout", "fake_mixed")
"""What a `Probe` has scores of."""


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
        fake_mixed: Training-mode scores of the same images sharing a batch with reals; where D has batch normalisation.
        raw: What the generator returned for the scored ones, as the discriminator takes it, float32, on the device.
        no_scores: Why the discriminator could not be run on what was given; None when it could.
        alive: Player -> its ReLU units, True where one was not 0 for every image of its inference-mode passes; the
            discriminator's over reals and fakes. Absent where it was not run on both, or where they cannot be read.
    """

    step: int
    fakes: np.ndarray
    fakes_training: np.ndarray
    fake: Scores | None
    fake_training: Scores | None
    real: Scores | None
    real_training: Scores | None
    holdout: Scores | None
    fake_mixed: Scores | None = None
    raw: Any = None
    no_scores: str | None = None
    alive: Mapping[Phase, np.ndarray] = field(default_factory=dict)


class ForwardPasses:
    """Runs both players on given latents and fixed reals, each by itself: one that fails does not cost the other.

    Every pass goes through `stateless_call`, so that no seed, batch-norm statistic or other weight moves; also in
    inference mode, where a noise layer may still draw.

    Args:
        players: Generator, discriminator.
        weights: Takes copies of theirs.
        reals: Reals the discriminator trains on, in data units, or None; where it takes more than images, all it takes,
            images first. The latents then hold as many parts, those after the first being what goes with the images.
        holdout: Reals it never trains on, likewise.

    Attributes:
        reals: The reals that are scored, float32, on the device; None where none were given.
        no_samples: Why the generator could not be run on the latents; None while it can.
        no_scores: Why the discriminator could not be run on what was given; None while it can.
        mixes_batches: Whether the discriminator normalises over the batch.
        hidden_units: Players that compute ReLUs in graphs of their own, where they cannot be read.
    """

    def __init__(self, players: Players, weights: Weights, reals: Any, holdout: Any) -> None:
        self._players = players
        self._weights = weights
        self.reals = None if reals is None else _scored_part(reals)
        self._holdout = None if holdout is None else _scored_part(holdout)
        self.mixes_batches = normalises_batches(players.discriminator)
        self.no_samples: str | None = None
        self.no_scores: str | None = None
        self.hidden_units: set[Phase] = set()
        self._latents: Any = None
        self._has_scored = False
        self._takes_all_at_once = judges_one_by_one(players.discriminator)
        # Weights are an argument: one trace of each serves the players as they are and as they were. One vector, as a
        # call costs by the argument.
        self._generate = tf.function(self._generated, autograph=False)
        self._score = tf.function(self._scored, autograph=False)

    def run(self, step: int, latents: Any) -> Probe | None:
        """Run all passes on the players as they are now; None once the generator has been found not to run.

        Args:
            step: Completed training steps.
            latents: At most SAMPLE_COUNT latents, as the user's sampler returned them.

        Raises:
            GandoctorError: The generator cannot be run on these latents; said once.
        """
        if self.no_samples is not None:
            return None
        given = tf.nest.map_structure(tf.convert_to_tensor, latents)
        weights = self._weights.copy("g")
        try:
            raw, g_alive = self._generate(weights, given, training=False)
            raw_training, _ = self._generate(weights, _first(given, TRAINING_MODE_COUNT), training=True)
        except Exception as error:
            if self._latents is not None:
                raise
            self.no_samples = (
                f"the generator cannot be run on the latents ({_brief(error)}); "
                "pass latent_sampler=lambda n: ... returning what the generator takes"
            )
            raise GandoctorError(self.no_samples) from error
        self._latents = given
        fakes = self._for_discriminator(raw)
        scores, d_alive = self._scores(fakes)
        alive = {"g": g_alive.numpy(), "d": d_alive}
        return Probe(
            step,
            _as_images(raw),
            _as_images(raw_training),
            **{name: scores.get(name) for name in SCORED},
            raw=fakes,
            no_scores=self.no_scores,
            alive={p: alive[p] for p in PLAYERS if alive[p] is not None and p not in self.hidden_units},
        )

    def generate(self, g_weights: Any) -> Any:
        """Images of the last probe's latents by a generator with these weights (a copy of `Weights`)."""
        return self._for_discriminator(self._generate(g_weights, self._latents, training=False)[0])

    def mean_logits(self, d_weights: Any, images: Any) -> tuple[float, float | None]:
        """Mean logit of images, and of the reals where there are some, inference mode.

        Args:
            d_weights: Of the discriminator that is asked (a copy of `Weights`).
            images: As many as a probe has, as `generate` returns them.
        """
        found, _ = self._pass(d_weights, self._with_reals(images), training=False)
        real = found.get("real")
        return float(np.mean(found["fake"].logit)), None if real is None else float(np.mean(real.logit))

    def _for_discriminator(self, raw: Any) -> Any:
        """Put generated images where the real ones are given, beside what they were generated from."""
        raw = raw[:SCORE_COUNT]
        wanted = parts(self.reals)
        if len(wanted) == 1:
            return raw
        conditions = parts(self._latents)[1:]
        if len(conditions) != len(wanted) - 1:
            self.no_scores = (
                f"probe_data holds {len(wanted) - 1} beside the images, what latent_sampler returns holds "
                f"{len(conditions)} beside the latents; let it return what the discriminator is given with the images"
            )
            return raw
        beside = [tf.cast(c[:SCORE_COUNT], w.dtype) for c, w in zip(conditions, wanted[1:], strict=True)]
        return like(self.reals, [raw, *beside])

    def _scores(self, raw: Any) -> tuple[dict[str, Scores], np.ndarray | None]:
        """Return all scores by name, and which ReLU units answered; None for the latter where there are no reals."""
        if self.no_scores is not None:
            return {}, None
        weights, few = self._weights.copy("d"), {"fake_training": _first(raw, TRAINING_MODE_COUNT)}
        if self.reals is not None:
            few["real_training"] = _first(self.reals, TRAINING_MODE_COUNT)
        try:
            found, alive = self._pass(weights, self._with_reals(raw), training=False)
            found |= self._pass(weights, few, training=True)[0]
            if self.mixes_batches and self.reals is not None:
                mixed = self._score(weights, list(few.values()), training=True)
                found["fake_mixed"] = Scores(*(t.numpy()[:TRAINING_MODE_COUNT] for t in mixed[:2]))
        except Exception as error:
            if self._has_scored:
                raise
            alone = "on images alone" if len(parts(raw)) == 1 else "on what probe_data and latent_sampler give"
            self.no_scores = f"the discriminator cannot be run {alone} ({_brief(error)})"
            return {}, None
        self._has_scored = True
        return found, None if self.reals is None else alive

    def _with_reals(self, fakes: Any) -> dict[str, Any]:
        batches = {"fake": fakes, "real": self.reals, "holdout": self._holdout}
        return {name: batch for name, batch in batches.items() if batch is not None}

    def _pass(self, weights: Any, batches: dict[str, Any], training: bool) -> tuple[dict[str, Scores], np.ndarray]:
        """Score each batch by itself, or all in one where that is the same; return the ReLU units that answered too."""
        shapes = {tuple(tuple(t.shape[1:]) for t in tf.nest.flatten(batch)) for batch in batches.values()}
        at_once = self._takes_all_at_once and len(shapes) == 1 and not (training and self.mixes_batches)
        together = [list(batches)] if at_once else [[name] for name in batches]
        found: dict[str, Scores] = {}
        answered = []
        for names in together:
            outputs, logits, alive = (
                t.numpy() for t in self._score(weights, [batches[name] for name in names], training=training)
            )
            ends = np.cumsum([len(parts(batches[name])[0]) for name in names])[:-1]
            pairs = zip(np.split(outputs, ends), np.split(logits, ends), strict=True)
            found |= {name: Scores(output, logit) for name, (output, logit) in zip(names, pairs, strict=True)}
            answered.append(alive)
        return found, np.logical_or.reduce(answered)

    def _generated(self, weights: Any, latents: Any, training: bool) -> tuple[Any, Any]:
        output, alive = self._call("g", weights, latents, training)
        # float32, as the reals are given: real and generated images share one trace of the discriminator.
        return tf.cast(output, tf.float32), alive

    def _scored(self, weights: Any, batches: Any, training: bool) -> tuple[Any, Any, Any]:
        images = batches[0] if len(batches) == 1 else tf.nest.map_structure(lambda *t: tf.concat(t, 0), *batches)
        output, alive = self._call("d", weights, images, training)
        if isinstance(output, list | tuple):
            output = output[0]  # e.g. an auxiliary classifier: the validity head comes first by convention
        # Keras keeps the logits of a final sigmoid on its output; they do not saturate as the probability does.
        logit = getattr(output, "_keras_logits", output)
        n = tf.shape(output)[0]
        # A patch discriminator scores every patch: an image's score is their mean.
        flattened = [tf.reduce_mean(tf.reshape(tf.cast(t, tf.float32), (n, -1)), axis=1) for t in (output, logit)]
        return flattened[0], flattened[1], alive

    def _call(self, player: Phase, weights: Any, inputs: Any, training: bool) -> tuple[Any, Any]:
        """Return what a player says, and which of its ReLU units did; the latter is empty in training mode."""
        network = self._players.network(player)
        values = self._weights.unflattened(player, weights)
        with unobserved(), nullcontext(ReluUnits()) if training else relu_units(network) as units:
            output, _ = network.stateless_call(
                [values.get(id(v.value), v.value) for v in network.trainable_variables],
                [values.get(id(v.value), v.value) for v in network.non_trainable_variables],
                inputs,
                training=training,
            )
        if units.hidden:
            self.hidden_units.add(player)
        return output, units.all()


def normalises_batches(network: Any) -> bool:
    """Tell whether what a network says of one image depends, in training, on the others in its batch."""
    layers = network._flatten_layers() if hasattr(network, "_flatten_layers") else []
    return any("BatchNorm" in type(layer).__name__ for layer in layers)


def judges_one_by_one(network: Any) -> bool:
    """Tell whether it is known that what a network says of one image never depends, in inference, on the others.

    Known of Keras's own layers only: there are those that compare the images of a batch in either mode.
    """
    for layer in network._flatten_layers():
        if is_container(layer):
            if not all(isinstance(operation, keras.Layer) for operation in getattr(layer, "operations", ())):
                return False
        elif not is_part_of_keras(layer) or isinstance(layer, keras.layers.Lambda):
            return False
    return True


def _first(batch: Any, count: int) -> Any:
    return tf.nest.map_structure(lambda part: part[:count], batch)


def _scored_part(reals: Any) -> Any:
    images, *conditions = (tf.convert_to_tensor(part[:SCORE_COUNT]) for part in parts(reals))
    return like(reals, [tf.cast(images, tf.float32), *conditions])


def _as_images(raw: Any) -> np.ndarray:
    images: np.ndarray = raw.numpy()
    return images[..., None] if images.ndim == 3 else images


def _brief(error: Exception) -> str:
    """First line of an error, without the pages Keras adds."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__
