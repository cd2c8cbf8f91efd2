"""GD406, on real digits with a grid laid over them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from gandoctor.measures import image_statistics
from gandoctor.rules import Severity, Status, find_rule
from gandoctor.store import Run
from support.design_cards import CONV, DENSE, DISCRIMINATOR, GENERATOR, LEAKY, NORM, UNIT, act, card, transpose
from support.digit_batches import clean, showing, with_noise, with_salt_and_pepper
from support.recorded_runs import SAMPLE_COUNT, healthy, probes

RULE = find_rule("GD406")
MakeRun = Callable[..., Run]


def board(height: int = 28, width: int = 28) -> np.ndarray:
    """1 and -1 by turns in both directions."""
    return np.where(np.add.outer(np.arange(height), np.arange(width)) % 2, -1.0, 1.0)[None, :, :, None]


def overlaps(height: int = 28, width: int = 28) -> np.ndarray:
    """How unevenly a kernel of 5 with stride 2 covers the pixels: rows, columns and both."""
    rows = np.where(np.arange(height) % 2, -1.0, 1.0)[None, :, None, None]
    columns = np.where(np.arange(width) % 2, -1.0, 1.0)[None, None, :, None]
    result: np.ndarray = (rows + columns + rows * columns) / 3
    return result


def gridded(images: np.ndarray, onset: int = 400) -> dict[str, dict[int, float]]:
    """A run that has a healthy grid statistic until it shows `images`."""
    q = image_statistics(images)["sample_grid"]
    return showing(images, onset) | {"sample_grid": probes(lambda s: q if s >= onset else 3.0)}


def normal() -> dict[str, dict[int, float]]:
    return healthy() | {"sample_grid": probes(3.0)}


@pytest.mark.parametrize(
    "images",
    [clean() + 0.05 * board(), clean() + 0.2 * board(), clean() + 0.1 * overlaps()],
    ids=["board", "strong-board", "overlaps"],
)
def test_a_grid_is_found_where_it_began(make_run: MakeRun, images: np.ndarray) -> None:
    finding = RULE.evaluate(make_run(gridded(images)))
    assert finding.status is Status.DETECTED
    assert finding.severity is Severity.WARNING
    assert (finding.first_step, finding.last_step) == (400, 1000)
    assert [e.signal for e in finding.evidence] == ["sample_grid", "sample_high_frequency"]


@pytest.mark.parametrize(
    "images",
    [
        clean(),
        gaussian_filter(clean(), (0, 1, 1, 0)),
        gaussian_filter(np.random.default_rng(0).random((SAMPLE_COUNT, 28, 28, 1)), (0, 2, 2, 0)) * 3,
        with_noise(0.1),
        with_salt_and_pepper(0.05),
        np.random.default_rng(0).random((SAMPLE_COUNT, 28, 28, 1)),
        clean().reshape(-1, 14, 2, 14, 2, 1).mean(axis=(2, 4)).repeat(2, 1).repeat(2, 2),
        clean() + 0.2 * np.cos(np.pi / 2 * np.arange(28))[None, :, None, None],
        0.5 + 0.01 * board() * np.ones((SAMPLE_COUNT, 1, 1, 1)),
    ],
    ids=["reals", "blur", "smooth-noise", "gauss", "pepper", "noise", "blocks", "period-4", "blank"],
)
def test_look_alikes(make_run: MakeRun, images: np.ndarray) -> None:
    assert RULE.evaluate(make_run(gridded(images))).status is Status.NOT_DETECTED


def test_noise_raises_high_frequencies_without_a_peak() -> None:
    noise, grid = image_statistics(with_noise(0.1)), image_statistics(clean() + 0.05 * board())
    assert noise["sample_high_frequency"] > 1.4 * grid["sample_high_frequency"]
    assert noise["sample_grid"] < 2 < 100 < grid["sample_grid"]


def colour_run(make_run: MakeRun, grid_in_reals: float, side: int) -> Run:
    """Samples with a grid of 0.05 on textured colour images; the reals have a grid of their own."""
    rng = np.random.default_rng(3)
    textures = 0.5 + gaussian_filter(rng.standard_normal((48, side, side, 3)), (0, 1.5, 1.5, 0))
    grid = np.where(np.add.outer(np.arange(side), np.arange(side)) % 2, -1.0, 1.0)[None, :, :, None]
    reals = np.clip(255 * (textures + grid_in_reals * grid), 0, 255).astype(np.uint8)
    measured = image_statistics((textures + 0.05 * grid)[:24].astype(np.float32))
    names = ("sample_grid", "sample_high_frequency", "sample_std")
    signals = {name: probes(measured[name]) for name in names}
    return make_run(signals, reals=reals)


@pytest.mark.parametrize("side", [32, 64])
def test_colour_images_and_reals_with_a_grid_of_their_own(make_run: MakeRun, side: int) -> None:
    assert RULE.evaluate(colour_run(make_run, 0.0, side)).status is Status.DETECTED
    assert RULE.evaluate(colour_run(make_run, 0.05, side)).status is Status.NOT_DETECTED


def test_healthy_run_that_began_with_a_grid(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run(normal())).status is Status.NOT_DETECTED
    began = normal() | {
        "sample_grid": probes(lambda s: 800.0 if s < 200 else 4.0),
        "sample_high_frequency": probes(lambda s: 0.4 if s < 200 else 0.035),
    }
    assert RULE.evaluate(make_run(began)).status is Status.NOT_DETECTED


def test_a_grid_that_went_is_only_noted(make_run: MakeRun) -> None:
    sick, well = gridded(clean() + 0.05 * board(), onset=0), normal()
    signals = {n: {s: sick[n][s] if 300 <= s <= 500 else v for s, v in well[n].items()} for n in well}
    finding = RULE.evaluate(make_run(signals))
    assert finding.severity is Severity.INFO
    assert finding.evidence[0].statement.facts["step"] == 500


@pytest.mark.parametrize("missing", ["sample_grid", "sample_high_frequency", "sample_std"])
def test_missing_signal(make_run: MakeRun, missing: str) -> None:
    finding = RULE.evaluate(make_run({k: v for k, v in normal().items() if k != missing}))
    assert missing in str(finding.reason)


def test_warm_up_and_missing_reals(make_run: MakeRun) -> None:
    sick = gridded(clean() + 0.05 * board(), onset=0)
    young = {name: {s: v for s, v in series.items() if s <= 140} for name, series in sick.items()}
    assert "warm-up" in str(RULE.evaluate(make_run(young)).reason)
    assert "real images" in str(RULE.evaluate(make_run(sick, real_count=0)).reason)


def test_causes_follow_what_the_run_shows(make_run: MakeRun) -> None:
    sick = gridded(clean() + 0.05 * board(), onset=0)

    def ranked(**fields: object) -> list[str]:
        return [c.id for c in RULE.evaluate(make_run(sick, **fields)).causes]

    strided = card(DENSE, LEAKY, transpose(5, 2), act("sigmoid"))
    assert ranked(generator=strided, discriminator=DISCRIMINATOR)[0] == "uneven-upsampling"
    normalised = card(DENSE, LEAKY, transpose(4, 2), NORM, act("sigmoid"))
    assert ranked(generator=normalised, discriminator=DISCRIMINATOR)[0] == "batch-norm-placement"
    uneven = card(("Conv2D", {"kernel_size": [5, 5], "strides": [2, 2]}), LEAKY, "Flatten", UNIT)
    assert ranked(generator=GENERATOR, discriminator=uneven)[0] == "uneven-discriminator-strides"
    even = card(("Conv2D", {"kernel_size": [4, 4], "strides": [2, 2]}), CONV, "Flatten", UNIT)
    assert ranked(generator=GENERATOR, discriminator=even)[0] == "not-finished"
    assert ranked()[0] == "uneven-upsampling", "unknown networks: the usual suspect"
    scores = {c.id: c.score for c in RULE.evaluate(make_run(sick, generator=GENERATOR, discriminator=even)).causes}
    assert scores["uneven-upsampling"] == scores["uneven-discriminator-strides"] == 0.03
    finding = RULE.evaluate(make_run(sick, generator=strided, discriminator=uneven))
    facts = finding.causes[0].test.facts
    assert (facts["kernel"], facts["stride"]) == (5, 2)
    assert all("This run: " in str(c.test) for c in finding.causes)


def test_a_grid_that_has_just_come_is_only_noted(make_run: MakeRun) -> None:
    """Built in, it stays; slow healthy generators leave theirs behind."""
    finding = RULE.evaluate(make_run(gridded(clean() + 0.05 * board(), onset=860)))
    assert finding.severity is Severity.INFO
    assert finding.evidence[0].statement.facts["steps"] == 240


@pytest.mark.parametrize("grid", [0.0, 0.06])
def test_images_that_do_not_end_as_they_began(make_run: MakeRun, grid: float) -> None:
    """Crops of photographs are brighter on one side than on the other: their spectrum has power along the axes."""
    rng = np.random.default_rng(5)
    side = 32
    slope = np.linspace(-1, 1, side)
    tilt = rng.standard_normal((96, 2, 1, 1)) * 0.15
    crops = 0.5 + tilt[:, :1] * slope[None, None, :, None] + tilt[:, 1:] * slope[None, None, None, :]
    crops = np.moveaxis(crops, 1, -1) + gaussian_filter(rng.standard_normal((96, side, side, 3)), (0, 2, 2, 0)) * 0.5
    reals = np.clip(255 * crops[:48], 0, 255).astype(np.uint8)
    measured = image_statistics((crops[48:] + grid * overlaps(side, side)).astype(np.float32))
    signals = {name: probes(measured[name]) for name in ("sample_grid", "sample_high_frequency", "sample_std")}
    expected = Status.DETECTED if grid else Status.NOT_DETECTED
    assert RULE.evaluate(make_run(signals, reals=reals)).status is expected
