"""Draws: the samples that the program itself makes, and whether they are what the generator makes of training's inputs.

Probes draw their own samples, as training does. Whoever samples otherwise (one by one, from an average, from other
latents) gets other samples than those that were judged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gandoctor.measures.columns import Columns
from gandoctor.measures.energy import EnergyDistance
from gandoctor.measures.labels import chance_to_miss
from gandoctor.recording.backend import Backend
from gandoctor.recording.in_step import Draw
from gandoctor.recording.objective.latent_law import LatentMoments
from gandoctor.recording.probe.images import to_unit
from gandoctor.recording.probe.labels import Labels, find_labels
from gandoctor.recording.probe.nested import flattened, mapped
from gandoctor.store import Manifest
from gandoctor.store.cards import DrawnCard, LatentLaw

ROWS_MAX = 64
"""Samples of one occasion that are kept."""
OFTEN = 0.2
"""Share of steps above which calls of one kind are a part of training, such as fakes made without a gradient."""
FIRST_STEPS = 5
"""Steps in which that share says nothing yet, and nothing is kept."""
DRAWN = 0.9
"""Share of latents that differ, and of their numbers that vary, from which they count as drawn at random."""
NUMBERS_LEAST = 128
"""Numbers of latents whose law can be compared."""
MISSED_BY_CHANCE = 0.01
"""Chance above which a label may be missing among those of training because few were seen."""
ROWS_LEAST = 16
"""Samples whose distance from the data can be told."""


KINDS_KEPT = 4
"""Kinds of calls whose samples are kept, the latest: a program may draw one by one here and a batch there."""

_Kind = tuple[str, int, bool | None]
"""Network, samples a call, and whether it was in training mode."""


@dataclass
class _Occasion:
    """Samples that were made at one step by calls of one kind."""

    step: int
    at_a_time: int
    training: bool | None
    inputs: list[Any] = field(default_factory=list)
    outputs: list[np.ndarray] = field(default_factory=list)
    count: int = 0


class Draws:
    """Keeps the samples of one occasion and compares them with the generator's own.

    Args:
        backend: Runs the generator once more on the same inputs.

    Attributes:
        next_step: Step from which samples are compared again: after each time, a fifth of the steps so far later.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._occasions: dict[_Kind, _Occasion] = {}
        self._steps: dict[_Kind, tuple[int, int]] = {}
        self._comparison: tuple[Any, Callable[[np.ndarray], float] | None] = None, None
        self.next_step = 0

    @property
    def are_new(self) -> bool:
        """Whether there are samples that nothing was said of yet."""
        return bool(self._occasions)

    def take(self, draw: Draw, step: int, first_step: int) -> None:
        """Keep samples, unless calls of their kind come so often that they belong to training."""
        rows = len(draw.output)
        kind = draw.network, rows, draw.training
        times, last = self._steps.get(kind, (0, -1))
        self._steps[kind] = times, _ = times + (step != last), step
        if step - first_step < FIRST_STEPS or times >= max(FIRST_STEPS, OFTEN * (step - first_step)):
            self._occasions.pop(kind, None)
            return
        now = self._occasions.get(kind)
        if now is None or now.step != step:
            self._occasions.pop(kind, None)
            now = self._occasions[kind] = _Occasion(step, rows, draw.training)
            while len(self._occasions) > KINDS_KEPT:
                del self._occasions[next(iter(self._occasions))]
        wanted = ROWS_MAX - now.count
        if wanted > 0 and rows:
            # Evenly over the batch, which may be in the order of classes.
            stride = max(1, -(-rows // wanted))
            # Copied: the program may go on in the same arrays, as to scale images to be saved.
            now.inputs.append(mapped(lambda part: np.array(self._backend.to_numpy(part[::stride])), draw.inputs))
            now.outputs.append(np.array(self._backend.to_numpy(draw.output[::stride]), np.float32))
            now.count += len(now.outputs[-1])

    def describe(self, manifest: Manifest, trained: Any, reals: np.ndarray | None) -> None:
        """Note in the manifest what was made since the last update: the generator must still be as it was.

        Args:
            manifest: Gets the cards.
            trained: What the generator is given in training, NumPy arrays, all that is kept; None if unknown.
            reals: Real data, as they are recorded.
        """
        taken, self._occasions = self._occasions, {}
        for kind, occasion in taken.items():
            if not occasion.outputs:
                continue
            card = self._card(kind[0], occasion, manifest, trained, reals)
            others = [other for other in manifest.drawn if (other.network, other.at_a_time, other.training) != kind]
            manifest.drawn = (*others[1 - KINDS_KEPT :], card)
            self.next_step = max(self.next_step, occasion.step + occasion.step // 5 + 1)

    def forget(self) -> None:
        """Leave out what is not compared: the generator has moved since."""
        self._occasions.clear()

    def _card(
        self, network: str, now: _Occasion, manifest: Manifest, trained: Any, reals: np.ndarray | None
    ) -> DrawnCard:
        inputs = _joined(now.inputs)
        card = DrawnCard(
            network=network,  # type: ignore[arg-type]
            step=now.step,
            count=now.count,
            at_a_time=now.at_a_time,
            training=now.training,
            normalised=self._backend.normalises_batches("g"),
        )
        if trained is not None:
            _compare_inputs(card, flattened(inputs), flattened(trained))
        samples = np.concatenate(now.outputs)
        if len(samples) < ROWS_LEAST or not np.isfinite(samples).all():
            return card
        own = self._own(_as_trained(inputs, trained), bool(now.training))
        if own is None or own.shape != samples.shape or not np.isfinite(own).all():
            return card
        spread = float(own.std(axis=0).mean())
        card.spread = float(samples.std(axis=0).mean()) / spread if spread > 0 else None
        distance = self._distance(manifest, reals)
        if distance is not None and reals is not None and samples[0].size == reals[0].size:
            card.distance, card.own_distance = distance(samples), distance(own)
        return card

    def _own(self, inputs: Any, training: bool) -> np.ndarray | None:
        """Return what the generator makes of the same inputs; None where it cannot be called as the program did."""
        try:
            given = mapped(self._backend.on_device, inputs)
            made = self._backend.forward("g", [given], training, self._backend.snapshot("g"))
            return self._backend.to_numpy(made.output)
        except Exception:  # noqa: BLE001 - flags and arguments that training never uses are the program's affair
            return None

    def _distance(self, manifest: Manifest, reals: np.ndarray | None) -> Callable[[np.ndarray], float] | None:
        """Return what measures the distance from the real data: in pixels, or standardised columns."""
        card = manifest.data
        if reals is None or card is None:
            return None
        if self._comparison[0] is not reals:
            rows = (lambda data: to_unit(data, card)) if card.kind == "images" else Columns(reals).rows
            energy = EnergyDistance(rows(reals))
            self._comparison = reals, lambda data: energy(rows(data))
        return self._comparison[1]


def _joined(batches: Sequence[Any]) -> Any:
    """Put the inputs of several calls together, part by part."""
    parts = [np.concatenate(several) for several in zip(*map(flattened, batches), strict=True)]
    position = iter(parts)
    return mapped(lambda _: next(position), batches[0])


def _as_trained(inputs: Any, trained: Any) -> Any:
    """Return inputs without the parts that training never gives, such as styles that are mixed in for samples."""
    given, known = flattened(inputs), flattened(trained) if trained is not None else []
    shapes = [part.shape[1:] for part in known]
    if not 0 < len(known) < len(given) or [part.shape[1:] for part in given[: len(known)]] != shapes:
        return inputs
    rest = iter(given)
    return mapped(lambda _: next(rest), trained)


def _compare_inputs(card: DrawnCard, drawn: Sequence[np.ndarray], trained: Sequence[np.ndarray]) -> None:
    """Compare latents and labels of samples with those of training, where they are built alike."""
    if [part.shape[1:] for part in drawn] != [part.shape[1:] for part in trained]:
        return
    labels = find_labels(trained)
    if labels is not None:
        card.labels = _strangeness(labels, drawn[labels.part], trained[labels.part])
    laws = [_law(parts, labels) for parts in (drawn, trained)]
    if all(law is not None and law.count >= NUMBERS_LEAST for law in laws):
        card.drawn, card.trained = laws


def _strangeness(labels: Labels, drawn: np.ndarray, trained: np.ndarray) -> Any:
    """Tell what is wrong with labels; see `DrawnCard`."""
    asked, given = labels.values(drawn), labels.values(trained)
    if labels.coding.startswith("one-hot"):
        if not (np.isin(asked, (0, 1)).all() and (asked.sum(axis=1) == 1).all()):
            return "strange"
        asked, given = asked.argmax(axis=1), given.argmax(axis=1)
    elif labels.coding == "class numbers" and not (asked % 1 == 0).all():
        return "strange"
    known = set(given.ravel().tolist())
    is_known = set(asked.ravel().tolist()) <= known
    return None if is_known or chance_to_miss(len(known) + 1, len(given)) > MISSED_BY_CHANCE else "unknown"


def _law(parts: Sequence[np.ndarray], labels: Labels | None) -> LatentLaw | None:
    """Return mean and spread of the latents among a generator's inputs.

    Returns:
        None where it is given images instead, and where the latents were chosen and not drawn: the same one under
        several labels, or one of which a few numbers are varied.
    """
    numbers = LatentMoments()
    for index, part in enumerate(parts):
        if part.dtype.kind != "f" or (part.ndim >= 4 and max(part.shape[1:-1]) > 1):
            continue
        rows = part.reshape(len(part), -1) if labels is None or labels.part != index else labels.without(part)
        if not rows.size:
            continue
        are_drawn = (np.ptp(rows, axis=0) > 0).mean() >= DRAWN and len(np.unique(rows, axis=0)) >= DRAWN * len(rows)
        if not are_drawn:
            return None
        numbers.add(rows)
    return None if not numbers.count else LatentLaw(mean=numbers.mean, std=numbers.std, count=int(numbers.count))
