"""The plan of action: what comes first, in which values, and what never appears."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from gandoctor import diagnose
from gandoctor.diagnosis import Diagnosis
from gandoctor.diagnosis.commands import command_for, options_for
from gandoctor.diagnosis.plan import MOST_STEPS
from gandoctor.message import Absence, Absent, Message
from gandoctor.rules import Severity
from gandoctor.store import LatentCard, ObjectiveCard, PlayerCard, Reach, Run
from gandoctor.treatments import TREATMENTS
from gandoctor.treatments.changes import Case, change_for
from support.design_cards import (
    CONV,
    DENSE,
    DISCRIMINATOR,
    GENERATOR,
    LEAKY,
    NORM,
    UNIT,
    act,
    card,
    data,
    drop,
    transpose,
)
from support.fault_signatures import FAULTS, diagnosis_of, noise, one_image, run_with, stands_still
from support.recorded_runs import every_step, probes

ADAM = {"type": "Adam", "beta_1": 0.5}


def with_rates(d_rate: float, g_rate: float, kind: str = "Adam", **fields: Any) -> Diagnosis:
    """A run whose generator stands still at its rate, with optimizers that are known."""
    signals = run_with(
        1e-4,
        17.1,
        36,
        0.81,
        g_update_ratio=probes(3e-6),
        g_learning_rate=probes(g_rate),
        d_learning_rate=probes(d_rate),
        **noise(0.63),
    )
    cards = {
        "generator": GENERATOR.model_copy(update={"optimizer": {"type": kind, "learning_rate": g_rate}}),
        "discriminator": DISCRIMINATOR.model_copy(update={"optimizer": {"type": kind, "learning_rate": d_rate}}),
    }
    return diagnosis_of(signals, **{**cards, **fields})


@pytest.mark.parametrize(
    ("d_rate", "new"),
    [(4e-4, "2e-4"), (8e-4, "4e-4")],
)
def test_a_rate_thousands_of_times_too_small_is_set_by_the_published_ratio(d_rate: float, new: str) -> None:
    step = with_rates(d_rate, 1e-7).plan[0]
    assert step.change == f"g_optimizer = keras.optimizers.Adam(learning_rate=1e-7 -> {new})"
    assert step.diff == (
        "- g_optimizer = keras.optimizers.Adam(learning_rate=1e-7)",
        f"+ g_optimizer = keras.optimizers.Adam(learning_rate={new})",
    )
    assert str(step.title) == f"Raise the generator's learning rate from 1e-7 to {new}"
    assert step.standing == "confirmed"
    assert step.findings[0] == "GD104"


def test_a_discriminators_rate_that_is_far_too_small_is_raised() -> None:
    rates = {f"{player}_learning_rate": probes(rate) for player, rate in (("g", 2e-4), ("d", 1e-7))}
    signals = run_with(0.69, 0.69, 20, 0.81, d_update_ratio=probes(2e-6), **rates, **noise(0.63))
    cards = {
        "generator": GENERATOR.model_copy(update={"optimizer": {"type": "Adam", "learning_rate": 2e-4}}),
        "discriminator": DISCRIMINATOR.model_copy(update={"optimizer": {"type": "Adam", "learning_rate": 1e-7}}),
    }
    step = diagnosis_of(signals, **cards).plan[0]
    assert str(step.title) == "Raise the discriminator's learning rate from 1e-7 to 4e-4"
    assert step.patch == {"discriminator.learning_rate": 4e-4}


def test_the_change_is_spelled_as_the_runs_framework_has_it() -> None:
    step = with_rates(4e-4, 1e-7, versions={"torch": "2.9"}).plan[0]
    assert step.change == "opt_g = torch.optim.Adam(G.parameters(), lr=1e-7 -> 2e-4)"


def test_a_rate_that_is_not_at_fault_is_moved_by_a_factor_of_two() -> None:
    signals = run_with(0.01, 7.0, 20, 0.2)
    step = diagnosis_of(signals).plan[0]
    assert step.standing == "possible"
    assert step.patch in ({"generator.learning_rate": 8e-4}, {"discriminator.learning_rate": 4e-4})


def test_the_headline_names_the_failure_and_the_runs_fact() -> None:
    assert str(with_rates(8e-4, 1e-7).name) == "Generator learning rate 4,000 times too small (1e-7)"
    collapse = run_with(0.4, 1.8, 3.0, 0.24, sample_duplicate_pairs=probes(lambda s: 900.0 if s > 300 else 2.0))
    assert str(diagnosis_of(collapse).name).startswith("Mode collapse since step 3")
    assert "samples are the same image" in str(diagnosis_of(collapse).name)
    nan = run_with(0.4, 1.8, 3.0, 0.24) | {"d_loss": every_step(lambda s: float("nan") if s >= 60 else 0.5)}
    assert str(diagnosis_of(nan).name) == "NaN in d_loss at step 60"


def test_a_consequence_is_shown_under_its_cause() -> None:
    diagnosis = with_rates(8e-4, 1e-7)
    (root, after), *_ = diagnosis.groups
    assert root.id == "GD104"
    assert "GD301" in [finding.id for finding in after]
    assert diagnosis.follows["GD301"] == "GD104"
    assert {f.id for group in diagnosis.groups for f in (group[0], *group[1])} == {f.id for f in diagnosis.findings}


def test_a_design_finding_is_in_the_model_before_training() -> None:
    signals, fields, _ = FAULTS["batch normalisation on the output"]
    diagnosis = diagnosis_of(signals, **fields)
    assert diagnosis.plan[0].findings[0] == "GD101"
    assert "in the model, before training" in str(diagnosis.sentence)
    assert "from step 0" not in str(diagnosis)


@pytest.mark.parametrize("fault", FAULTS)
def test_every_plan_keeps_the_rules(fault: str) -> None:
    signals, fields, _ = FAULTS[fault]
    diagnosis = diagnosis_of(signals, **fields)
    plan = diagnosis.plan
    assert 1 <= len(plan) <= MOST_STEPS
    standings = [step.standing for step in plan]
    assert standings == sorted(standings, key=("confirmed", "possible").index)
    changed: dict[str, str | None] = {}
    for step in plan:
        assert str(step.expect)
        for edit in step.edits:
            assert changed.setdefault(edit.key, edit.after) == edit.after, "one thing is changed to two values"


@pytest.mark.parametrize("fault", FAULTS)
def test_what_treats_only_ruled_out_causes_never_appears(fault: str) -> None:

    signals, fields, _ = FAULTS[fault]
    diagnosis = diagnosis_of(signals, **fields)
    standing = {slug for c in diagnosis.causes if c.standing != "ruled_out" for slug in (c.id, *c.hypotheses)}
    denied = {c.id for c in diagnosis.causes if c.standing == "ruled_out"} - standing
    for step in diagnosis.plan:
        cures = {*TREATMENTS[step.treatment].cures}
        assert not cures or not cures <= denied, step.treatment


def test_contracts_come_before_symptoms() -> None:
    frozen = diagnosis_of(run_with(0.7, 0.66, -0.03, 0.37, **stands_still("d"), **noise(0.61)))
    assert frozen.plan[0].findings[0] == "GD002"
    assert "GD401" in frozen.plan[0].findings


def test_a_healthy_run_has_no_plan() -> None:
    diagnosis = diagnosis_of(run_with(0.4, 1.8, 3.0, 0.24))
    assert diagnosis.verdict == "healthy"
    assert diagnosis.plan == ()


def test_an_inconclusive_run_is_told_how_to_see_what_was_not_seen() -> None:
    blind = Run.from_signals({"d_loss": every_step(0.5), "g_loss": every_step(1.4)})
    blind.manifest.missing.update(
        {
            "latent_sampler": {"code": "not_given", "message": {"template": "none was given"}},
            "probe_data": {"code": "not_given", "message": {"template": "none was given"}},
        }
    )
    diagnosis = diagnose(blind)
    assert diagnosis.verdict == "inconclusive"
    lines = [line for step in diagnosis.plan for line in step.diff]
    assert "+ GANMonitor(..., latent_sampler=lambda n: ...)" in lines


def test_the_command_repeats_the_run_with_the_new_value() -> None:
    settings = {"generator": {"learning_rate": 4e-4}, "discriminator": {"learning_rate": 8e-4}}
    config = {"settings": settings, "undone_by": {"typo": ["generator.learning_rate"]}}
    command = ["gandoctor", "run", "--preset", "quick", "--fault", "typo@0", "--run-dir", "a b", "--seed", "3"]
    step = with_rates(8e-4, 1e-7, config=config, command=command).plan[0]
    assert step.command == "gandoctor run --preset quick --seed 3 --set generator.learning_rate=4e-4"


def test_a_run_without_a_command_is_repeated_from_its_settings() -> None:
    settings = {"generator": {"learning_rate": 1e-7, "width": 0.25}, "training": {"steps": 300}}
    config = {
        "preset": "article",
        "settings": settings,
        "changed": {
            "faults.typo.start": 0,
            "generator.learning_rate": 1e-7,
            "generator.width": 0.25,
            "training.steps": 300,
        },
        "faults": ["typo@0"],
        "undone_by": {"typo": ["generator.learning_rate"]},
    }
    step = with_rates(8e-4, 1e-7, config=config, target="reference_models.training:build", seed=3).plan[0]
    assert step.command == (
        "gandoctor run --preset article --set generator.width=0.25 --set training.steps=300 --seed 3 "
        "--set generator.learning_rate=4e-4"
    )


@pytest.mark.parametrize(
    ("frozen", "fault", "words"),
    [
        (False, None, "gandoctor run --set training.freeze_discriminator=true"),
        (True, None, None),
        (True, "leak", "gandoctor run --set training.freeze_discriminator=true"),
    ],
)
def test_a_command_that_would_train_the_same_again_is_not_offered(
    frozen: bool, fault: str | None, words: str | None
) -> None:
    config: dict[str, Any] = {"settings": {"training": {"freeze_discriminator": frozen}}}
    command = ["gandoctor", "run"]
    if fault:
        config["undone_by"] = {fault: ["training.freeze_discriminator"]}
        command += ["--fault", fault]
    run = diagnosis_of({"d_loss": probes(0.7)}, config=config, command=command).run
    assert command_for(run, "separate-variable-lists", {"training.freeze_discriminator": True}, False) == words


@pytest.mark.parametrize(
    ("framework", "treatment", "words"),
    [
        ("torch", "instance-noise", "gandoctor run --change=discriminator.instance_noise=0.1 train.py"),
        ("keras", "instance-noise", "gandoctor run --change=discriminator.instance_noise=0.1 train.py"),
        ("torch", "augment-discriminator-input", "gandoctor run --change=discriminator.translation=0.125 train.py"),
        ("keras", "augment-discriminator-input", "gandoctor run --change=discriminator.translation=0.125 train.py"),
        ("torch", "spectral-normalisation", "gandoctor run --change=discriminator.spectral_norm=1 train.py"),
        ("keras", "spectral-normalisation", "gandoctor run --change=discriminator.spectral_norm=1 train.py"),
        ("torch", "r1-regularisation", "gandoctor run --change=discriminator.r1=10 train.py"),
        ("keras", "r1-regularisation", "gandoctor run --change=discriminator.r1=10 train.py"),
        ("torch", "one-sided-label-smoothing", "gandoctor run --change=discriminator.real_label=0.9 train.py"),
        ("keras", "one-sided-label-smoothing", "gandoctor run --change=discriminator.real_label=0.9 train.py"),
    ],
)
def test_what_can_be_added_to_any_discriminator_is_set_in_a_script(framework: str, treatment: str, words: str) -> None:
    run = diagnosis_of({"d_loss": probes(0.7)}, command=["gandoctor", "run", "train.py"], versions={framework: "3"}).run
    assert command_for(run, treatment, TREATMENTS[treatment].patch, False) == words


@pytest.mark.parametrize(
    ("config", "planned"),
    [({}, ["gradient-penalty", "spectral-normalisation"]), ({"settings": {}}, ["gradient-penalty"])],
)
def test_what_a_command_can_change_in_a_script_follows_what_is_written_into_it(
    config: dict[str, Any], planned: list[str]
) -> None:
    steep = probes(lambda s: 0.25 if s < 40 else min(500.0, 20.0 * s / 40))
    form = ObjectiveCard(output_low=-1.0, output_high=1.0, penalised=False, steps=5)
    known = {"command": ["gandoctor", "run", "train.py"], "versions": {"torch": "2"}, "config": config}
    signals = {f"d_input_gradient_{where}": steep for where in ("real", "fake", "between")}
    plan = diagnosis_of(signals, loss_family="wasserstein", objective=form, **known).plan
    assert [step.treatment for step in plan] == planned
    if len(plan) > 1:
        assert plan[0].command == "gandoctor run train.py", "once it is edited"
        assert plan[1].command == "gandoctor run --change=discriminator.spectral_norm=1 train.py"
        assert plan[1].findings == plan[0].findings == ("GD207",)


@pytest.mark.parametrize("own", [False, True])
def test_what_can_be_added_is_no_setting_unless_the_target_has_it(own: bool) -> None:
    settings = {"discriminator": {"r1": 0.0} if own else {}}
    run = diagnosis_of({"d_loss": probes(0.7)}, command=["gandoctor", "run"], config={"settings": settings}).run
    patch = TREATMENTS["r1-regularisation"].patch
    option = "--set discriminator.r1=10" if own else "--change=discriminator.r1=10"
    assert command_for(run, "r1-regularisation", patch, False) == f"gandoctor run {option}"
    assert options_for(run, patch) == option


def test_a_script_is_run_again_and_checked_first_where_the_model_tells() -> None:
    command = ["gandoctor", "run", "--run-dir=x", "my train.py", "--", "--steps", "5"]
    fields = {"command": command, "target": "my train.py"}
    step = with_rates(8e-4, 1e-7, **fields).plan[0]
    assert shlex.split(step.command or "") == [
        "gandoctor",
        "run",
        "--change=g_optimizer.learning_rate=4e-4",
        "my train.py",
        "--",
        "--steps",
        "5",
    ]
    signals, design, _ = FAULTS["batch normalisation on the output"]
    step = diagnosis_of(signals, **design, **fields).plan[0]
    assert shlex.split(step.command or "")[:3] == ["gandoctor", "check", "my train.py"]


def test_a_run_that_nobody_started_by_command_has_no_command() -> None:
    assert with_rates(8e-4, 1e-7).plan[0].command is None


def test_what_should_be_seen_is_a_number_of_this_run() -> None:
    step = with_rates(8e-4, 1e-7).plan[0]
    assert str(step.expect).startswith("By step 300, d_loss is above 0.0")
    assert "this run had 0.0001" in str(step.expect)


def test_findings_show_the_plans_step_first_and_nothing_that_contradicts_it() -> None:
    diagnosis = with_rates(8e-4, 1e-7)
    first = diagnosis.plan[0]
    answered = [f for f in diagnosis.findings if f.id in first.findings]
    assert len(answered) >= 3
    for finding in answered:
        assert str(finding.treatments[0].title) == str(first.title)
        assert not any("Halve the discriminator" in str(t.title) for t in finding.treatments)
        assert "was 4e-4" not in finding.treatments[0].code


@pytest.mark.parametrize("fault", FAULTS)
def test_the_plan_does_not_change_when_it_is_made_from_the_findings_it_has_ordered(fault: str) -> None:
    from gandoctor.diagnosis.plan import plan_of

    signals, fields, _ = FAULTS[fault]
    diagnosis = diagnosis_of(signals, **fields)
    assert [s.change for s in plan_of(Diagnosis(diagnosis.run, diagnosis.checks))] == [s.change for s in diagnosis.plan]


@pytest.mark.parametrize(
    ("fields", "signals", "line"),
    [
        (
            {"data": data(0, 255)},
            run_with(1e-4, 12.2, 268, 0.14, **one_image(0.002, 0.0)),
            '+ images = images.astype("float32") / 255.0',
        ),
        (
            {"data": data(-1, 1)},
            run_with(1e-4, 13.7, 60, 0.04, **one_image(0.5, 0.0)),
            '+ layers.Activation(activation="tanh")  # generator: activation_1',
        ),
        (
            {"latent": LatentCard(shape=(100,), minimum=0, maximum=0, mean=0, std=0)},
            run_with(1e-4, 14.5, 33, 0.0, latent_spread=every_step(0.0), latent_mean=every_step(0.0), **one_image()),
            "- latents = keras.ops.full((n, 100), 0)",
        ),
        (
            {"generator": card(DENSE, NORM, act("relu"), ("Reshape", {}), transpose(), NORM, act("sigmoid"))},
            run_with(1e-4, 12.1, 30, 0.29, **noise(0.6)),
            "- layers.BatchNormalization(momentum=0.9)  # generator: batchnormalization_1",
        ),
        (
            {"discriminator": card(CONV, LEAKY, ("Dropout", {"rate": 0.9}), "Flatten", UNIT)},
            run_with(0.02, 2.2, 2.4, 0.62, **noise(0.72)),
            "- layers.Dropout(rate=0.9)  # discriminator: dropout",
        ),
    ],
)
def test_changes_are_in_the_runs_own_values(fields: dict[str, Any], signals: Any, line: str) -> None:
    assert line in diagnosis_of(signals, **fields).plan[0].diff


def test_remarks_alone_ask_for_nothing() -> None:
    relu = card(CONV, act("relu"), "Flatten", UNIT)
    diagnosis = diagnosis_of(run_with(0.4, 1.8, 3.0, 0.24), discriminator=relu)
    assert {f.severity for f in diagnosis.findings} == {Severity.INFO}
    assert diagnosis.plan == ()


def test_what_changes_a_recorded_value_comes_before_what_can_only_be_described() -> None:
    """Whether the generator's step moves the discriminator is not known: the rate at fault is."""
    unseen = {"d_update_in_g_step": {}}
    signals = run_with(1e-4, 17.1, 36, 0.81, g_update_ratio=probes(3e-6), **noise(0.63)) | unseen
    cards = {
        "generator": GENERATOR.model_copy(update={"optimizer": {"type": "Adam", "learning_rate": 1e-7}}),
        "discriminator": DISCRIMINATOR.model_copy(update={"optimizer": {"type": "Adam", "learning_rate": 4e-4}}),
    }
    signals = {name: series for name, series in signals.items() if not name.endswith("learning_rate")}
    step = diagnosis_of(signals, **cards).plan[0]
    assert step.change == "g_optimizer = keras.optimizers.Adam(learning_rate=1e-7 -> 2e-4)"


def test_options_after_the_target_are_read_as_the_command_line_reads_them() -> None:
    command = ["gandoctor", "run", "train.py", "--run-dir", "old", "--watch", "--", "--run-dir", "mine"]
    step = with_rates(8e-4, 1e-7, command=command, target="train.py").plan[0]
    changed = "--change=g_optimizer.learning_rate=4e-4"
    assert step.command == f"gandoctor run {changed} train.py --watch -- --run-dir mine"


def test_a_fact_that_explains_nothing_comes_after_what_confirmed_causes_explain() -> None:
    signals, fields, _ = FAULTS["no batch normalisation"]
    leak = {"d_update_in_g_step": {1: 0.1, 2: 0.1} | probes(0.1)}
    plan = diagnosis_of(signals | leak, **fields).plan
    assert [step.treatment for step in plan][:2] == ["batch-norm-in-generator", "separate-variable-lists"]
    assert [step.standing for step in plan][:2] == ["confirmed", "confirmed"]


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        ("batch normalisation on the output", "- nn.BatchNorm2d(momentum=0.1)  # generator: batchnormalization_1"),
        ("batch-norm momentum 0.999", "- nn.BatchNorm2d(momentum=1e-3)  # generator: batchnormalization"),
        ("dropout 0.9", "+ nn.Dropout(p=0.3)  # generator: dropout"),
        ("data in -1..1", "+ nn.Tanh()  # generator: activation_1"),
    ],
)
def test_layers_are_spelled_as_pytorch_has_them(fault: str, line: str) -> None:
    signals, fields, _ = FAULTS[fault]
    assert line in diagnosis_of(signals, **fields, versions={"torch": "2.9"}).plan[0].diff


def test_a_check_is_repeated_and_not_trained_to_a_step() -> None:
    from dataclasses import replace

    signals, fields, _ = FAULTS["batch normalisation on the output"]
    checked = replace(diagnosis_of(signals, **fields), is_check=True)
    assert str(checked.plan[0].expect) == "The check no longer finds GD101."
    assert "step" not in str(checked.name)


@pytest.mark.parametrize(("given", "fits"), [(-0.88, "sigmoid"), (-3.0, None)])
def test_what_the_generator_makes_is_not_taken_for_data(given: float, fits: str | None) -> None:
    """The discriminator's step is given generated images too: only what no generated one can be is real."""
    tanh = card(DENSE, ("Reshape", {}), transpose(), act("tanh"), reach=Reach(low=-1, high=1, layer="activation"))
    run = diagnosis_of(run_with(0.4, 1.8, 3.0, 0.24, d_step_input_min=probes(given)), generator=tanh).run
    change = change_for("match-output-range", Case(run))
    assert change is not None
    assert change.patch == ({} if fits is None else {"generator.output_activation": fits})


@pytest.mark.parametrize("framework", ["keras", "torch"])
def test_where_no_update_was_seen_the_lists_of_weights_are_shown_and_no_class(framework: str) -> None:
    run = diagnosis_of({"d_loss": probes(0.7)}, versions={framework: "1"}).run
    change = change_for("separate-variable-lists", Case(run))
    assert change is not None
    assert [edit.key for edit in change.edits] == ["d_step.weights", "g_step.weights"]
    assert not any("class" in line for edit in change.edits for line in edit.diff)


@pytest.mark.parametrize("framework", ["keras", "torch"])
def test_a_damaged_manifest_costs_no_plan(framework: str) -> None:
    odd = [[1], {"a": 2}]
    config = {"settings": {"generator": 3}, "undone_by": {"x": odd, "y": 7}, "faults": 5, "preset": odd}
    layers = ("BatchNormalization", {"momentum": odd}), ("Dropout", {"rate": "x"}), ("ReLU", {"negative_slope": odd})
    strided = ("Conv2DTranspose", {"kernel_size": "5", "strides": [[2]], "filters": odd})
    generator = card(DENSE, *layers, strided, act("sigmoid"))
    generator.optimizer = {"type": odd, "learning_rate": "fast", "schedule": {"initial_learning_rate": odd}}
    for signals, fields, _ in FAULTS.values():
        known = {**fields, "generator": generator, "losses": {"a": {"from_logits": odd, "reduction": odd}}}
        diagnosis = diagnosis_of(signals, **known, config=config, versions={framework: "1"})
        assert ("What to do" in str(diagnosis)) == bool(diagnosis.plan)


ON_A_MODEL = {"generator": "attribute .generator", "discriminator": "attribute .discriminator"}


@pytest.mark.parametrize(
    ("fields", "is_set"),
    [
        ({"players": ON_A_MODEL}, True),
        ({"players": dict.fromkeys(ON_A_MODEL, "passed")}, False),  # its steps may be traced before anyone is told
        ({"versions": {"torch": "2.9"}}, True),
        ({"players": ON_A_MODEL, "discriminator": card(CONV, drop(0.9), drop(0.2), "Flatten", UNIT)}, False),
    ],
)
def test_dropout_is_set_in_a_script_where_the_trace_will_heed_it(fields: dict[str, Any], is_set: bool) -> None:
    """All layers are set: where they differ, that would be another change than the one that is shown."""
    signals, cards, _ = FAULTS["dropout 0.9"]
    made = {"command": ["gandoctor", "run", "train.py"], "target": "train.py"}
    command = diagnosis_of(signals, **{**cards, **made, **fields}).plan[0].command
    assert (command or "").startswith("gandoctor run --change=") == is_set
    assert ("--change=discriminator.dropout=0.3" in (command or "")) == is_set


@pytest.mark.parametrize("framework", ["keras", "torch"])
def test_a_player_that_no_optimizer_was_called_for_is_not_thawed_but_updated(framework: str) -> None:
    why = Absence(Absent.NOT_CALLED, Message("no optimizer was called"))
    run = Run.from_signals({"d_movement": probes(0.0), "g_movement": probes(0.2)})
    run.manifest.missing = {"d_grad_norm": why}
    run.manifest.versions = {framework: "3"}
    change = change_for("separate-variable-lists", Case(run, frozenset({"discriminator-frozen"}), (), None))
    assert change is not None
    (edit,) = change.edits
    assert ("opt_d.step()" if framework == "torch" else "d_optimizer.apply(") in (edit.after or "")


@pytest.mark.parametrize(
    ("name", "config", "words"),
    [
        ("beta_1", {}, "gandoctor run --change=g_optimizer.beta_1=0.5 train.py"),
        ("momentum", {}, "gandoctor run --change=g_optimizer.momentum=0.5 train.py"),
        ("beta_1", {"settings": {"generator": {"beta_1": 0.99}}}, "gandoctor run train.py --set generator.beta_1=0.5"),
    ],
)
def test_too_much_momentum_is_lowered_by_a_command(name: str, config: dict[str, Any], words: str) -> None:
    high = PlayerCard(name="g", optimizer={"type": "Adam", "learning_rate": 2e-4, name: 0.99})
    known = {"command": ["gandoctor", "run", "train.py"], "versions": {"torch": "2"}, "config": config}
    (step, *_) = diagnosis_of({"d_loss": probes(0.7)}, generator=high, **known).plan
    assert (step.treatment, step.command) == ("lower-momentum", words)
    assert [(edit.key, edit.direction) for edit in step.edits] == [(f"generator.{name}", -1)]


@pytest.mark.parametrize("framework", ["keras", "torch"])
def test_a_step_that_asks_the_same_of_both_is_what_is_changed_and_not_the_generators(framework: str) -> None:
    asks = ObjectiveCard(labels="same", output_low=-1.0, output_high=1.0, steps=5)
    diagnosis = diagnosis_of({"d_loss": probes(-5.0)}, objective=asks, versions={framework: "3"})
    step = diagnosis.plan[0]
    assert step.treatment == "consistent-labels"
    assert "different labels in the discriminator's step" in str(step.title)
    assert [edit.key for edit in step.edits] == ["discriminator.labels"]
    assert ("torch.zeros_like" if framework == "torch" else "tf.zeros_like") in (step.edits[0].after or "")
