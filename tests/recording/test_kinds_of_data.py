"""Data of every kind are recorded: a generator of known samples and a linear discriminator, in plain NumPy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gandoctor.diagnosis import diagnose
from gandoctor.measures import null_bands
from gandoctor.message import Absent
from gandoctor.recording.in_step import Pass
from gandoctor.recording.instruments import samples
from gandoctor.recording.instruments.discriminator_scores import DiscriminatorScores
from gandoctor.recording.instruments.samples import Samples
from gandoctor.recording.probe.images import UnusableImages, checked_images, data_card, kind_of, to_unit
from gandoctor.recording.session.options import Options
from gandoctor.recording.session.session import Session
from gandoctor.store import DataCard, Run, load_run


class Backend:
    """What a session asks of a backend between steps. D sums all values; G shows the sample a latent names."""

    blocked = None
    spans_processes = False

    def __init__(self, shown: np.ndarray) -> None:
        self._shown = shown
        sources: dict[str, str] = {}
        self.players = SimpleNamespace(
            latent_sampler=lambda n: np.arange(n)[:, None], latent_is_given=True, absent={}, sources=sources
        )

    def forward(self, player: str, batches: Sequence[Any], training: bool, weights: Any) -> Pass:
        batch = np.concatenate(batches)
        if player == "g":
            return Pass(self._shown[batch[:, 0] % len(self._shown)])
        logits = batch.reshape(len(batch), -1).sum(axis=1)
        return Pass(logits, logits)

    def as_recorded(self, data: Any) -> Any:
        return data

    def on_device(self, array: Any) -> np.ndarray:
        return np.asarray(array)

    to_numpy = on_device

    def number(self, value: Any) -> float:
        return float(value)

    def normalises_batches(self, player: str) -> bool:
        return False

    def judges_one_by_one(self, player: str) -> bool:
        return True

    def preserved_random_state(self, *functions: Callable[..., Any]) -> Any:
        return nullcontext()

    def drain(self) -> list[dict[str, float]]:
        return []

    def losses(self) -> dict[str, Any]:
        return {}

    versions = losses

    def witness(self, loss: bool, latents: bool) -> Any:
        return SimpleNamespace(said=lambda _: None, losses=dict, latents=lambda: None, forget=lambda _: None)

    def loss_calls(self) -> dict[str, Any]:
        return {}

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None


def record(path: Path, shown: np.ndarray, reals: np.ndarray, **options: Any) -> Run:
    """Record ten probes of a generator that shows the same samples throughout."""
    backend: Any = Backend(shown.astype(np.float32))
    session = Session(Options(path, probe_data=reals, **options), backend, 1000)
    for make in (DiscriminatorScores, Samples):
        session.add(make)
    session.start()
    for step in range(10):
        session.end_step(100, {"d_loss": 1.0, "g_loss": 1.0 + step})
        session.probe()
    session.close("completed")
    return load_run(path)


def table(count: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(count, 6)) * [10, 2e4, 0.01, 1, 1, 1]).astype(np.float32)


def series(count: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    angle = 0.4 * np.arange(64) + rng.uniform(0, 6.28, (count, 1))
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1).astype(np.float32)


def pictures(count: int, seed: int, side: int = 12, channels: int = 1) -> np.ndarray:
    """Smooth blobs in exactly 0..1."""
    rng = np.random.default_rng(seed)
    centres = rng.uniform(3, side - 3, (count, 2, 1, 1, channels))
    y, x = np.mgrid[:side, :side][..., None]
    images = np.exp(-((y - centres[:, 0]) ** 2 + (x - centres[:, 1]) ** 2) / 6)
    return ((images - images.min()) / (images.max() - images.min())).astype(np.float32)


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        ((64, 6), "vectors"),
        ((64, 2), "vectors"),
        ((64, 784), "vectors"),
        ((64, 64, 2), "series"),
        ((64, 100, 7), "series"),
        ((64, 4, 30), "series"),
        ((64, 28, 28), "images"),
        ((64, 8, 8), "images"),
        ((64, 28, 28, 1), "images"),
        ((64, 5, 5, 12), "images"),
    ],
)
def test_kinds_by_shape(shape: tuple[int, ...], kind: str) -> None:
    assert kind_of(np.random.default_rng(0).random(shape)) == kind


def test_flat_images_are_told_from_curves_and_from_noise() -> None:
    flat = pictures(64, 0).reshape(64, -1)
    assert kind_of(flat) == kind_of(2 * flat - 1) == "images"
    assert kind_of(flat * 1.7) == "vectors", "no range of images"
    assert kind_of(flat[:, np.random.default_rng(0).permutation(144)]) == "vectors"
    curves = np.exp(-((np.arange(144) - np.random.default_rng(1).uniform(0, 144, (64, 1))) ** 2) / 900)
    assert kind_of((curves - curves.min()) / (curves.max() - curves.min())) == "vectors"


def test_square_series_are_told_from_images() -> None:
    rng = np.random.default_rng(0)
    walks = rng.standard_normal((64, 24, 24)).cumsum(axis=1)
    assert kind_of(walks) == "series"
    assert kind_of(walks[..., :1] + 0.1 * rng.standard_normal((64, 24, 24))) == "series", "columns that go together"
    assert kind_of(np.swapaxes(walks, 1, 2)) == "images", "no time to go on in"
    assert kind_of(walks.cumsum(axis=2)) == "images", "alike beside each other too"
    assert kind_of(rng.random((64, 24, 24))) == "images"
    assert kind_of(np.zeros((64, 24, 24))) == "images"


def test_a_card_without_a_kind_is_of_images() -> None:
    old = {"shape": (28, 28, 1), "dtype": "f4", "minimum": 0, "maximum": 1, "mean": 0, "std": 1, "probe_count": 3}
    assert DataCard.model_validate(old).kind == "images"


@pytest.mark.parametrize("shape", [(64,), (64, 0), (64, 2, 3, 4, 5)])
def test_shapes_that_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(UnusableImages) as refused:
        checked_images(np.zeros(shape), "probe_data")
    assert refused.value.why.facts["shape"] == str(shape)


@pytest.mark.parametrize("make", [table, series], ids=["vectors", "series"])
def test_vectors_and_series_have_scores_distances_and_no_pictures(
    make: Callable[[int, int], np.ndarray], tmp_path: Path
) -> None:
    run = record(tmp_path / "run", make(64, 1), make(256, 0), holdout_data=make(64, 3), strict=True)
    kind = "vectors" if make is table else "series"
    assert run.manifest.data is not None
    assert run.manifest.data.kind == kind
    recorded = {*samples._AMONG_SAMPLES, *samples._PATH, "sample_latent_std", "sample_min", "d_real_logit", "d_auc"}
    recorded |= set(samples._OF_COLUMNS[:4] if kind == "vectors" else samples._OF_COLUMNS)
    assert recorded <= set(run.signals)
    assert not recorded & set(run.manifest.missing)
    for name in (*samples._SINGLE, *samples._OF_DIGITS, *(samples._OF_SERIES if kind == "vectors" else ())):
        assert run.manifest.missing[name].code is Absent.NOT_APPLICABLE
        assert name not in run
    bands = null_bands(run)
    for name in ("sample_marginal_distance", "sample_correlation_distance", "sample_kid", "sample_pairwise_distance"):
        assert abs(run[name].iloc[-1] - bands[name].mean) < 6 * bands[name].std + 0.02
    assert run.sheets == []
    assert run.reals is None
    np.testing.assert_array_equal(run.real_values, make(256, 0))


def test_a_collapsed_table_is_diagnosed(tmp_path: Path) -> None:
    run = record(tmp_path / "run", np.repeat(table(1, 1), 64, axis=0), table(256, 0))
    last = {name: float(run[name].iloc[-1]) for name in ("sample_nn_distance", "sample_duplicate_pairs")}
    assert last == {"sample_nn_distance": 0.0, "sample_duplicate_pairs": 64 * 63 / 2}
    detected = {finding.rule.id for finding in diagnose(run).detected}
    assert {"GD110", "GD403"} <= detected, "columns of unequal scale, and mode collapse"


@pytest.mark.parametrize("channels", [2, 4, 12])
def test_images_of_any_number_of_channels_are_shown_by_their_first(channels: int, tmp_path: Path) -> None:
    make = lambda count, seed: pictures(count, seed, channels=channels)  # noqa: E731
    run = record(tmp_path / "run", make(64, 1), make(128, 0), strict=True)
    assert {"sample_kid", "sample_noise_sigma", "sample_coverage"} <= set(run.signals)
    assert run.reals is not None
    assert run.reals.shape == (128, 12, 12, channels)
    fakes = run.sheets[-1].fakes()
    assert fakes is not None
    assert fakes.shape[-1] == channels
    with Image.open(run.sheets[-1].png_path) as sheet:
        assert sheet.mode == ("L" if channels == 2 else "RGB")


def test_flat_images_are_seen_as_squares_and_scored_flat(tmp_path: Path) -> None:
    flat = pictures(128, 0).reshape(128, -1)
    run = record(tmp_path / "run", pictures(64, 1).reshape(64, -1), flat, strict=True)
    assert run.manifest.data is not None
    assert (run.manifest.data.kind, run.manifest.data.shape) == ("images", (144,))
    assert {"sample_kid", "sample_noise_sigma", "d_real_logit"} <= set(run.signals)
    assert run.reals is not None
    np.testing.assert_array_equal(run.reals[..., 0].reshape(128, -1), np.rint(flat * 255))


def test_samples_of_another_size_than_the_reals_cost_nothing_else(tmp_path: Path) -> None:
    run = record(tmp_path / "run", table(64, 1)[:, :5], table(128, 0))
    assert "d_real_logit" in run
    assert "sample_min" in run
    absence = run.manifest.missing["sample_kid"]
    assert (absence.code, absence.message.facts["real"]) == (Absent.UNUSABLE, "(6,)")
    assert [event for event in run.events if event.kind == "monitor_error"] == []


@pytest.mark.filterwarnings("ignore:gandoctor")
def test_one_statistic_that_fails_costs_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(images: np.ndarray) -> dict[str, float]:
        raise ValueError("too narrow")

    monkeypatch.setattr(samples, "image_statistics", broken)
    run = record(tmp_path / "run", pictures(64, 1), pictures(128, 0), strict=True)
    assert {"sample_kid", "sample_lone_pixels", "sample_step_distance", "sample_min"} <= set(run.signals)
    assert run.manifest.missing["sample_noise_sigma"].code is Absent.CANNOT_RUN
    assert "too narrow" in str(run.manifest.missing["sample_noise_sigma"])
    assert run.sheets


@pytest.mark.filterwarnings("ignore:gandoctor")
def test_tiny_images_are_recorded_as_far_as_they_can_be_measured(tmp_path: Path) -> None:
    reals = np.random.default_rng(0).random((64, 1, 3, 1)).astype(np.float32)
    run = record(tmp_path / "run", reals, reals)
    assert "d_real_logit" in run
    assert "sample_step_distance" in run
    assert [event for event in run.events if event.kind == "monitor_error"] == []


def test_to_unit_refuses_what_is_no_image_of_the_data() -> None:
    reals = pictures(64, 0)
    card = data_card(reals, None, reals)
    assert to_unit(reals[..., 0], card).shape == reals.shape
    with pytest.raises(ValueError, match="reshape"):
        to_unit(reals[:, 1:], card)
