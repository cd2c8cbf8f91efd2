"""Description: what the manifest says of the players and of what the program draws, kept up to date."""

from __future__ import annotations

from typing import Any

import numpy as np

from gandoctor.recording.backend import Backend
from gandoctor.recording.in_step import Draw
from gandoctor.recording.session.draws import Draws
from gandoctor.recording.session.panel import Panel
from gandoctor.store import Manifest


class Description:
    """Writes the cards of a manifest.

    Args:
        backend: Knows the players.
        manifest: Gets the cards.
        panel: Records which optimizers are absent.
    """

    def __init__(self, backend: Backend, manifest: Manifest, panel: Panel) -> None:
        self._backend, self._manifest, self._panel = backend, manifest, panel
        self._draws = Draws(backend)

    def players(self) -> None:
        """Describe both players and their losses as they are now."""
        self._manifest.generator, self._manifest.discriminator = (self._backend.card(p) for p in ("g", "d"))
        self._manifest.loss_calls = self._backend.loss_calls()
        self.optimizers()

    def optimizers(self) -> None:
        """Record which optimizers are missing: one may have shown whose it is."""
        absent = self._backend.players.absent
        self._panel.take({slot: absent.get(slot) for slot in ("g_optimizer", "d_optimizer")})

    def drew(self, draw: Draw, step: int, first_step: int) -> None:
        """Keep samples that the program has made."""
        self._draws.take(draw, step, first_step)

    @property
    def awaits_draws(self) -> bool:
        """Whether samples that the program has made are still to be compared."""
        return self._draws.are_new

    def draws(self, step: int, trained: Any, reals: np.ndarray | None, closing: bool = False) -> bool:
        """Compare what the program has drawn with what it should be; tell whether that was done.

        Args:
            step: Completed steps: with their number the time between two comparisons grows.
            trained: What the generator is given in training; None if unknown.
            reals: Real data, as they are recorded.
            closing: Whether this is the last chance.
        """
        if step < self._draws.next_step and not closing:
            self._draws.forget()
            return False
        self._draws.describe(self._manifest, trained, reals)
        return True
