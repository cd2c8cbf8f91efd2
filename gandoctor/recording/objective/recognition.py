"""What can be told of loss family, label polarity and latent law without being told: by comparing numbers, not names.

In the first steps, the loss that is differentiated is compared with what each family's formula gives on the
discriminator's own outputs of that very step. A formula either reproduces the loss to float precision or it does not;
only one that does so alone is believed. Formulas: Goodfellow et al. 2014 (minimax, non-saturating), Mao et al. 2017
(least squares), Lim and Ye 2017 (hinge), Arjovsky et al. 2017 (Wasserstein).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from gandoctor.backends.tensorflow.in_graph.kept_values import VALUES, KeptValues
from gandoctor.backends.tensorflow.in_graph.step_log import as_float
from gandoctor.backends.tensorflow.in_graph.train_step import current_graph
from gandoctor.backends.tensorflow.players.players import PLAYERS, Phase, Players
from gandoctor.backends.tensorflow.replicas import on_first_replica, own_variable
from gandoctor.store import LatentCard, LossFamily, Manifest

OUTPUTS = 4
"""The latest discriminator outputs of a step that a loss may be made of: real, fake, interpolated, one to spare."""
LONGEST_STEPS = 50
LATENTS_WANTED = 2000
EFFECTS_WANTED = 2
"""Successive measured updates of both players that must agree on which way is up."""
TOLERANCE = 2e-3
"""Largest relative difference that still counts as equal: label noise is far above, half precision below."""

_COMPILED: dict[str, LossFamily] = {
    "binary_crossentropy": "non_saturating",
    "BinaryCrossentropy": "non_saturating",
    "mse": "least_squares",
    "mean_squared_error": "least_squares",
    "MeanSquaredError": "least_squares",
}
_Hypothesis = tuple[LossFamily, bool]


class _Said(NamedTuple):
    """What an output of the discriminator is like."""

    places: int  # numbers that belong to one image
    has_logit: bool


class Inference:
    """Watches the first steps of a training and fills in what the user did not say.

    Args:
        players: The GAN; its latent sampler is replaced where the law turns out to be uniform.
        manifest: Gets the findings; what is "given" there is never touched.
    """

    def __init__(self, players: Players, manifest: Manifest) -> None:
        self._players = players
        self._manifest = manifest
        self._alive: set[_Hypothesis] | None = None
        self._steps = 0
        self._open = {"loss", "latents"}
        if manifest.loss_family_source == "given" and manifest.real_is_high_source == "given":
            self._open.discard("loss")
        if players.latent_is_given or players.latent_sampler is None:
            self._open.discard("latents")
        # Made now: variables born inside a train function make TensorFlow trace it twice.
        self._losses: dict[Phase, Any] = {}
        self._outputs: dict[Phase, list[tuple[KeptValues, KeptValues]]] = {}
        if "loss" in self._open:
            for player in PLAYERS:
                self._losses[player] = own_variable(0.0, "gandoctor_loss")
                self._outputs[player] = [
                    (KeptValues("gandoctor_output"), KeptValues("gandoctor_logit")) for _ in range(OUTPUTS)
                ]
        self._latents = KeptValues("gandoctor_latents") if "latents" in self._open else None
        # Count, sum, sum of squares, minimum, maximum.
        self._seen_latents = (0.0, 0.0, 0.0, math.inf, -math.inf)
        if "loss" in self._open:
            self._unknown("the loss has not been seen in training")
        self._said: dict[Phase, list[_Said]] = {"d": [], "g": []}
        self._penalty = False
        self._effects: list[tuple[bool, bool] | None] = []

    def is_pending(self, steps: int) -> bool:
        """Whether values that depend on the polarity should wait: it is assumed, and may show in the next steps.

        Args:
            steps: Done since the start.
        """
        return steps < EFFECTS_WANTED and self._manifest.real_is_high_source == "assumed"

    # Inside the training step. --------------------------------------------------------------------------------

    def begin_step(self) -> None:
        """A new call (a new trace) of the step."""
        self._penalty = False

    def saw_loss(self, phase: Phase, loss: Any, outputs: list[Any], penalty: bool, may_be_compiled: bool) -> None:
        """Take note of a loss and what the discriminator had said before it was differentiated."""
        if "loss" not in self._open:
            return
        self._penalty |= penalty
        graph = current_graph()
        here = [o for o in (_first(o) for o in outputs[-OUTPUTS:]) if graph is None or o.graph is graph]
        logits = [getattr(o, "_keras_logits", None) for o in here]
        self._said[phase] = [_Said(_places(o), z is not None) for o, z in zip(here, logits, strict=True)]

        def store() -> None:
            self._losses[phase].assign(tf.cast(tf.reduce_sum(loss), tf.float32))
            for output, logit, (kept, kept_logit) in zip(here, logits, self._outputs[phase], strict=False):
                kept.keep(output, may_be_compiled)
                if logit is not None:
                    kept_logit.keep(logit, may_be_compiled)

        on_first_replica(store)

    def saw_latents(self, inputs: Any, may_be_compiled: bool) -> None:
        """Take note of what the generator is given in training."""
        latents = self._latents
        if latents is None or "latents" not in self._open:
            return
        arrays = [t for t in tf.nest.flatten(inputs) if hasattr(t, "dtype") and tf.as_dtype(t.dtype).is_floating]
        if not arrays:
            return
        on_first_replica(lambda: latents.keep(arrays[0], may_be_compiled))

    def saw_effects(self, pull: float, gap: float) -> None:
        """Tell the polarity by behaviour where nothing else did: both players' first updates point the same way.

        Args:
            pull: How far the generator's update moved D's mean logit on generated images.
            gap: How far the discriminator's update moved the gap from generated to real images.
        """
        if self._manifest.real_is_high_source != "assumed":
            return
        self._effects = [*self._effects[1 - EFFECTS_WANTED :], (pull > 0, gap > 0) if pull and gap else None]
        if len(self._effects) == EFFECTS_WANTED and len(set(self._effects)) == 1:
            agreed = self._effects[0]
            if agreed is not None and agreed[0] == agreed[1]:
                self._manifest.real_is_high, self._manifest.real_is_high_source = agreed[0], "inferred"
                self._manifest.missing.pop("real_is_high", None)

    # On the host, between steps. ------------------------------------------------------------------------------

    def settle(self, steps: int = 1, scalars: Mapping[str, Any] | None = None) -> bool:
        """Draw conclusions after a step; returns whether the manifest has changed.

        Args:
            steps: How many have been done since the last call.
            scalars: What a hand-written loop has passed with the last of them.
        """
        if not self._open:
            return False
        self._steps += steps
        changed = False
        if "loss" in self._open and scalars and "g_loss" in scalars:
            changed |= self._settle_compiled(as_float(scalars["g_loss"]))
        if "loss" in self._open and self._said["g"]:
            changed |= self._settle_loss()
        if "latents" in self._open:
            changed |= self._settle_latents()
        if self._steps >= LONGEST_STEPS:
            changed |= bool(self._open)
            self._give_up()
        return changed

    def _settle_loss(self) -> bool:
        loss = {player: float(self._losses[player].numpy()) for player in PLAYERS}
        statistics = {player: self._statistics(player) for player in PLAYERS}
        fitting = _fitting(loss["d"], loss["g"], statistics["d"], statistics["g"], self._penalty)
        self._alive = fitting if self._alive is None else self._alive & fitting
        if not self._alive:
            self._open.discard("loss")
            self._unknown(
                "the generator's loss is none of the known formulas of the discriminator's outputs"
                if statistics["g"]
                else f"the discriminator's outputs are not finite, or, in a compiled step, more than {VALUES} numbers"
            )
            return True
        polarities = {high for _, high in self._alive}
        families = {family for family, _ in self._alive}
        if len(polarities) == 1 and self._manifest.real_is_high_source not in ("given", "inferred"):
            self._manifest.real_is_high, self._manifest.real_is_high_source = polarities.pop(), "inferred"
        if len(self._alive) > 1:
            return False
        if self._manifest.loss_family_source != "given":
            self._manifest.loss_family, self._manifest.loss_family_source = families.pop(), "inferred"
            self._manifest.missing.pop("loss_family", None)
        self._open.discard("loss")
        return True

    def _statistics(self, player: Phase) -> list[np.ndarray]:
        """What the discriminator said before a player's last update, an entry an output."""
        found = []
        for said, (kept, kept_logit) in zip(self._said[player], self._outputs[player], strict=False):
            output = kept.read()
            if kept.is_whole(output):
                logit = kept_logit.read() if said.has_logit else output
                found.append(_statistics(output, logit, said.places))
        return found

    def _settle_compiled(self, g_loss: float) -> bool:
        """Go by the loss the discriminator was compiled with; a minimax generator's cross-entropy is negative."""
        loss = getattr(self._players.discriminator, "loss", None)
        name = loss if isinstance(loss, str) else type(loss).__name__
        family = _COMPILED.get(name)
        if family is None or (family == "non_saturating" and not g_loss >= 0.0):
            return False
        self._manifest.loss_family, self._manifest.loss_family_source = family, "inferred"
        self._manifest.missing.pop("loss_family", None)
        self._players.sources["loss_family"] = f"the discriminator was compiled with {name}"
        self._open.discard("loss")
        return True

    def _settle_latents(self) -> bool:
        z = np.zeros(0) if self._latents is None else self._latents.read().astype(np.float64)
        if not z.size:
            return False
        count, total, squares, low, high = self._seen_latents
        count, total, squares = count + z.size, total + float(z.sum()), squares + float((z * z).sum())
        low, high = min(low, float(z.min())), max(high, float(z.max()))
        self._seen_latents = count, total, squares, low, high
        if count < LATENTS_WANTED:
            return False
        self._open.discard("latents")
        mean = total / count
        std = math.sqrt(max(0.0, squares / count - mean * mean))
        law = _law(count, mean, std, low, high)
        found = f"mean {mean:.2f}, standard deviation {std:.2f}, {low:.2f} to {high:.2f}"
        missing = self._manifest.missing
        if law is None:
            missing["latent_law"] = (
                f"latents were taken to be standard normal, but training uses others ({found}); "
                "pass latent_sampler=lambda n: ..."
            )
            return True
        missing.pop("latent_law", None)
        card = self._manifest.latent
        if law != "normal":
            sampler = self._players.latent_sampler
            assert sampler is not None
            shape, rng = np.shape(sampler(1))[1:], np.random.default_rng(0)
            below, above = law
            self._players.latent_sampler = lambda n: rng.uniform(below, above, (n, *shape)).astype(np.float32)
            self._players.sources["latent_sampler"] = f"uniform from {law[0]:g} to {law[1]:g}, as seen in training"
        if card is not None:
            self._manifest.latent = LatentCard(
                shape=card.shape, minimum=low, maximum=high, mean=mean, std=std, source="inferred"
            )
        return True

    def _give_up(self) -> None:
        if "loss" in self._open:
            self._unknown(
                "no loss was seen that is a known formula of the discriminator's outputs"
                if not self._alive
                else f"several formulas fit: {', '.join(sorted({str(f) for f, _ in self._alive}))}"
            )
        self._open.clear()

    def _unknown(self, why: str) -> None:
        if self._manifest.loss_family is None:
            self._manifest.missing["loss_family"] = f"{why}; pass GANMonitor(..., loss=...)"


def _first(output: Any) -> Any:
    return output[0] if isinstance(output, list | tuple) else output


def _places(output: Any) -> int:
    return math.prod(output.shape[1:]) if output.shape[1:].is_fully_defined() else 1


def _statistics(output: np.ndarray, logit: np.ndarray, places: int) -> np.ndarray:
    """The means every formula is made of, (14,): see `_fitting` for their order.

    Args:
        output: The discriminator's, of a whole batch, image after image.
        logit: The same before a final sigmoid.
        places: Numbers that belong to one image.
    """
    o, logit = output.astype(np.float64), logit.astype(np.float64)
    p = np.clip(o, 1e-7, 1.0 - 1e-7)
    half = len(o) // places // 2 * places

    def margins(x: np.ndarray) -> list[Any]:
        if not x.size:
            return [math.nan] * 3  # the first half of a batch of one
        return [np.mean(x), np.mean(np.maximum(1.0 - x, 0.0)), np.mean(np.maximum(1.0 + x, 0.0))]

    means = [
        np.mean(np.logaddexp(0.0, -logit)),
        np.mean(np.logaddexp(0.0, logit)),
        -np.mean(np.log(p)),
        -np.mean(np.log(1.0 - p)),
        np.mean(np.square(o - 1.0)),
        np.mean(np.square(o)),
        np.mean(np.square(o + 1.0)),
        np.mean(o),
    ]
    return np.array([*means, *margins(o[:half]), *margins(o[half:])])


def _fitting(
    d_loss: float, g_loss: float, d_outputs: list[np.ndarray], g_outputs: list[np.ndarray], penalty: bool
) -> set[_Hypothesis]:
    """Return every (family, real_is_high) whose formula gives the generator's loss."""
    found: set[_Hypothesis] = set()
    for s in g_outputs:
        formulas: list[tuple[float, LossFamily, bool]] = [
            (scale * s[k], "least_squares", high)
            for scale in (1.0, 0.5)
            for k, high in ((4, True), (5, False), (6, False))
        ]
        for one, zero in ((s[0], s[1]), (s[2], s[3])):  # cross-entropy with label 1 and 0: from logits, from shares
            formulas += [
                (one, "non_saturating", True),
                (zero, "non_saturating", False),
                (0.9 * one + 0.1 * zero, "non_saturating", True),
                (0.1 * one + 0.9 * zero, "non_saturating", False),
                (-zero, "minimax", True),
                (-one, "minimax", False),
            ]
        for linear in _linear_families(d_loss, d_outputs, penalty):
            formulas += [(-s[7], linear, True), (s[7], linear, False)]
        found |= {(family, high) for value, family, high in formulas if _equal(value, g_loss)}
    return found


def _linear_families(d_loss: float, outputs: list[np.ndarray], penalty: bool) -> tuple[LossFamily, ...]:
    """Return which of hinge and Wasserstein, which share the generator's loss, the discriminator's can be."""
    halves = [(o[8:11], o[11:14]) for o in outputs]
    whole_margins = [_merged(o) for o in outputs]
    pairs = [p for a, b in halves for p in ((a, b), (b, a))]
    pairs += [(a, b) for i, a in enumerate(whole_margins) for j, b in enumerate(whole_margins) if i != j]
    hinges = [scale * (real[1] + fake[2]) for real, fake in pairs for scale in (1.0, 0.5)]
    differences = [fake[0] - real[0] for real, fake in pairs]
    if penalty:
        # It is never negative, so that a loss below a formula excludes it; to equal one of so many is chance.
        return ("hinge", "wasserstein") if any(d_loss >= h for h in hinges) else ("wasserstein",)
    if any(_equal(h, d_loss) for h in hinges):
        return ("hinge",)
    return ("wasserstein",) if any(_equal(w, d_loss) for w in differences) else ()


def _merged(o: np.ndarray) -> np.ndarray:
    """The margins of a whole output from those of its halves."""
    return np.asarray((o[8:11] + o[11:14]) / 2.0)


def _equal(value: float, loss: float) -> bool:
    return bool(abs(value - loss) <= TOLERANCE * abs(loss) + 1e-5)


def _law(count: float, mean: float, std: float, low: float, high: float) -> Any:
    """Return "normal", the bounds of a uniform law, or None; a law must fit within 6 standard errors."""
    error = 6.0 / math.sqrt(count)
    if abs(mean) < error and abs(std - 1.0) < error and high > 2.0:
        return "normal"
    for bounds in ((-1.0, 1.0), (0.0, 1.0)):
        width = bounds[1] - bounds[0]
        spread = width / math.sqrt(12.0)
        inside = bounds[0] <= low <= bounds[0] + 0.05 * width and bounds[1] - 0.05 * width <= high <= bounds[1]
        if inside and abs(mean - sum(bounds) / 2) < error * spread and abs(std - spread) < error * spread:
            return bounds
    return None
