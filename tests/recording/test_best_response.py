"""Steps on copies: games whose gap is known, in plain NumPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from gandoctor.recording.objective.best_response import RATE, BestResponses
from gandoctor.recording.objective.game import Game, NotPlayable, Ops, game_of
from gandoctor.recording.objective.loss_form import _low_label
from gandoctor.store import Manifest
from gandoctor.store.cards import ObjectiveCard

OPS = Ops(
    mean=np.mean,
    softplus=lambda x: np.logaddexp(0.0, x),
    relu=lambda x: np.maximum(x, 0.0),
    logit=lambda p: np.log(p) - np.log1p(-p),
)
ROWS = np.zeros((4, 1))


class Played:
    """A game of two numbers: v raises M(u, v), u lowers it."""

    def __init__(self, u: float, v: float, value: Callable[[Any, Any], Any], slopes: Callable[[Any, Any], Any]) -> None:
        self.held = {"g": np.array([u]), "d": np.array([v])}
        self._value, self._slopes = value, slopes

    def snapshot(self, player: str) -> np.ndarray:
        return self.held[player].copy()

    def on_device(self, array: Any) -> np.ndarray:
        return np.asarray(array)

    def number(self, value: Any) -> float:
        return float(value)

    def game_gradient(
        self, game: Game, player: str, weights: Mapping[str, np.ndarray], latents: Any, reals: Any
    ) -> tuple[float, np.ndarray]:
        u, v = float(weights["g"][0]), float(weights["d"][0])
        of_u, of_v = self._slopes(u, v)
        return self._value(u, v), np.array([of_u if player == "g" else -of_v])


def gap(backend: Any, steps: int) -> float:
    play = BestResponses(backend, Game("minimax"), (ROWS, ROWS), (ROWS, ROWS), 4)
    return play.value_after("d", steps) - play.value_after("g", steps)


@pytest.mark.parametrize(("u", "v"), [(0.0, 0.0), (0.5, 0.0), (0.0, -2.0), (3.0, 1.0)])
def test_of_a_bilinear_game_it_is_what_adam_can_walk(u: float, v: float) -> None:
    """M = u v: each player's slope stays as it is, along which Adam walks its rate in every step."""
    played = Played(u, v, lambda u, v: u * v, lambda u, v: (v, u))
    assert gap(played, 50) == pytest.approx(50 * RATE * (abs(u) + abs(v)), abs=1e-6)
    assert played.held == {"g": np.array([u]), "d": np.array([v])}, "only copies move"


def test_where_the_best_answer_is_in_reach_it_is_the_gap_itself() -> None:
    """M = u v + (u^2 - v^2) / 2: the best v is u, the best u is -v, and the gap is u^2 + v^2."""
    u, v = 0.02, -0.03
    played = Played(u, v, lambda u, v: u * v + (u * u - v * v) / 2, lambda u, v: (v + u, u - v))
    assert gap(played, 400) == pytest.approx(u * u + v * v, rel=0.02)


@pytest.mark.parametrize("real_is_high", [True, False])
def test_the_value_is_minus_the_discriminator_s_loss(real_is_high: bool) -> None:
    sign = 1.0 if real_is_high else -1.0
    real, fake = sign * np.array([2.0, -1.0]), sign * np.array([-3.0, 0.5])

    def share(x: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-x))

    right, wrong = (real, fake) if real_is_high else (fake, real)
    entropy = np.log(share(right)).mean() + np.log(1 - share(wrong)).mean()
    assert Game("non_saturating", real_is_high).value(OPS, real, fake) == pytest.approx(entropy)
    as_shares = Game("minimax", real_is_high, is_probability=True)
    assert as_shares.value(OPS, share(real), share(fake)) == pytest.approx(entropy)
    margins = np.maximum(1 - sign * real, 0).mean() + np.maximum(1 + sign * fake, 0).mean()
    assert Game("hinge", real_is_high).value(OPS, real, fake) == pytest.approx(-margins)
    label_real, label_fake = (1.0, -1.0) if real_is_high else (-1.0, 1.0)
    squares = ((real - label_real) ** 2).mean() + ((fake - label_fake) ** 2).mean()
    game = Game("least_squares", real_is_high, low_label=-1.0)
    assert game.value(OPS, real, fake) == pytest.approx(-squares / 2)
    assert game.g_loss(OPS, fake) == pytest.approx(((fake - label_real) ** 2).mean() / 2)


def manifest(**fields: Any) -> Manifest:
    card = fields.pop("objective", ObjectiveCard(reads="logits", output_low=-1.0, output_high=1.0, steps=5))
    known = {"loss_family": "non_saturating", "real_is_high": True, "real_is_high_source": "inferred", **fields}
    return Manifest(objective=card, **known)


def test_what_is_not_known_of_the_game_is_not_guessed() -> None:
    assert game_of(manifest()) == Game("non_saturating")
    unread = ObjectiveCard(output_low=0.2, output_high=0.9, steps=5)
    outside = unread.model_copy(update={"output_low": -0.2})
    assert game_of(manifest(objective=outside)) == Game("non_saturating"), "no probability is below 0"
    squares = ObjectiveCard(low_label=-1.0, output_low=0.0, output_high=1.0, steps=5)
    assert game_of(manifest(loss_family="least_squares", objective=squares)).low_label == -1.0
    for lacking, words in (
        (manifest(loss_family=None), "known loss"),
        (manifest(loss_family="wasserstein"), "penalty or clipping"),
        (manifest(real_is_high_source="assumed"), "score high"),
        (manifest(objective=unread), "logits or for probabilities"),
        (manifest(objective=None), "logits or for probabilities"),
        (manifest(loss_family="least_squares"), "two labels"),
    ):
        with pytest.raises(NotPlayable, match=words):
            game_of(lacking)


def test_the_labels_of_squares_are_told_by_their_formula() -> None:
    forms = ("squares from 1.0 and 0.0", "squares from 1.0 and -1.0", "margins")
    assert [_low_label(form) for form in forms] == [0.0, -1.0, None]
