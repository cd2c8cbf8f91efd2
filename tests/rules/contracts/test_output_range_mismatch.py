"""GD006."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gandoctor.rules import Severity, Status
from gandoctor.store import PlayerCard, Run
from support.design_cards import CONV, DENSE, act, card, data, judged, named, transpose
from support.recorded_runs import every_step, probes
from support.said import values_of

MakeRun = Callable[..., Run]


def ending(activation: str, *more: Any) -> PlayerCard:
    return card(DENSE, ("Reshape", {}), transpose(), act(activation), *more)


def of(make_run: MakeRun, generator: PlayerCard, signals: dict[str, Any] | None = None, **fields: Any) -> Any:
    fields = {"data": data(), "real_count": 0, **fields}
    return judged("GD006", make_run(signals or {}, generator=generator, **fields))


@pytest.mark.parametrize("low_high", [(-1.0, 1.0), (0.0, 255.0), (-0.42, 2.82)])
def test_sigmoid_on_data_it_cannot_make(make_run: MakeRun, low_high: tuple[float, float]) -> None:
    finding = of(make_run, ending("sigmoid"), data=data(*low_high))
    assert finding.severity is Severity.CRITICAL
    (evidence,) = finding.evidence
    assert (evidence.signal, evidence.first_step, evidence.last_step) == ("model_card", 0, 0)
    values = values_of(evidence.statement)
    assert values["layer"] == "activation"
    assert (values["low"], values["high"]) == low_high
    if low_high == (-1.0, 1.0):
        assert str(evidence.statement) == (
            "The generator can produce 0 to 1 (activation); the real images lie in -1 to 1. 50% of that range is out "
            "of the generator's reach."
        )
    assert named(finding) == {"generator/activation"}


def test_tanh_on_standardised_data_and_relu_on_symmetric(make_run: MakeRun) -> None:
    assert of(make_run, ending("tanh"), data=data(-0.42, 2.82)).severity is Severity.CRITICAL
    assert of(make_run, ending("relu"), data=data(-1, 1)).severity is Severity.CRITICAL
    assert of(make_run, card(DENSE, transpose(activation="sigmoid")), data=data(-1, 1)).severity is Severity.CRITICAL


def test_a_relu_before_the_sigmoid_leaves_half_of_the_range(make_run: MakeRun) -> None:
    finding = of(make_run, card(DENSE, transpose(activation="relu"), act("sigmoid")))
    assert finding.severity is Severity.CRITICAL
    assert "0.5 to 1" in str(finding.evidence[0].statement)


def test_a_sliver_outside_is_a_warning_and_stray_pixels_are_none(make_run: MakeRun) -> None:
    assert of(make_run, ending("sigmoid"), data=data(-0.05, 1)).severity is Severity.WARNING
    assert of(make_run, ending("sigmoid"), data=data(-0.01, 1.005)).status is Status.NOT_DETECTED


@pytest.mark.parametrize(
    ("generator", "low_high"),
    [
        (ending("sigmoid"), (0.0, 1.0)),
        (ending("tanh"), (-1.0, 1.0)),
        (ending("tanh", ("Rescaling", {"scale": 127.5, "offset": 127.5})), (0.0, 255.0)),
        (ending("tanh", ("ops.Mul", {"operand": 0.5}), ("ops.AddV2", {"operand": 0.5})), (0.0, 1.0)),
    ],
)
def test_matching_ranges(make_run: MakeRun, generator: PlayerCard, low_high: tuple[float, float]) -> None:
    assert of(make_run, generator, data=data(*low_high)).status is Status.NOT_DETECTED


def test_look_alike_mostly_exact_zeros(make_run: MakeRun) -> None:
    digits = data(mean=0.13, std=0.31, share_at_minimum=0.81)
    assert of(make_run, ending("sigmoid"), data=digits).status is Status.NOT_DETECTED


def test_twice_the_range_of_the_data_is_a_warning(make_run: MakeRun) -> None:
    finding = of(make_run, ending("tanh"))
    assert (finding.severity, finding.evidence[0].observed) == (Severity.WARNING, 2.0)


def test_look_alike_data_in_the_middle_of_the_range(make_run: MakeRun) -> None:
    assert of(make_run, ending("tanh"), data=data(-0.6, 0.6)).severity is Severity.INFO
    assert of(make_run, ending("tanh"), data=data(-0.9, 0.9)).status is Status.NOT_DETECTED


def test_look_alike_an_output_without_bounds_is_only_mentioned(make_run: MakeRun) -> None:
    for activation in ("linear", "relu"):
        finding = of(make_run, ending(activation))
        assert (finding.severity, finding.evidence[0].observed) == (Severity.INFO, float("inf")), activation
    # Single pixels leave the range in runs that do well.
    pixels = {"sample_min": probes(-0.9), "sample_max": probes(1.0), "sample_mean": probes(0.12)}
    finding = of(make_run, ending("linear"), pixels)
    assert finding.severity is Severity.INFO
    assert "reach from -0.9 to 1: clip them" in str(finding.evidence[0].statement)
    near = {"sample_min": probes(-0.05), "sample_max": probes(1.05), "sample_mean": probes(0.12)}
    assert "clip them" not in str(of(make_run, ending("linear"), near).evidence[0].statement)
    outside = of(make_run, ending("linear"), {"sample_mean": probes(-0.4)})
    assert outside.severity is Severity.WARNING
    assert values_of(outside.evidence[0].statement)["mean"] == -0.4


def test_batches_that_leave_the_reach_mid_run(make_run: MakeRun) -> None:
    signals = {"real_mean": every_step(lambda s: 33.0 if s >= 400 else 0.13), "real_spread": every_step(0.2)}
    finding = of(make_run, ending("sigmoid"), signals)
    assert finding.severity is Severity.CRITICAL
    assert (finding.first_step, finding.last_step) == (400, 1000)
    assert finding.evidence[0].signal == "real_mean"
    symmetric = {"real_mean": every_step(lambda s: -0.74 if s >= 400 else 0.13), "real_spread": every_step(0.2)}
    assert of(make_run, ending("sigmoid"), symmetric).first_step == 400
    assert of(make_run, ending("sigmoid"), symmetric, data=None).first_step == 400
    over = {"real_mean": every_step(lambda s: -0.74 if 400 <= s < 500 else 0.13), "real_spread": every_step(0.2)}
    assert of(make_run, ending("sigmoid"), over).severity is Severity.WARNING


def given(own: tuple[float, float], generated: tuple[float, float], since: int = 400, until: int = 1000) -> Any:
    """Ranges of what D is given towards its own and towards G's loss, from one step to another; before, 0 to 1."""
    return {
        f"{player}_step_input_{end}": every_step(lambda s, v=v, u=u: v if since <= s <= until else u)
        for player, values in (("d", own), ("g", generated))
        for end, v, u in zip(("min", "max"), values, (0.0, 1.0), strict=True)
    } | {"real_mean": every_step(0.13), "real_spread": every_step(0.2)}


@pytest.mark.parametrize(("own", "side"), [((0.0, 255.0), "max"), ((-1.0, 1.0), "min")])
def test_reals_that_are_rescaled_within_the_step(make_run: MakeRun, own: tuple[float, float], side: str) -> None:
    finding = of(make_run, ending("sigmoid"), given(own, (0.01, 0.99)))
    (evidence,) = finding.evidence
    assert finding.severity is Severity.CRITICAL
    assert (evidence.signal, evidence.first_step, evidence.last_step) == (f"d_step_input_{side}", 400, 1000)
    over = of(make_run, ending("sigmoid"), given(own, (0.01, 0.99), until=500))
    assert (over.severity, over.last_step) == (Severity.WARNING, 500)
    assert of(make_run, ending("sigmoid"), given(own, (0.01, 0.99), until=401)).status is Status.NOT_DETECTED


def test_look_alikes_noise_on_all_that_the_discriminator_is_given_and_stray_pixels(make_run: MakeRun) -> None:
    noise = given((-0.4, 1.4), (-0.3, 1.3))
    assert of(make_run, ending("sigmoid"), noise).status is Status.NOT_DETECTED
    assert of(make_run, ending("sigmoid"), given((-0.01, 1.01), (0.0, 0.9))).status is Status.NOT_DETECTED
    assert of(make_run, ending("linear"), given((0.0, 255.0), (0.0, 0.9))).severity is Severity.INFO
    half = {name: v for name, v in given((0.0, 255.0), (0.0, 0.9)).items() if not name.startswith("g_")}
    assert of(make_run, ending("sigmoid"), half).status is Status.NOT_DETECTED


def test_look_alike_the_monitor_was_given_other_images_than_training(make_run: MakeRun) -> None:
    training = {"real_mean": every_step(0.13), "real_spread": every_step(0.2)}
    for probe in (data(0, 255, mean=33, std=78), data(-1, 1, mean=-0.74, std=0.62)):
        finding = of(make_run, ending("sigmoid"), training, data=probe)
        assert finding.severity is Severity.WARNING
        assert values_of(finding.evidence[0].statement)["mean"] == 0.13
    same = {"real_mean": every_step(33.0), "real_spread": every_step(51.0)}
    assert of(make_run, ending("sigmoid"), same, data=data(0, 255, mean=33, std=78)).severity is Severity.CRITICAL


def test_constant_data_are_another_rules(make_run: MakeRun) -> None:
    assert of(make_run, ending("sigmoid"), data=data(3, 3)).status is Status.NOT_DETECTED


def test_what_is_not_known_is_not_evaluated(make_run: MakeRun) -> None:
    unknown = of(make_run, ending("sigmoid", ("OfMyOwn", {})))
    assert unknown.status is Status.NOT_EVALUATED
    assert "values that the generator can produce are not known" in str(unknown.reason)
    declared = card(DENSE, transpose(), act("sigmoid"), order="declared", outputs=())
    assert of(make_run, declared).status is Status.NOT_EVALUATED
    without = of(make_run, ending("sigmoid"), data=None, missing={"probe_data": "pass probe_data=..."})
    assert without.status is Status.NOT_EVALUATED
    assert "pass probe_data" in str(without.reason)
    assert of(make_run, card(CONV), data=None).status is Status.NOT_EVALUATED
