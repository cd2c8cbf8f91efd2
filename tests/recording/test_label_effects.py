"""The instrument of labels, on players whose use of the label is known."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gandoctor.message import Absent
from gandoctor.recording.in_step import Pass
from gandoctor.recording.instruments.labels import LabelEffects
from gandoctor.recording.probe.forward_passes import ForwardPasses
from gandoctor.recording.probe.images import data_card

N = 64
RNG = np.random.default_rng(0)
CLASSES = np.arange(N) % 3
MEANS = RNG.normal(size=(3, 1, 8, 8, 1))[:, 0]
REALS = (MEANS[CLASSES] + 0.3 * RNG.normal(size=(N, 8, 8, 1))).astype(np.float32)
Z = RNG.normal(size=(N, 64)).astype(np.float32)


class Networks:
    """G adds the mean of the class, if it uses it; D scores how near an image is to its class's mean, if it does."""

    def __init__(self, g_uses: bool, d_uses: bool) -> None:
        self.g_uses, self.d_uses = g_uses, d_uses

    def on_device(self, array: Any) -> np.ndarray:
        return np.asarray(array)

    to_numpy = on_device

    def normalises_batches(self, player: str) -> bool:
        return False

    def judges_one_by_one(self, player: str) -> bool:
        return False

    def snapshot(self, player: str) -> None:
        return None

    def forward(self, player: str, batches: Sequence[Any], training: bool, weights: Any) -> Pass:
        (batch,) = batches
        if player == "g":
            z, classes = batch
            return Pass(0.3 * z.reshape(-1, 8, 8, 1) + (MEANS[classes] if self.g_uses else 0.0))
        images, classes = batch if isinstance(batch, tuple) else (batch, np.zeros(len(batch), int))
        far = ((images - (MEANS[classes] if self.d_uses else 0.0)) ** 2).sum((1, 2, 3))
        return Pass(-far, -far, np.zeros(0, bool))


def recorded(g_uses: bool = True, d_uses: bool = True, classes: np.ndarray = CLASSES, **given: Any) -> Any:
    networks = Networks(g_uses, d_uses)
    forward = ForwardPasses(networks, given.get("reals", (REALS, classes)), None)  # type: ignore[arg-type]
    probe = forward.run(1, (Z, given.get("wished", classes)))
    manifest = SimpleNamespace(data=data_card(REALS, None, REALS), labels=None)
    polarity = SimpleNamespace(is_pending=lambda steps: False, sign=1.0)
    recording = SimpleNamespace(
        forward=forward,
        reals=REALS,
        manifest=manifest,
        polarity=polarity,
        first_step=0,
        absence=lambda name: None,
        latents=SimpleNamespace(whole=forward.latents),
    )
    instrument = LabelEffects(recording)  # type: ignore[arg-type]
    assert instrument.begin() == {}
    return instrument.probe(1, probe), manifest.labels


def test_labels_that_both_players_use() -> None:
    found, card = recorded()
    assert found["sample_label_share"] > 0.5 > found["sample_label_chance"]
    assert found["sample_label_effect"] > 1
    assert found["d_label_effect"] == 1
    assert (card.generator, card.discriminator, card.classes) == ("class numbers", "class numbers", 3)
    assert card.real_visibility == 1


@pytest.mark.parametrize("used", ["g", "d"])
def test_labels_that_one_player_does_not_use(used: str) -> None:
    found, _ = recorded(g_uses=used == "g", d_uses=used == "d")
    if used == "d":
        assert found["sample_label_share"] == found["sample_label_effect"] == 0
    else:
        assert found["d_label_effect"] == 0.5


def test_a_discriminator_without_labels_is_told_of() -> None:
    found, card = recorded(reals=REALS)
    assert card.discriminator == "none"
    assert found["d_label_effect"].code is Absent.NOT_APPLICABLE
    assert found["sample_label_share"] > 0.5


def test_without_a_label_everything_is_absent_with_a_reason() -> None:
    found, card = recorded(classes=np.zeros(N, int))
    assert card is None
    assert {absence.code for absence in found.values()} == {Absent.NOT_APPLICABLE}
    assert set(found) == {"sample_label_share", "sample_label_chance", "sample_label_effect", "d_label_effect"}


@pytest.mark.parametrize("wished", [0, 2])
def test_one_label_for_all_generated_images_is_told_of(wished: int) -> None:
    found, card = recorded(wished=np.full(N, wished))
    assert (card.classes, card.real_classes, card.discriminator) == (1, 3, "class numbers")
    assert found["sample_label_share"].code is Absent.UNUSABLE
