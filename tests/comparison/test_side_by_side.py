"""Runs side by side: what differs, what was found, how good the samples are, and what cannot be compared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gandoctor import diagnose
from gandoctor.comparison.side_by_side import SideBySide, read, side_by_side
from gandoctor.errors import NotARun
from gandoctor.report.page.compared import comparison_page
from gandoctor.store import LatentCard, LayerCard, Manifest, PlayerCard, Run, RunWriter
from support.recorded_runs import every_step

MakeRun = Callable[..., Run]
NAN = float("nan")


@pytest.fixture
def put(make_run: MakeRun) -> Callable[..., SideBySide]:
    """Put runs beside each other, each given as (signals, fields of the manifest)."""

    def put(*parts: tuple[dict, dict]) -> SideBySide:
        return side_by_side([diagnose(make_run(signals, **fields)) for signals, fields in parts])

    return put


def kid(value: float, steps: int = 200) -> dict:
    return {"sample_kid": dict.fromkeys(range(10, steps + 1, 10), value), "d_loss": dict.fromkeys(range(1, steps), 0.6)}


def told(compared: SideBySide) -> str:
    return " ".join(map(str, compared.notes))


def test_only_what_differs_is_listed_settings_first(put: Callable[..., SideBySide]) -> None:
    config = {"settings": {"generator": {"dropout": 0.4, "width": 1.0}}, "changed": {}}
    other = {"settings": {"generator": {"dropout": 0.9, "width": 1.0}}, "changed": {"generator": {"dropout": 0.9}}}
    compared = put((kid(0.1), {"config": config, "seed": 1}), (kid(0.1), {"config": other, "seed": 2}))
    assert [(one.what, one.values) for one in compared.differences] == [
        ("generator.dropout", ("0.4", "0.9")),
        ("seed", ("1", "2")),
    ]


def test_networks_and_what_one_run_lacks_are_told_apart(put: Callable[..., SideBySide]) -> None:
    def card(rate: float) -> PlayerCard:
        layer = LayerCard(name="a", type="Dropout", settings={"rate": rate})
        return PlayerCard(name="d", layers=[layer], optimizer={"learning_rate": 1e-3})

    compared = put((kid(0.1), {"discriminator": card(0.3)}), (kid(0.1), {"discriminator": card(0.5)}), (kid(0.1), {}))
    values = {one.what: one.values for one in compared.differences}
    assert values["discriminator layer 1"] == ("Dropout rate=0.3", "Dropout rate=0.5", None)
    assert values["discriminator optimizer: learning_rate"] == ("0.001", "0.001", None)


def test_findings_stand_beside_each_other(put: Callable[..., SideBySide]) -> None:
    compared = put((kid(0.1), {}), (kid(0.1) | {"d_loss": every_step(NAN)}, {}), ({"sample_kid": {10: 0.1}}, {}))
    (states,) = [one.states for one in compared.found if one.rule.id == "GD001"]
    assert states[:2] == ("not found", "critical")
    assert compared.to_plain()["findings"]["GD001"] == list(states)


def test_quality_is_compared_in_the_steps_that_all_have(put: Callable[..., SideBySide]) -> None:
    longer = kid(0.4)["sample_kid"] | dict.fromkeys(range(210, 801, 10), 0.01)
    compared = put((kid(0.2), {}), ({**kid(0.4), "sample_kid": longer}, {}))
    assert compared.quality is not None
    assert compared.until == 200
    assert compared.quality.ratios == (1.0, pytest.approx(2.0))
    assert "different lengths" in told(compared)


def test_a_quality_that_only_one_run_has_is_not_compared(put: Callable[..., SideBySide]) -> None:
    assert put((kid(0.2), {}), ({"d_loss": every_step(0.6)}, {})).quality is None


def test_different_and_unknown_latents_are_told_apart(put: Callable[..., SideBySide]) -> None:
    latent = LatentCard(shape=(4,), minimum=-1.0, maximum=1.0, mean=0.1, std=0.5)
    same, other = {"latent": latent}, {"latent": latent.model_copy(update={"mean": 0.2})}
    assert "latents" not in told(put((kid(0.1), same), (kid(0.1), same)))
    assert "other latents" in told(put((kid(0.1), same), (kid(0.1), other)))
    assert "not recorded which latents" in told(put((kid(0.1), same), (kid(0.1), {})))


def test_no_samples_is_said(put: Callable[..., SideBySide]) -> None:
    assert "are stored" in told(put((kid(0.1), {}), (kid(0.1), {})))


def run_dir(folder: Path) -> Path:
    writer = RunWriter(folder, Manifest())
    writer.record(1, {"d_loss": 0.6})
    writer.close("completed")
    return folder


def test_what_cannot_be_read_is_left_out_with_the_reason(tmp_path: Path) -> None:
    runs, notes = read([run_dir(tmp_path / "a"), tmp_path / "nowhere", run_dir(tmp_path / "b")])
    assert [one.run.path.name for one in runs] == ["a", "b"]
    assert "nowhere is not a directory" in str(notes[0])


@pytest.mark.parametrize("given", [("nowhere", "a"), ("a", "nowhere"), ("a",)])
def test_without_a_baseline_and_another_run_there_is_no_comparison(tmp_path: Path, given: tuple[str, ...]) -> None:
    run_dir(tmp_path / "a")
    with pytest.raises(NotARun):
        read([tmp_path / name for name in given])


def test_names_tell_runs_apart(tmp_path: Path) -> None:
    runs, _ = read([run_dir(tmp_path / "a" / "run"), run_dir(tmp_path / "b" / "run")])
    assert side_by_side(runs).names == ("a/run", "b/run")
    assert len(set(side_by_side([runs[0], runs[0]]).names)) == 2


def test_a_run_of_several_games_is_told_of(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    Manifest(games={"a": "given", "b": "given"}).save(whole)
    for name in ("a", "b"):
        run_dir(whole / "games" / name)
    runs, _ = read([run_dir(tmp_path / "one"), whole])
    compared = side_by_side(runs)
    assert "whole holds several pairs of players" in told(compared)
    assert "several pairs" in comparison_page(compared)
