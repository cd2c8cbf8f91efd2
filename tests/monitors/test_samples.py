"""What the sample monitor records of a generator whose images are known: it shows one stored image for each latent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from gandoctor.measures.copying import copying  # noqa: E402
from gandoctor.measures.digits import DigitClassifier, DigitSet, class_perplexity, class_shares  # noqa: E402
from gandoctor.measures.missing import RealBins, missing_share  # noqa: E402
from gandoctor.message import Absent  # noqa: E402
from gandoctor.monitors import SampleMonitor  # noqa: E402
from gandoctor.recording.instruments.samples import NO_DIGITS  # noqa: E402
from gandoctor.store import Run, load_run  # noqa: E402

DIGITS = Path(__file__).parents[2] / "reference_models" / "data" / "mnist_5k.npz"
SHARES = [f"sample_class_share/{k}" for k in range(10)]
POOLED = ["sample_missing_share", "sample_class_perplexity", *SHARES]
NEW = [*POOLED, "sample_class_kid", "sample_step_distance", "sample_return_distance", "sample_copying"]


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    with np.load(DIGITS, allow_pickle=False) as archive:
        return archive["images"][::2, :, :, None].astype(np.float32) / 127.5 - 1


def indices(n: int) -> np.ndarray:
    return np.arange(n)[:, None]


def record(path: Path, shown: np.ndarray, change_at: int | None = None, **options: Any) -> Run:
    """Record 240 steps of a generator that shows `shown[i]` for latent i, from a step on with the images reversed."""
    layers, shape = keras.layers, shown.shape[1:]
    generator = keras.Sequential(
        [keras.Input((1,), dtype="int32"), layers.Embedding(len(shown), int(np.prod(shape))), layers.Reshape(shape)]
    )
    generator.set_weights([shown.reshape(len(shown), -1)])
    discriminator = keras.Sequential([keras.Input(shape), layers.Flatten(), layers.Dense(1)])
    options = {"latent_sampler": indices, "overhead_budget": 0.0, "strict": True, **options}
    with SampleMonitor(path, generator=generator, discriminator=discriminator, **options) as monitor:
        for step in range(240):
            if step == change_at:
                generator.set_weights([shown.reshape(len(shown), -1)[::-1]])
            monitor.step(d_loss=1.0)
    return load_run(path)


def test_digits(digits: np.ndarray, tmp_path: Path) -> None:
    shown, reals, holdout = digits[:288], digits[500:1012], digits[1100:1400]
    run = record(tmp_path / "run", shown, probe_data=reals, holdout_data=holdout)
    assert not set(NEW) & set(run.manifest.missing)
    probes = run["sample_kid"].index
    assert len(probes) >= 10
    for name in POOLED:
        assert run[name].index.tolist() == probes[7:].tolist(), name
    assert run["sample_class_kid"].index.tolist() == probes.tolist()
    assert run["sample_step_distance"].index.tolist() == probes[1:].tolist()
    assert run["sample_return_distance"].index.tolist() == probes[3:].tolist()
    assert not run["sample_step_distance"].any()
    assert not run["sample_return_distance"].any()

    unit = (shown + 1) / 2
    said = DigitClassifier.shipped().probabilities(unit[32:])
    assert run["sample_class_perplexity"].iloc[0] == pytest.approx(class_perplexity(said), rel=1e-4)
    assert [run[name].iloc[0] for name in SHARES] == pytest.approx(class_shares(said))
    bins = RealBins((reals + 1) / 2)
    assert run["sample_missing_share"].iloc[0] == pytest.approx(missing_share(bins.bins(unit[32:]), bins.shares))
    known = DigitSet.of((reals + 1) / 2)
    assert known is not None
    assert run["sample_class_kid"].iloc[0] == pytest.approx(known.look(unit[:64])[1], abs=1e-4)

    def nearest(images: np.ndarray) -> np.ndarray:
        return np.array([np.linalg.norm((reals - image).reshape(len(reals), -1), axis=1).min() for image in images])

    assert run["sample_copying"].iloc[0] == pytest.approx(copying(nearest(shown[:64]), nearest(holdout)), abs=1e-3)
    spaces = run.manifest.spaces
    assert "classifier" in spaces["sample_class_kid"]
    assert "pixels" in spaces["sample_missing_share"]
    assert run.manifest.cadence["pool_count"] == 256


def test_the_images_of_fixed_latents_move_once(digits: np.ndarray, tmp_path: Path) -> None:
    shown = digits[:288]
    run = record(tmp_path / "run", shown, change_at=100, probe_data=digits[500:600])
    moved = np.linalg.norm((shown[::-1][:32] - shown[:32]).reshape(32, -1) / 2, axis=1).mean()
    steps = run["sample_step_distance"]
    assert (steps > 0).sum() == 1
    assert steps[steps > 0].iloc[0] == pytest.approx(moved, rel=1e-4)
    assert steps[steps > 0].index[0] > 100
    back = run["sample_return_distance"]
    assert back[back > 0].tolist() == pytest.approx([moved] * 3, rel=1e-4)  # until the new images are not recent
    assert run.manifest.missing["sample_copying"] == run.manifest.missing["holdout_data"]
    assert "sample_copying" not in run


def test_images_that_are_no_digits(digits: np.ndarray, tmp_path: Path) -> None:
    run = record(tmp_path / "run", -digits[:288], probe_data=-digits[500:564])
    for name in ("sample_class_perplexity", "sample_class_kid", "sample_class_share"):
        assert run.manifest.missing[name] == NO_DIGITS
        assert name not in run.manifest.spaces
    assert not [name for name in NEW if "class" in name and name in run]
    assert "sample_missing_share" in run


@pytest.mark.parametrize(("reals", "why"), [(50, Absent.UNUSABLE), (80, Absent.NO_LATENTS)])
def test_too_few_latents_and_too_few_reals(reals: int, why: Absent, digits: np.ndarray, tmp_path: Path) -> None:
    run = record(
        tmp_path / "run",
        digits[:64],
        probe_data=digits[500 : 500 + reals],
        latent_sampler=lambda n: np.arange(64)[:, None],
    )
    assert run.manifest.missing["sample_class_perplexity"].message.values == {"count": 288}
    assert run.manifest.missing["sample_missing_share"].code == why
    assert not [name for name in POOLED if name in run]
    assert "sample_class_kid" in run
    assert run.manifest.cadence["pool_count"] == 0


def test_without_reals_all_but_three_say_so(digits: np.ndarray, tmp_path: Path) -> None:
    run = record(tmp_path / "run", digits[:288])
    for name in (*(n for n in NEW if n not in SHARES), "sample_class_share", "sample_mean"):
        assert run.manifest.missing[name] == run.manifest.missing["probe_data"], name
    assert run["sample_max"].iloc[-1] == 1
