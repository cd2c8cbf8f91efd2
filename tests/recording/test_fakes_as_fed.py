"""The probe gives a conditional discriminator generated images as it was given them in training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gandoctor.recording.in_step import Call, Pass
from gandoctor.recording.intake import Intake
from gandoctor.recording.probe.forward_passes import ForwardPasses

N = 64
Z = np.random.default_rng(0).standard_normal((N, 3)).astype(np.float32)
LABELS = np.eye(2, dtype=np.float32)[np.arange(N) % 2]
REALS = np.random.default_rng(1).random((N, 4, 4, 1)).astype(np.float32)
FAKES = np.broadcast_to(Z[:, :1, None, None], (N, 4, 4, 1)).astype(np.float32)


class Networks:
    """G makes its first latent an image; D returns its second label plane."""

    def on_device(self, array: Any) -> np.ndarray:
        return np.asarray(array)

    to_numpy = on_device

    def normalises_batches(self, player: str) -> bool:
        return False

    def judges_one_by_one(self, player: str) -> bool:
        return True

    def snapshot(self, player: str) -> None:
        return None

    def forward(self, player: str, batches: Sequence[Any], training: bool, weights: Any) -> Pass:
        x = np.concatenate(batches)
        if player == "g":
            return Pass(np.broadcast_to(x[:, :1, None, None], (len(x), 4, 4, 1)))
        assert x.shape[1:] == (4, 4, 3)
        return Pass(x[:, 0, 0, 2], x[:, 0, 0, 2], np.zeros(0, bool))


def test_label_planes_follow_the_latents_that_they_came_with() -> None:
    planes = np.broadcast_to(LABELS[:, None, None], (N, 4, 4, 2))
    given = np.concatenate([Z, LABELS], axis=1)
    fed = (np.concatenate([images, planes], axis=-1) for images in (FAKES, REALS))
    intake = Intake()
    intake.take([Call("g", given, FAKES), *(Call("d", x, LABELS) for x in fed)])
    sampler = intake.sampler()
    assert sampler is not None
    forward = ForwardPasses(Networks(), intake.reals_as_fed(), None, intake.fakes_as_fed())  # type: ignore[arg-type]
    latents = sampler(64)[::-1]
    probe = forward.run(1, latents)
    assert probe is not None
    assert probe.no_scores is None
    assert probe.fake is not None
    assert probe.real is not None
    np.testing.assert_array_equal(probe.fake.output, latents[:, 4])
    np.testing.assert_array_equal(probe.real.output, LABELS[:, 1])
    np.testing.assert_array_equal(probe.raw[..., :1], probe.fakes)
    np.testing.assert_array_equal(forward.fakes_as_given, probe.raw)
    assert forward.image_place is not None
    np.testing.assert_array_equal(forward.image_place.images(forward.reals), REALS[:64])
