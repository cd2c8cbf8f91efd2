"""What is turned on and off between steps, and what the objective is recognised from, in PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import torch

from gandoctor.backends.torch.taps import Taps
from gandoctor.player_names import Player
from gandoctor.recording.in_step import Said


class TorchSwitch:
    """Turns a measurement on and off; see `recording.in_step.Switch`."""

    def __init__(self) -> None:
        self._is_on = False

    def set(self, on: bool) -> None:
        """See `Switch`."""
        self._is_on = on

    def when_on(self, action: Callable[[], None]) -> None:
        """See `Switch`."""
        if self._is_on:
            with torch.no_grad():
                action()


class TorchWitness:
    """Copies of the first steps, made by the taps; see `recording.in_step.Witness`."""

    def __init__(self, loss: bool, latents: bool) -> None:
        self._loss, self._latents = loss, latents
        self._taps: Taps | None = None

    def watch_through(self, taps: Taps) -> None:
        """Have taps copy what is wanted."""
        self._taps = taps
        taps.losses.wants_outputs, taps.wants_latents = self._loss, self._latents

    @property
    def changed_at_random(self) -> None:
        """Not seen: a loop runs op by op."""

    @property
    def saw_penalty(self) -> bool:
        """See `Witness`."""
        return self._taps is not None and self._taps.saw_penalty

    def losses(self) -> dict[Player, float]:
        """See `Witness`."""
        return {} if self._taps is None else self._taps.losses.latest

    def said(self, player: Player) -> list[Said] | None:
        """See `Witness`."""
        return None if self._taps is None else self._taps.losses.said.get(player)

    def latents(self) -> np.ndarray:
        """See `Witness`."""
        return np.zeros(0, np.float32) if self._taps is None else self._taps.latents

    def forget(self, what: Literal["loss", "latents"]) -> None:
        """See `Witness`."""
        if self._taps is not None and what == "loss":
            self._taps.losses.wants_outputs = False
        elif self._taps is not None:
            self._taps.wants_latents = False
