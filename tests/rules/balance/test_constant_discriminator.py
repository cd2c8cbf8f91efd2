"""GD307."""

from __future__ import annotations

from collections.abc import Callable

from gandoctor.rules import Severity, Status, find_rule
from gandoctor.store import Run
from support.recorded_runs import every_step, probes

RULE = find_rule("GD307")
MakeRun = Callable[..., Run]


def logits(real: Callable[[int, int], float], fake: Callable[[int, int], float]) -> dict[str, dict[int, float]]:
    """Quantiles by percent and step."""
    return {
        f"d_{kind}_logit_quantile/{percent}": probes(lambda s, at=at, q=percent: at(q, s))
        for kind, at in (("real", real), ("fake", fake))
        for percent in (5, 25, 50, 75, 95)
    }


def test_one_number_for_everything(make_run: MakeRun) -> None:
    for level in (0.0, 0.5, -3.0):
        same = logits(lambda q, s, v=level: v, lambda q, s, v=level: v)
        finding = RULE.evaluate(make_run(same))
        assert (finding.status, finding.severity) == (Status.DETECTED, Severity.CRITICAL)


def test_from_the_step_at_which_it_died_and_what_killed_it(make_run: MakeRun) -> None:
    def at(q: int, s: int) -> float:
        return 0.1 if s >= 400 else q / 50

    signals = {**logits(at, at), "d_dead_units": probes(lambda s: 1.0 if s >= 400 else 0.1)}
    signals["d_update_ratio"] = every_step(lambda s: 0.5 if s == 395 else 1e-3)
    finding = RULE.evaluate(make_run(signals))
    assert finding.first_step == 400
    assert [cause.id for cause in finding.causes] == ["all-paths-dead", "step-killed-discriminator"]
    assert finding.causes[1].score > 0.5


def test_look_alikes(make_run: MakeRun) -> None:
    def spread(q: int, s: int) -> float:
        return q / 50

    overlapping = logits(spread, spread)  # equilibrium
    collapsed = logits(spread, lambda q, s: 0.3)  # one image again and again
    saturated = logits(lambda q, s: 1.0, lambda q, s: 0.0)  # sure of every image
    clipped = logits(lambda q, s: 1e-3 + q * 1e-7, lambda q, s: 1e-3 + q * 1e-7)  # a critic of small weights
    for signals in (overlapping, collapsed, saturated, clipped):
        assert RULE.evaluate(make_run(signals)).status is Status.NOT_DETECTED
    assert RULE.evaluate(make_run({})).status is Status.NOT_EVALUATED
