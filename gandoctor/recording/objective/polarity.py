"""Polarity: which side of the discriminator's output means "real", inferred from what the players' updates do."""

from __future__ import annotations

from gandoctor.message import Absence, Absent, Message
from gandoctor.store import Manifest

EFFECTS_WANTED = 2
"""Successive measured updates of both players that must agree on which way is up."""
REVERSED_PROBES = 5
"""Probes in a row that must contradict an assumed polarity before that is said."""
REVERSED_D_PRIME = -1.0
"""Separation, in standard deviations, below which reals have clearly been scored lower."""


class Polarity:
    """Watches the polarity while it is assumed.

    Args:
        manifest: Gets the polarity once it is inferred; one that is given is never touched.
    """

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest
        self._effects: list[tuple[bool, bool] | None] = []
        self._reversed = 0

    @property
    def is_assumed(self) -> bool:
        """Whether nobody has told the polarity and nothing has shown it."""
        return self._manifest.real_is_high_source == "assumed"

    @property
    def sign(self) -> float:
        """1 where reals are scored high, else -1."""
        return -1.0 if self._manifest.real_is_high is False else 1.0

    def is_pending(self, steps: int) -> bool:
        """Tell whether values that depend on it should wait: it is assumed, and may show in the next steps.

        Args:
            steps: Done since the start.
        """
        return steps < EFFECTS_WANTED and self.is_assumed

    def see_effects(self, pull: float, gap: float) -> dict[str, Absence | None]:
        """Infer the polarity where nothing else showed it: both players' first updates point the same way.

        Args:
            pull: How far the generator's update moved D's mean logit on generated images.
            gap: How far the discriminator's update moved the gap from generated to real images.

        Returns:
            That it is no longer missing, where it is inferred now.
        """
        if not self.is_assumed:
            return {}
        self._effects = [*self._effects[1 - EFFECTS_WANTED :], (pull > 0, gap > 0) if pull and gap else None]
        if len(self._effects) < EFFECTS_WANTED or len(set(self._effects)) > 1:
            return {}
        agreed = self._effects[0]
        if agreed is None or agreed[0] != agreed[1]:
            return {}
        self._manifest.real_is_high, self._manifest.real_is_high_source = agreed[0], "inferred"
        return {"real_is_high": None}

    def doubt(self, d_prime: float) -> Absence | None:
        """Say, once, that an assumed polarity is contradicted by what the discriminator does.

        Args:
            d_prime: Separation of real from fake in the assumed polarity.
        """
        if not self.is_assumed:
            return None
        self._reversed = self._reversed + 1 if d_prime < REVERSED_D_PRIME else 0
        if self._reversed != REVERSED_PROBES:
            return None
        why = Message(
            "reals were assumed to score above fakes, but the discriminator has clearly scored them lower in {probes} "
            "probes in a row; if it is trained that way, pass real_is_high=False",
            probes=REVERSED_PROBES,
        )
        return Absence(Absent.ASSUMED, why)
