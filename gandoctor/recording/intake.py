"""Intake: the real data and latents that the players are fed in the first steps, told apart by their values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gandoctor.recording.in_step import Call
from gandoctor.recording.objective.latent_law import LATENTS_WANTED, LatentMoments
from gandoctor.recording.probe.as_fed import FakesAsFed, Place, digests, places
from gandoctor.recording.probe.images import LEAST_IMAGES, REALS_KEPT
from gandoctor.recording.probe.latents import FIXED_COUNT, POOL_COUNT, SAMPLE_COUNT
from gandoctor.recording.probe.nested import flattened, mapped
from gandoctor.recording.probe.partners import Partners
from gandoctor.store import LatentLaw

LATENTS_KEPT = FIXED_COUNT + POOL_COUNT
BYTES_KEPT = 64 * 2**20
"""Memory that kept rows of one kind may take."""
REALS_WANTED = 2 * SAMPLE_COUNT
"""Reals that samples are compared with at least: as many on either side as a probe generates."""
REMEMBERED = 100_000
"""Generated images that are known again when the discriminator is shown them in a later step."""
CALLS_COMPARED = 8
"""Calls of the generator in a step whose latents are measured each by itself."""
INTERPOLATED = 0.999
"""Cosine above which a row lies on the line between a generated and a real one: where a gradient penalty is taken."""


@dataclass(frozen=True)
class _Fed:
    """An input of the discriminator: which of its rows the generator made, and what the framework knows of it."""

    inputs: Any
    rows: list[bytes]
    is_real: np.ndarray
    of_generator: bool | None
    is_penalised: bool


class Intake:
    """Keeps the first real rows that the discriminator is fed, and what the generator is fed for the rows it judges.

    A row of the discriminator's input is generated where it holds a row that the generator has made; further channels
    or columns may stand beside it. The others are real, unless the framework knows that they were made of generated
    ones. Where a step has more batches of these than generated ones, some of them are generated out of sight, as in a
    function that was traced before: then none is kept. Both are kept as the players take them, with the labels that go
    with them.

    Attributes:
        place: Where the image is in the discriminator's input; None while that is not known.
        made_at_a_time: The most that one call of the generator makes of what is judged; None while that is not known.
    """

    def __init__(self) -> None:
        self.place: Place | None = None
        self.made_at_a_time: int | None = None
        self._generated: dict[bytes, None] = {}
        self._reals = _Rows(REALS_KEPT)
        self._latents = _Rows(LATENTS_KEPT)
        self._alone = _Rows(LATENTS_KEPT)
        self._pairs = _Rows(LATENTS_KEPT)
        self._moments: list[LatentMoments] = []

    @property
    def real_count(self) -> int:
        """How many real rows are kept."""
        return self._reals.count

    @property
    def reals_are_full(self) -> bool:
        """Whether no more reals are kept."""
        return self._reals.is_full

    @property
    def latents_are_full(self) -> bool:
        """Whether no more latents are kept."""
        return self._inputs.is_full

    @property
    def is_filling(self) -> bool:
        """Whether both kinds of rows are being kept, and one of them is still too few to compare samples with."""
        latents, reals = self._inputs.count, self._reals.count
        return min(latents, reals) > 0 and (latents < SAMPLE_COUNT or reals < REALS_WANTED)

    def take(self, calls: Sequence[Call]) -> None:
        """Look at the calls of one step, in their order."""
        made: dict[bytes, tuple[Call, int]] = {}
        generators = [call for call in calls if call.player == "g" and call.output.ndim > 1 and len(call.output)]
        for call in generators:
            made |= {row: (call, i) for i, row in enumerate(digests(call.output))}
        self._remember(made)
        discriminators = [call for call in calls if call.player == "d" and _is_batch(call.inputs)]
        if self.place is None:
            self.place = self._find_place(discriminators, generators)
        if self.place is None:
            return
        fed = [self._told_apart(self.place, call) for call in discriminators if self.place.fits(call.inputs)]
        # Where no generated row is found by value among calls that the framework knows nothing of, none is believed.
        told_by_value = any(not one.is_real.all() for one in fed if one.of_generator is None)
        real = [
            (_picked(one.inputs, np.flatnonzero(one.is_real)), one.is_penalised)
            for one in fed
            if one.is_real.any()
            and (one.of_generator is False or not one.is_real.all() or (one.of_generator is None and told_by_value))
        ]
        is_judged = any(not one.is_real.all() for one in fed)
        if not is_judged and all(one.of_generator is None for one in fed):
            return
        kept = _without_interpolated(_beside_penalties(real), generators, self.place)
        if len(kept) <= sum(one.of_generator is True or not one.is_real.all() for one in fed):
            for inputs in kept:
                self._reals.add(inputs)
        judged = {id(made[row][0]) for one in fed for row in one.rows if row in made}
        of_judged = [call for call in generators if id(call) in judged]
        self._measure_latents(of_judged)
        self._pair(kept, of_judged, self.place)
        for call in of_judged:  # the most of all steps: the rest of an epoch is a smaller batch
            self.made_at_a_time = max(len(call.output), self.made_at_a_time or 0)
        for one in fed:
            self._keep_latents(one, made)
        if not is_judged:  # augmented since, so that none is found by value
            for call in generators:
                if _is_batch(call.inputs, len(call.output)):
                    self._alone.add(call.inputs)

    def reals(self) -> np.ndarray | None:
        """Return up to 512 real images, float32 (n, ...); None where there are too few."""
        as_fed = self.reals_as_fed()
        return None if as_fed is None or self.place is None else self.place.images(as_fed)

    def reals_as_fed(self) -> Any:
        """Return the same with all that the discriminator was given beside them; None where there are too few."""
        return self._reals.joined() if self.real_count >= LEAST_IMAGES else None

    def sampler(self) -> Callable[[int], Any] | None:
        """Return a sampler that gives the first n kept inputs of the generator, always the same; None if too few."""
        if self._inputs.count < SAMPLE_COUNT:
            return None
        kept = self._inputs.joined()
        latents = kept[0] if self._inputs is self._latents else kept
        return lambda n: mapped(lambda part: part[:n], latents)

    def fakes_as_fed(self) -> FakesAsFed | None:
        """Return what shows the sampler's images to the discriminator; None where it takes just those."""
        if self.place is None or self._inputs is not self._latents or not self._latents.count:
            return None
        latents, fed = self._latents.joined()
        return None if self.place.holds_all(fed) else FakesAsFed(self.place, latents, fed)

    def partners(self) -> Partners | None:
        """Return the real samples that were fed beside the generator's inputs, row by row; None where too few were."""
        return Partners(*self._pairs.joined()) if self._pairs.count >= SAMPLE_COUNT else None

    def latent_laws(self) -> tuple[LatentLaw, ...]:
        """Return mean and spread of what the generator was fed by each of its calls in a step whose images were judged.

        In the order of the calls. None of a call that fed too few numbers, or other than rows of floats.
        """
        known = [m for m in self._moments if m.count >= LATENTS_WANTED]
        return tuple(LatentLaw(mean=m.mean, std=m.std, count=int(m.count)) for m in known)

    @property
    def _inputs(self) -> _Rows:
        return self._latents if self._latents.count >= self._alone.count else self._alone

    def _remember(self, made: dict[bytes, Any]) -> None:
        self._generated |= dict.fromkeys(made)
        for row in list(self._generated)[: max(0, len(self._generated) - REMEMBERED)]:
            del self._generated[row]

    def _measure_latents(self, calls: list[Call]) -> None:
        """Take in the latents of a step's calls whose images were judged: others are made to look at."""
        for i, call in enumerate(calls[:CALLS_COMPARED]):
            if i == len(self._moments):
                self._moments.append(LatentMoments())
            rows = [a for a in flattened(call.inputs) if a.ndim == 2 and a.dtype.kind == "f" and np.isfinite(a).all()]
            if rows and rows[0].size:
                self._moments[i].add(rows[0])

    def _pair(self, reals: list[Any], calls: list[Call], place: Place) -> None:
        """Keep inputs of the generator with the real samples in the same rows of the step's batch.

        Of several updates of the discriminator, each has its own batch of both. A generator that is run once more on
        what it was given, as for its own update, does not count twice.
        """
        distinct: dict[tuple[bytes, ...], Call] = {}
        for call in calls:
            if _is_batch(call.inputs, len(call.output)):
                distinct.setdefault(tuple(digests(*flattened(call.inputs))), call)
        given = list(distinct.values())
        if len(given) != len(reals):
            given = given[:1] if len(reals) == 1 else []
        for call, inputs in zip(given, reals, strict=False):
            beside = place.images(inputs)
            if len(beside) == len(call.output):
                self._pairs.add((call.inputs, beside))

    def _find_place(self, discriminators: list[Call], generators: list[Call]) -> Place | None:
        """Return where images that were generated are found by value; else, where they fit, if that is known."""
        candidates = [
            (call, place)
            for call in discriminators
            for made in generators
            for part, array in enumerate(flattened(call.inputs))
            for place in places(part, array, made.output)
        ]
        for call, place in candidates:
            if not self._generated.keys().isdisjoint(digests(place.images(call.inputs))):
                return place
        return next((place for call, place in candidates if call.of_generator is not None), None)

    def _told_apart(self, place: Place, call: Call) -> _Fed:
        rows = digests(place.images(call.inputs))
        is_real = np.array([row not in self._generated for row in rows], dtype=bool)
        return _Fed(call.inputs, rows, is_real, call.of_generator, call.is_penalised)

    def _keep_latents(self, fed: _Fed, made: dict[bytes, tuple[Call, int]]) -> None:
        """Keep what the judged images of this step were made from, with what they were shown beside, each once."""
        by_call: dict[int, tuple[Call, list[int], list[int]]] = {}
        for i, row in enumerate(fed.rows):
            if row in made:
                call, j = made.pop(row)
                _, ours, theirs = by_call.setdefault(id(call), (call, [], []))
                ours.append(i)
                theirs.append(j)
        for call, ours, theirs in by_call.values():
            if _is_batch(call.inputs, len(call.output)):
                self._latents.add((_picked(call.inputs, theirs), _picked(fed.inputs, ours)))


class _Rows:
    """Rows of arrays in one structure, up to a number of them and of bytes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._batches: list[Any] = []
        self._layout: Any = None
        self.count = 0

    @property
    def is_full(self) -> bool:
        return self.count >= self._most

    def add(self, batch: Any) -> None:
        arrays = flattened(batch)
        layout = [(part.shape[1:], part.dtype) for part in arrays]
        if self._layout is None:
            self._layout = layout
            row = sum(part[:1].nbytes for part in arrays)
            self._most = min(self._most, max(LEAST_IMAGES, BYTES_KEPT // max(1, row)))
        if layout == self._layout and not self.is_full:
            room = self._most - self.count
            self._batches.append(mapped(lambda part: part[:room].copy(), batch))
            self.count += min(room, len(arrays[0]))

    def joined(self) -> Any:
        if len(self._batches) > 1:
            several = zip(*map(flattened, self._batches), strict=True)
            arrays = iter([np.concatenate(parts) for parts in several])
            self._batches = [mapped(lambda _: next(arrays), self._batches[0])]
        return self._batches[0]


def _picked(batch: Any, rows: Any) -> Any:
    return mapped(lambda part: part[rows], batch)


def _is_batch(inputs: Any, count: int | None = None) -> bool:
    """Tell whether all parts are arrays with as many rows."""
    arrays = flattened(inputs)
    if not arrays or any(not isinstance(array, np.ndarray) or not array.ndim for array in arrays):
        return False
    lengths = {len(array) for array in arrays}
    return len(lengths) == 1 and 0 not in lengths and count in (None, *lengths)


def _beside_penalties(real: list[tuple[Any, bool]]) -> list[Any]:
    """Leave out the points of a gradient penalty, unless they are all there is: R1 takes it at the real data."""
    others = [inputs for inputs, is_penalised in real if not is_penalised]
    return others or [inputs for inputs, _ in real]


def _without_interpolated(real: list[Any], generators: list[Call], place: Place) -> list[Any]:
    """Leave out what was judged twice, and batches between a generated and another one, row by row: a penalty's."""
    images = [place.images(inputs) for inputs in real]
    kept = []
    for i, rows in enumerate(images):
        if any(np.array_equal(rows, earlier) for earlier in images[:i]):
            continue
        lies_between = any(
            other is not rows and len(other) == len(rows) == len(call.output) and _is_between(rows, other, call.output)
            for other in images
            for call in generators
        )
        if not lies_between:
            kept.append(real[i])
    return kept


def _is_between(rows: np.ndarray, other: np.ndarray, made: np.ndarray) -> bool:
    ours, theirs = ((x.reshape(len(x), -1) - made.reshape(len(made), -1)).astype(np.float64) for x in (rows, other))
    if ours.shape != theirs.shape:
        return False
    lengths = np.linalg.norm(ours, axis=1), np.linalg.norm(theirs, axis=1)
    if (lengths[0] == 0).any() or (lengths[1] == 0).any():
        return False
    cosines = (ours * theirs).sum(axis=1) / (lengths[0] * lengths[1])
    return bool((cosines > INTERPOLATED).all() and (lengths[0] < lengths[1]).all())
