"""The probe: both players run on the same latents and reals every few steps, in inference and in training mode."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gandoctor.errors import GandoctorError
from gandoctor.message import Absence, Absent, Message
from gandoctor.player_names import Player
from gandoctor.recording.backend import Backend
from gandoctor.recording.in_step import Pass, Weights
from gandoctor.recording.probe.as_fed import FakesAsFed, Place
from gandoctor.recording.probe.nested import flattened, like, mapped, parts

SCORE_COUNT = 64
"""Images of each kind that are scored in inference mode."""
TRAINING_MODE_COUNT = 32
"""Images of each kind that are scored in training mode."""
TRAINING_MODE_CALLS = 16
"""Calls that they are made by at most, where training makes few at a time and what is made hangs on the batch."""
SCORED = ("fake", "fake_training", "real", "real_training", "holdout", "fake_mixed")
"""The sets of images that a `Probe` has scores of."""


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
    """The outputs of both players at one step; None where the data was not given or the pass failed.

    Attributes:
        step: Completed training steps.
        fakes: What was generated, in data units and as the generator returns it, inference mode, float32 (n, ...).
        fakes_training: The first of the same latents in training mode, as many at a time as training makes.
        real, holdout, fake: Scores in inference mode.
        real_training, fake_training: Scores in training mode.
        fake_mixed: Training-mode scores of the same images sharing a batch with reals; where D has batch normalisation.
        raw: What the generator returned for the scored ones, as the discriminator takes it, in the framework.
        no_scores: Why the discriminator could not be run on what was given; None when it could.
        alive: Player -> its ReLU units, True where one was not 0 for every image of its inference-mode passes; the
            discriminator's over reals and fakes. Absent where it was not run on both, or where they cannot be read.
        hidden_units: Players that compute ReLUs where they cannot be read.
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
    no_scores: Absence | None = None
    alive: Mapping[Player, np.ndarray] = field(default_factory=dict)
    hidden_units: frozenset[Player] = frozenset()


class CannotGenerate(GandoctorError):
    """The generator cannot be run on the latents; `absence` says why."""

    def __init__(self, absence: Absence) -> None:
        super().__init__(str(absence))
        self.absence = absence


class OtherShape(Exception):
    """The generator makes images of another shape than in earlier probes."""


class ForwardPasses:
    """Runs both players on given latents and fixed reals, each by itself: one that fails does not cost the other.

    Args:
        backend: Runs them.
        reals: Reals the discriminator trains on, in data units, or None; where it takes more than images, all it takes,
            images first. The latents then hold as many parts, those after the first being what goes with the images.
        holdout: Reals it never trains on, likewise.
        as_fed: Shows it generated images as in training, where latents were kept from there; the reals then are as it
            was fed them, in its own order.
        made_at_a_time: The most that a call of the generator makes in training; None where that is not known.

    Attributes:
        no_samples: Why the generator could not be run on the latents; None while it can.
        no_scores: Why the discriminator could not be run on what was given; None while it can.
        all_reals: All reals, as they were given.
        fakes_as_given: What the discriminator was last given with generated images, NumPy arrays; None before.
    """

    def __init__(
        self,
        backend: Backend,
        reals: Any,
        holdout: Any,
        as_fed: FakesAsFed | None = None,
        made_at_a_time: int | None = None,
    ) -> None:
        self._backend = backend
        few = made_at_a_time if made_at_a_time and backend.normalises_batches("g") else TRAINING_MODE_COUNT
        self._rows_in_training = min(few, TRAINING_MODE_COUNT)
        self._as_fed = as_fed
        self.all_reals = reals
        self._reals = None if reals is None else _scored_part(reals)
        self._batches = {
            name: mapped(backend.on_device, batch)
            for name, batch in (("real", self._reals), ("holdout", None if holdout is None else _scored_part(holdout)))
            if batch is not None
        }
        self._mixes_batches = backend.normalises_batches("d")
        self._takes_all_at_once = backend.judges_one_by_one("d")
        self.no_samples: Absence | None = None
        self.no_scores: Absence | None = None
        self.fakes_as_given: Any = None
        self._latents: Any = None
        self._given: Any = None
        self._has_scored = False
        self._shape: tuple[int, ...] | None = None

    @property
    def reals(self) -> Any:
        """The reals that are scored, as the discriminator takes them; None where there are none."""
        return self._reals

    @property
    def latents(self) -> Any:
        """The latents of the last probe, NumPy arrays as the generator takes them."""
        return self._latents

    @property
    def image_place(self) -> Place | None:
        """Where in the discriminator's input the image is; None where there are no reals."""
        if self._as_fed is not None:
            return self._as_fed.place
        if self._reals is None:
            return None
        images = parts(self._reals)[0]
        return Place(0, 0, images.shape[-1], images.shape[1:])

    def run(self, step: int, latents: Any) -> Probe | None:
        """Run all passes on the players as they are now; None once the generator has been found not to run.

        Args:
            step: Completed training steps.
            latents: At most SAMPLE_COUNT latents, NumPy arrays in the structure the generator takes.

        Raises:
            CannotGenerate: The generator cannot be run on these latents; said once.
            OtherShape: It makes images of another shape than before.
        """
        if self.no_samples is not None:
            return None
        given = mapped(self._backend.on_device, latents)
        weights = self._backend.snapshot("g")
        try:
            made = self._backend.forward("g", [given], False, weights)
            made_training = self._made_in_training_mode(given, weights)
        except Exception as error:
            if self._given is not None:
                raise
            why = Message(
                "the generator cannot be run on the latents ({error}); "
                "pass latent_sampler=lambda n: ... returning what the generator takes",
                error=_brief(error),
            )
            self.no_samples = Absence(Absent.CANNOT_RUN, why)
            raise CannotGenerate(self.no_samples) from error
        self._latents, self._given = latents, given
        shape, self._shape = self._shape, tuple(made.output.shape[1:])
        if shape not in (None, self._shape):
            raise OtherShape
        fakes = self._for_discriminator(made.output)
        scores, alive = self._scores(fakes)
        alive["g"] = made.alive
        return Probe(
            step,
            self._backend.to_numpy(made.output),
            made_training,
            **{name: scores.get(name) for name in SCORED},
            raw=fakes,
            no_scores=self.no_scores,
            alive={player: units for player, units in alive.items() if units is not None},
            hidden_units=frozenset(player for player, units in alive.items() if units is None),
        )

    def generate(self, g_weights: Weights) -> Any:
        """Return the images of the last probe's latents by a generator with these weights."""
        return self._for_discriminator(self._backend.forward("g", [self._given], False, g_weights).output)

    def made_of(self, latents: Any) -> np.ndarray:
        """Return the images of other latents by the generator as it is now, inference mode, float32 (n, ...)."""
        given = mapped(self._backend.on_device, latents)
        return self._backend.to_numpy(self._backend.forward("g", [given], False, self._backend.snapshot("g")).output)

    def logits_of(self, batch: Any) -> np.ndarray:
        """Return the discriminator's logits as it is now of what it takes, NumPy arrays, inference mode, (n,)."""
        given = mapped(self._backend.on_device, batch)
        return self._backend.to_numpy(self._backend.forward("d", [given], False, self._backend.snapshot("d")).logit)

    def mean_logits(self, d_weights: Weights, images: Any) -> tuple[float, float | None]:
        """Mean logit of images, and of the reals where there are some, inference mode.

        Args:
            d_weights: Of the discriminator that is asked.
            images: As many as a probe has, as `generate` returns them.
        """
        found, _ = self._pass(d_weights, {"fake": images, **self._batches}, training=False)
        real = found.get("real")
        return float(np.mean(found["fake"].logit)), None if real is None else float(np.mean(real.logit))

    def _made_in_training_mode(self, given: Any, weights: Weights) -> np.ndarray:
        """Return the images of the first latents, made as many at a time as in training."""
        few, rows = _first(given, TRAINING_MODE_COUNT), self._rows_in_training
        starts = range(0, len(flattened(few)[0]), rows)[:TRAINING_MODE_CALLS]
        batches = [_rows(few, start, start + rows) for start in starts]
        made = [self._backend.forward("g", [batch], True, weights).output for batch in batches]
        return np.concatenate([self._backend.to_numpy(images) for images in made])

    def _for_discriminator(self, raw: Any) -> Any:
        """Put generated images where the real ones are given, beside what they were generated from."""
        raw = raw[:SCORE_COUNT]
        if self._as_fed is not None:
            self.fakes_as_given = self._as_fed(self._backend.to_numpy(raw), self._latents)
            return mapped(self._backend.on_device, self.fakes_as_given)
        wanted = parts(self._reals)
        if len(wanted) == 1:
            return raw
        conditions = parts(self._latents)[1:]
        if len(conditions) != len(wanted) - 1:
            why = Message(
                "probe_data holds {wanted} beside the images, what latent_sampler returns holds {given} beside the "
                "latents; let it return what the discriminator is given with the images",
                wanted=len(wanted) - 1,
                given=len(conditions),
            )
            self.no_scores = Absence(Absent.UNUSABLE, why)
            return raw
        beside = [c[:SCORE_COUNT].astype(w.dtype, copy=False) for c, w in zip(conditions, wanted[1:], strict=True)]
        return like(self._reals, [raw, *map(self._backend.on_device, beside)])

    def _scores(self, fakes: Any) -> tuple[dict[str, Scores], dict[Player, np.ndarray | None]]:
        """Return all scores by name, and which ReLU units answered: nothing of the latter where there are no reals."""
        if self.no_scores is not None:
            return {}, {}
        weights, few = self._backend.snapshot("d"), {"fake_training": _first(fakes, TRAINING_MODE_COUNT)}
        if self._reals is not None:
            few["real_training"] = _first(self._batches["real"], TRAINING_MODE_COUNT)
        try:
            found, alive = self._pass(weights, {"fake": fakes, **self._batches}, training=False)
            found |= self._pass(weights, few, training=True)[0]
            if self._mixes_batches and self._reals is not None:
                mixed = self._backend.forward("d", list(few.values()), True, weights)
                alone = (self._backend.to_numpy(t)[:TRAINING_MODE_COUNT] for t in (mixed.output, mixed.logit))
                found["fake_mixed"] = Scores(*alone)
        except Exception as error:
            if self._has_scored:
                raise
            template = _not_alone if len(parts(fakes)) == 1 else _not_with_those
            self.no_scores = Absence(Absent.CANNOT_RUN, template(_brief(error)))
            return {}, {}
        self._has_scored = True
        return found, {} if self._reals is None else {"d": alive}

    def _pass(
        self, weights: Weights, batches: Mapping[str, Any], training: bool
    ) -> tuple[dict[str, Scores], np.ndarray | None]:
        """Score each batch by itself, or all in one where that is the same; return the ReLU units that answered too."""
        shapes = {tuple(tuple(t.shape[1:]) for t in flattened(batch)) for batch in batches.values()}
        at_once = self._takes_all_at_once and len(shapes) == 1 and not (training and self._mixes_batches)
        together = [list(batches)] if at_once else [[name] for name in batches]
        found: dict[str, Scores] = {}
        answered = []
        for names in together:
            said = self._backend.forward("d", [batches[name] for name in names], training, weights)
            outputs, logits = self._backend.to_numpy(said.output), self._backend.to_numpy(said.logit)
            ends = np.cumsum([len(parts(batches[name])[0]) for name in names])[:-1]
            pairs = zip(np.split(outputs, ends), np.split(logits, ends), strict=True)
            found |= {name: Scores(output, logit) for name, (output, logit) in zip(names, pairs, strict=True)}
            answered.append(said)
        return found, _alive_in_any(answered)


def _alive_in_any(passes: list[Pass]) -> np.ndarray | None:
    units = [one.alive for one in passes if one.alive is not None]
    return np.logical_or.reduce(units) if len(units) == len(passes) else None


def _not_alone(error: str) -> Message:
    return Message("the discriminator cannot be run on images alone ({error})", error=error)


def _not_with_those(error: str) -> Message:
    return Message("the discriminator cannot be run on what probe_data and latent_sampler give ({error})", error=error)


def _first(batch: Any, count: int) -> Any:
    return _rows(batch, 0, count)


def _rows(batch: Any, start: int, stop: int) -> Any:
    return mapped(lambda part: part[start:stop], batch)


def _scored_part(reals: Any) -> Any:
    return mapped(lambda part: np.asarray(part)[:SCORE_COUNT], reals)


def _brief(error: Exception) -> str:
    """First line of an error, without the pages Keras adds."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__
