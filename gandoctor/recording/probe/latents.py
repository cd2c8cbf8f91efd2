"""ProbeLatents: which latents each probe looks at, half of them the same ones and half of them new in turn."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np

from gandoctor.errors import GandoctorError
from gandoctor.message import Message
from gandoctor.recording.probe.nested import flattened, mapped
from gandoctor.store import LatentCard
from gandoctor.store.cards import Source

SAMPLE_COUNT = 64
"""Generated images a probe; sample statistics are compared with real images at the same number."""
FIXED_COUNT = 32
"""Latents that every probe begins with: contact sheets and trajectories show what becomes of them."""
FRESH_COUNT = SAMPLE_COUNT - FIXED_COUNT
"""Latents that follow: a window that moves on at each probe."""
WINDOWS = 8
"""Windows until the first comes again."""
POOL_COUNT = WINDOWS * FRESH_COUNT
"""Images of different latents that successive probes give together: for what 64 images are too few to show."""


class Drawing(Protocol):
    """The two methods of a backend that drawing latents needs."""

    def to_numpy(self, array: Any) -> np.ndarray:
        """Return any array as NumPy has it."""

    def preserved_random_state(self, *functions: Callable[..., Any]) -> AbstractContextManager[None]:
        """Return a context that puts every random generator back."""


class UnusableLatents(GandoctorError):
    """What the sampler returned cannot be probed with; `why` says it."""

    def __init__(self, why: Message) -> None:
        super().__init__(str(why))
        self.why = why


class ProbeLatents:
    """Draws the same batch at every probe, unless the user's distribution has changed, and hands out a part of it.

    The sampler's random state is put back after each call, so calling it anew repeats the draw and still follows a
    sampler that changes mid-run. One whose state cannot be reached is called once and its draw kept.

    Args:
        drawing: Puts random states back and turns the framework's arrays into NumPy's.
        tell: Called, once, with what is odd about a sampler that can be used.

    Attributes:
        whole: The last draw in full: what windows are parts of; None before the first.
        windows: Windows that the last draw had room for: fewer than 8 where the sampler gives fewer latents than it is
            asked for, 0 where there is none.
    """

    def __init__(self, drawing: Drawing, tell: Callable[[Message], None] = lambda _: None) -> None:
        self.whole: Any = None
        self.windows = 0
        self._drawing = drawing
        self._tell = tell
        self._has_told = False
        self._shapes: list[tuple[int, ...]] | None = None
        self._probes = 0
        self._asked = FIXED_COUNT + POOL_COUNT
        self._kept: Any = None

    @property
    def row_shapes(self) -> list[tuple[int, ...]] | None:
        """Return the shapes of one latent's parts; None before the first draw."""
        return None if self._shapes is None else [shape[1:] for shape in self._shapes]

    def draw(self, sampler: Callable[[int], Any]) -> Any:
        """Return this probe's latents: 32 fixed ones, then the next window's 32.

        Returns:
            NumPy arrays, in the structure in which the sampler returns them.

        Raises:
            UnusableLatents: It returned no batch, an empty one, or latents of another shape than before.
        """
        drawn = self.whole = self._drawn(sampler)
        count = min(len(part) for part in flattened(drawn))
        if count < FIXED_COUNT:
            self._tell_once(
                Message(
                    "latent_sampler returned {count} latents when asked for {asked}; below {least}, samples are judged "
                    "by these few only",
                    count=count,
                    asked=self._asked,
                    least=FIXED_COUNT,
                )
            )
        self.windows = max(0, min(WINDOWS, (count - FIXED_COUNT) // FRESH_COUNT))
        start = FIXED_COUNT + self._probes % max(1, self.windows) * FRESH_COUNT
        self._probes += 1
        return mapped(lambda part: np.concatenate([part[:FIXED_COUNT], part[start : start + FRESH_COUNT]]), drawn)

    def _drawn(self, sampler: Callable[[int], Any]) -> Any:
        if self._kept is not None:
            return self._kept
        try:
            drawn = self._call(sampler, self._asked)
        except Exception:
            if self._probes or self._asked == SAMPLE_COUNT:
                raise
            # A sampler may have no more than it needs for a sheet, e.g. the labels of a few real images.
            self._asked = SAMPLE_COUNT
            drawn = self._call(sampler, self._asked)
        if self._probes == 0:
            again = self._call(sampler, self._asked)
            pairs = zip(flattened(drawn), flattened(again), strict=True)
            if not all(np.array_equal(one, other) for one, other in pairs):
                self._kept = drawn
        return drawn

    def _call(self, sampler: Callable[[int], Any], count: int) -> Any:
        with self._drawing.preserved_random_state(sampler):
            drawn = mapped(self._drawing.to_numpy, sampler(count))
        self._check(drawn)
        return drawn

    def _check(self, drawn: Any) -> None:
        """Compare the shapes of a draw with those of the first.

        Raises:
            UnusableLatents: See `draw`.
        """
        shapes = [np.shape(part) for part in flattened(drawn)]
        if not shapes or any(not shape or shape[0] == 0 for shape in shapes):
            raise UnusableLatents(
                Message(
                    "latent_sampler({asked}) returned no batch of latents, but something of shape {shape}",
                    asked=self._asked,
                    shape=_shown(shapes),
                )
            )
        before, self._shapes = self._shapes or shapes, shapes
        if [shape[1:] for shape in before] != [shape[1:] for shape in shapes]:
            raise UnusableLatents(
                Message(
                    "latent_sampler({asked}) returned shape {before} at one call and {shape} at another",
                    asked=self._asked,
                    before=_shown(before),
                    shape=_shown(shapes),
                )
            )
        if before != shapes:
            self._tell_once(
                Message(
                    "latent_sampler({asked}) returned {before} latents at one call and {count} at another; let it "
                    "return as many as it is asked for",
                    asked=self._asked,
                    before=before[0][0],
                    count=shapes[0][0],
                )
            )

    def _tell_once(self, why: Message) -> None:
        if not self._has_told:
            self._has_told = True
            self._tell(why)


def _shown(shapes: list[tuple[int, ...]]) -> str:
    return ", ".join(map(str, shapes)) or "()"


def latent_card(latents: Any, source: Source) -> LatentCard:
    """Describe one draw of the latent sampler; of several inputs, the first floating-point one.

    Args:
        latents: NumPy arrays, alone or in a structure.
        source: Where the sampler is from.
    """
    arrays = flattened(latents)
    floats = [a for a in arrays if np.issubdtype(a.dtype, np.floating)]
    first = floats[0] if floats else arrays[0]
    return LatentCard(
        shape=tuple(first.shape[1:]),
        minimum=float(first.min()),
        maximum=float(first.max()),
        mean=float(first.mean()),
        std=float(first.std()),
        source=source,
    )
