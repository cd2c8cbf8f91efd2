"""The order in which treatments are offered follows the causes, and relative changes the run's own settings."""

from __future__ import annotations

from gandoctor.treatments import prescribe

IDS = ("raise-generator-learning-rate", "match-output-range", "r1-regularisation")
SETTINGS = {
    "generator": {"learning_rate": 0.001, "output_activation": "sigmoid"},
    "data": {"range": "unit"},
}


def test_without_causes_the_order_of_the_rule_stands() -> None:
    assert [t.id for t in prescribe(IDS, {})] == list(IDS)


def test_the_cure_of_the_likeliest_cause_comes_first() -> None:
    order = [t.id for t in prescribe(IDS, {"range-mismatch": 0.9, "generator-not-moving": 0.05})]
    assert order == ["match-output-range", "r1-regularisation", "raise-generator-learning-rate"]


def test_relative_changes_start_from_what_the_run_used() -> None:
    (treatment,) = prescribe(IDS[:1], {}, SETTINGS)
    assert treatment.patch == {"generator.learning_rate": 0.002}
    assert prescribe(IDS[:1], {})[0].patch == {}


def test_what_is_in_force_is_offered_only_against_the_evidence() -> None:
    assert "match-output-range" not in [t.id for t in prescribe(IDS, {}, SETTINGS)]
    assert prescribe(IDS, {"range-mismatch": 0.9}, SETTINGS)[0].id == "match-output-range"


def test_hostile_settings_change_nothing() -> None:
    for settings in (
        {"generator": 3},
        {"generator": {"learning_rate": "x"}},
        {"generator": {"learning_rate": float("nan")}},
    ):
        assert prescribe(IDS[:1], {}, settings)[0].patch == {}


def test_the_code_is_that_of_the_runs_framework() -> None:
    (keras,), (torch,) = prescribe(IDS[:1], {}), prescribe(IDS[:1], {}, framework="torch")
    assert "import keras" in keras.code
    assert "torch.optim" in torch.code
