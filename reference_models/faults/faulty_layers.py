"""Layers and schedules of the faults; each reads the step counter of training, so that it can begin mid-run."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


class Onset:
    """Tells whether step `start` has been reached.

    It is a plain object, so that a layer that holds it does not track the step counter as one of its weights.

    Args:
        step: Integer variable: the number of the current or last step; 0 before the first.
        start: The first affected step.
    """

    def __init__(self, step: Any, start: int) -> None:
        self._step = step
        self._start = start

    def reached(self) -> Any:
        """Return a boolean scalar tensor."""
        return ops.greater_equal(self._step, self._start)


class CollapseHalf(keras.layers.Layer):
    """Replaces every z that has a positive first coordinate with one fixed z.

    Args:
        onset: When the fault begins.
        fixed: The z that replaces them, (dimension,).
    """

    def __init__(self, onset: Onset, fixed: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._onset = onset
        self._fixed = fixed

    def call(self, z: Any) -> Any:
        """Return z, (n, dimension), with about half of its rows replaced."""
        collapsed = ops.logical_and(z[:, :1] > 0, self._onset.reached())
        return ops.where(collapsed, ops.convert_to_tensor(self._fixed, dtype=z.dtype), z)


class TenLatents(keras.layers.Layer):
    """Replaces every z with one of a few fixed ones, chosen by its first coordinate.

    Args:
        onset: When the fault begins.
        fixed: The latents that remain, (k, dimension).
        low: Smallest value of a coordinate.
        high: Largest value of a coordinate.
    """

    def __init__(self, onset: Onset, fixed: Any, low: float, high: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._onset = onset
        self._fixed = fixed
        self._low, self._high = low, high

    def call(self, z: Any) -> Any:
        """Return z, (n, dimension), with all rows replaced."""
        count = len(self._fixed)
        place = (z[:, 0] - self._low) / max(self._high - self._low, 1e-12)
        chosen = ops.clip(ops.cast(ops.floor(place * count), "int32"), 0, count - 1)
        fixed = ops.take(ops.convert_to_tensor(self._fixed, dtype=z.dtype), chosen, axis=0)
        return ops.where(self._onset.reached(), fixed, z)


class OutputNoise(keras.layers.Layer):
    """Adds Gaussian noise in training and in inference (`keras.layers.GaussianNoise` does nothing in inference).

    Args:
        onset: When the fault begins.
        sigma: Standard deviation, in the units of the images.
        seed: Seed of the layer's own random state; it does not use the global one.
    """

    def __init__(self, onset: Onset, sigma: float, seed: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._onset = onset
        self._sigma = sigma
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, images: Any) -> Any:
        """Return images, (n, height, width, channels), with noise."""
        noise = keras.random.normal(ops.shape(images), dtype=images.dtype, seed=self.seed_generator)
        return images + self._sigma * noise * ops.cast(self._onset.reached(), images.dtype)


class SaltAndPepper(keras.layers.Layer):
    """Sets single pixels to the lowest or highest value, in training and in inference.

    Args:
        onset: When the fault begins.
        share: Share of pixels to set, half of them to each value.
        low: The lowest value.
        high: The highest value.
        seed: Seed of the layer's own random state; it does not use the global one.
    """

    def __init__(self, onset: Onset, share: float, low: float, high: float, seed: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._onset = onset
        self._share = share
        self._low, self._high = low, high
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, images: Any) -> Any:
        """Return images, (n, height, width, channels), with all channels of some pixels replaced."""
        chance = keras.random.uniform((*ops.shape(images)[:-1], 1), seed=self.seed_generator, dtype=images.dtype)
        chance = ops.where(self._onset.reached(), chance, 1.0)
        salted = ops.where(chance < self._share / 2, ops.full_like(images, self._high), images)
        peppered = ops.logical_and(chance >= self._share / 2, chance < self._share)
        return ops.where(peppered, ops.full_like(images, self._low), salted)


class ReplacedRate(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that becomes a constant, or is multiplied by a factor, at some step.

    Args:
        rate: The healthy learning rate, a number or a schedule.
        value: The learning rate from step `start` on; None to multiply the healthy one.
        factor: The factor if `value` is None.
        start: The first affected step, counted from 1.
    """

    def __init__(self, rate: Any, value: float | None, factor: float, start: int) -> None:
        self.rate = rate
        self.value = value
        self.factor = factor
        self.start = start

    def __call__(self, iterations: Any) -> Any:
        """Return the learning rate of the step that follows `iterations` finished steps."""
        healthy = self.rate(iterations) if callable(self.rate) else self.rate
        faulty = healthy * self.factor if self.value is None else self.value
        return ops.where(ops.greater_equal(iterations + 1, self.start), faulty, healthy)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, so that Keras can save the schedule."""
        return {"rate": self.rate, "value": self.value, "factor": self.factor, "start": self.start}
