"""Bands of quantiles: nothing outside of them is lost, gaps stay gaps, and each kind is told without its colour."""

from __future__ import annotations

import numpy as np
import pandas as pd
from report_page import numbers

from gandoctor.report.charts.quantile_bands import PERCENTS, Band, band_figure, band_of, in_words
from gandoctor.report.languages.language import language
from gandoctor.signals import units

EN = language("en")
FAMILIES = ("d_real_logit_quantile", "d_holdout_logit_quantile", "d_fake_logit_quantile")


def quantiles(centre: np.ndarray, every: int = 10) -> dict[str, pd.Series[float]]:
    steps = np.arange(1, len(centre) + 1) * every
    return {p: pd.Series(centre + (int(p) - 50) / 50, index=steps, name=p) for p in PERCENTS}


def band(centre: np.ndarray, family: str = FAMILIES[0]) -> Band:
    found = band_of(family, quantiles(centre), EN)
    assert found is not None
    return found


def test_a_band_is_what_was_recorded() -> None:
    found = band(np.array([0.0, 1.0]))
    assert found.steps.tolist() == [10, 20]
    np.testing.assert_allclose(found.levels, [[-0.9, 0.1], [-0.5, 0.5], [0, 1], [0.5, 1.5], [0.9, 1.9]])
    assert in_words(found, "Fakes", EN) == (
        "Fakes: median 0 at step 10 and 1 at step 20, where half of the images lie between 0.5 and 1.5 and 90% between "
        "0.1 and 1.9."
    )


def test_a_long_band_holds_all_bands_of_its_steps_and_no_spike_or_nan_is_lost() -> None:
    centre = np.zeros(30_000)
    centre[[5_000, 9_000, 20_000]] = 50, -40, np.nan
    found = band(centre)
    assert len(found.steps) <= 300
    assert np.nanmax(found.levels[4]) == 50.9
    assert np.nanmin(found.levels[0]) == -40.9
    assert np.nanmax(np.abs(found.levels[2])) == 0
    assert np.isnan(found.levels).all(axis=0).sum() == 1
    assert [(s.first, s.last) for s in found.stretches] == [(200_010, 200_010)]


def test_an_infinite_quantile_breaks_the_whole_band() -> None:
    members = quantiles(np.zeros(3))
    members["95"].iloc[1] = np.inf
    found = band_of(FAMILIES[0], members, EN)
    assert found is not None
    assert np.isnan(found.levels).all(axis=0).tolist() == [False, True, False]
    assert [s.first for s in found.stretches] == [20]
    assert band_of(FAMILIES[0], {p: s for p, s in members.items() if p != "75"}, EN) is None


def test_kinds_differ_in_more_than_colour() -> None:
    bands = [band(np.array([c, c]), family) for c, family in zip((1.0, 0.9, -1.0), FAMILIES, strict=True)]
    data = band_figure(bands, ["reals", "held out", "fakes"], EN, last_step=20, unit=units.LOGIT)["data"]
    lines = [t for t in data if t.get("name")]
    fills = [t for t in data if t.get("fill")]
    assert [t["name"] for t in lines] == ["reals", "held out", "fakes"]
    assert len({t["line"]["dash"] for t in lines}) == 3
    patterns = [t.get("fillpattern", {}).get("shape", "") for t in fills]
    assert patterns == ["", "", "", "/", "", "."]
    assert numbers(lines[2]["y"]).tolist() == [-1, -1]


def test_a_gap_parts_the_filling() -> None:
    data = band_figure([band(np.array([0, 0, np.nan, 1.0, 1.0]))], ["reals"], EN, last_step=50, unit=units.LOGIT)[
        "data"
    ]
    gap = np.nan
    np.testing.assert_equal(numbers(data[0]["x"]), [10, 20, 20, 10, gap, 40, 50, 50, 40, gap])
    told = [text for trace in data for text in trace.get("hovertext", [])]
    assert told == ["d_real_logit_quantile: NaN or infinite, step 30"]


def test_a_band_of_nan_alone_is_told() -> None:
    found = band(np.array([np.nan, np.nan]))
    assert in_words(found, "Fakes", EN) == "Fakes: not finite (NaN or infinite) at all recorded steps."
    assert band_figure([found], ["Fakes"], EN, last_step=20, unit=units.LOGIT)["layout"]["yaxis"]["range"] == [-1, 1]
