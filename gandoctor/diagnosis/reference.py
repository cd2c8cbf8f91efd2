"""What a run's own real data score on the sample statistics, for views that compare samples with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from gandoctor.message import Message
from gandoctor.store import Run

if TYPE_CHECKING:
    import numpy as np


class Band(Protocol):
    """Where a sample statistic falls on real data."""

    @property
    def low(self) -> float:
        """Smallest value."""

    @property
    def high(self) -> float:
        """Largest value."""

    @property
    def mean(self) -> float:
        """Mean."""

    @property
    def std(self) -> float:
        """Standard deviation."""


@dataclass(frozen=True)
class Columns:
    """Samples that are vectors (n, c) or series (n, T, C) beside the real ones.

    Attributes:
        step: Step of the samples.
        reals, fakes: Both, float32, in data units.
        of_reals, of_fakes: Mean, standard deviation, minimum and maximum of each column or channel, (c, 4).
    """

    step: int
    reals: np.ndarray
    fakes: np.ndarray
    of_reals: np.ndarray
    of_fakes: np.ndarray


@dataclass(frozen=True)
class Reference:
    """The real data of one run.

    Attributes:
        run: The run.
        bands: Signal -> where it falls on real data; empty where that could not be measured.
        trouble: Why it could not be measured; None where it was, or where the run holds no real images.
    """

    run: Run
    bands: Mapping[str, Band]
    trouble: Message | None = None

    @cached_property
    def class_shares(self) -> dict[str, float]:
        """Digit -> its share of the real images; empty where they are no digits."""
        from gandoctor.measures.digits import class_shares, real_probabilities

        probabilities = real_probabilities(self.run)
        return {} if probabilities is None else {str(k): float(s) for k, s in enumerate(class_shares(probabilities))}

    @cached_property
    def columns(self) -> Columns | None:
        """The newest samples beside the real data, as `columns_of` has them."""
        return columns_of(self.run)


def columns_of(run: Run) -> Columns | None:
    """Return the newest samples beside the real data.

    None where they are images or not stored, or do not fit together.
    """
    from gandoctor.measures.columns import summary

    card, reals, last = run.manifest.data, run.real_values, run.last_values
    if card is None or card.kind == "images" or reals is None or last is None:
        return None
    step, fakes = last
    if reals.shape[1:] != fakes.shape[1:]:
        return None
    return Columns(step, reals, fakes, summary(reals), summary(fakes))


def reference_of(run: Run) -> Reference:
    """Measure a run's real images; a diagnosis without them is better than none."""
    try:
        from gandoctor.measures.null import null_bands

        return Reference(run, null_bands(run))
    except Exception as error:  # noqa: BLE001 - the run directory's reals are not trusted
        trouble = Message("{error}: {message}", error=type(error).__name__, message=str(error))
        return Reference(run, {}, trouble)
