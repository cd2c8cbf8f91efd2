import subprocess
import sys

import pytest

from gandoctor.errors import GandoctorError
from reference_models.faults import FAULTS, apply_faults, parse_fault
from reference_models.settings import change_settings, load_settings, setting_keys


@pytest.mark.parametrize("name", list(FAULTS))
def test_every_fault_is_described_and_is_one_change_of_the_settings(name):
    fault = FAULTS[name]
    assert fault.name == name == name.lower()
    assert fault.title
    assert fault.description.endswith(".")
    assert all(rule.startswith("GD") and len(rule) == 5 for rule in fault.expected)
    start = 0 if fault.key is None else 7
    healthy = load_settings("quick")
    settings, _ = apply_faults(healthy, [f"{name}@{start}"])
    assert settings == change_settings(healthy, fault.settings(start))
    assert settings != healthy


def test_what_no_rule_should_find_says_so():
    """A fault without an expected rule is there to see that nothing is detected: the reader must be told."""
    for fault in FAULTS.values():
        says = "not a fault" in fault.title or "No rule" in fault.description
        assert says is not bool(fault.expected), fault.name


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.key is None])
def test_what_cannot_begin_mid_run_says_why(name):
    with pytest.raises(GandoctorError) as caught:
        parse_fault(f"{name}@40")
    assert FAULTS[name].only_from_the_start in str(caught.value)
    assert "cannot begin at step 40" in str(caught.value)
    assert parse_fault(f"{name}@0") == parse_fault(name)


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.key is not None])
def test_what_is_a_switch_begins_at_any_step(name):
    fault = FAULTS[name]
    assert fault.key in setting_keys()
    assert fault.only_from_the_start is None
    settings, _ = apply_faults(load_settings("quick"), [f"{name}@40"])
    assert settings.model_dump()["faults"][fault.key.split(".")[1]]["start"] == 40


def test_the_leak_of_the_published_model_cannot_begin_later():
    with pytest.raises(GandoctorError, match=r"training\.freeze_discriminator=true"):
        apply_faults(load_settings("article"), ["generator-step-moves-discriminator@40"])


def test_the_article_s_leak_is_a_fault_and_a_preset():
    settings, planned = apply_faults(load_settings("reference"), ["discriminator-not-frozen"])
    assert settings == load_settings("article")
    assert planned[0].fault.expected == ("GD004",)


def test_a_fault_begins_at_the_start_unless_told_otherwise():
    assert parse_fault("constant-latent").start == 0
    assert parse_fault("constant-latent@400").start == 400
    assert parse_fault("nan-at-step").start == 200
    assert str(parse_fault("nan-at-step@3")) == "nan-at-step@3"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("constant-latents", "constant-latent"),
        ("output-nose@4", "output-noise"),
        ("noise", "output-noise"),
        ("NaN", "nan-at-step"),
        ("", ""),
    ],
)
def test_an_unknown_fault_names_the_nearest(typed, meant):
    with pytest.raises(GandoctorError) as caught:
        parse_fault(typed)
    assert f"Did you mean {meant}" in str(caught.value)


@pytest.mark.parametrize("step", ["", "-1", "abc", "1.5", "٣", "9" * 12])
def test_a_step_must_be_a_whole_number(step):
    with pytest.raises(GandoctorError, match="whole number"):
        parse_fault(f"constant-latent@{step}")


def test_a_fault_that_could_not_act_or_is_named_twice_is_refused():
    settings = load_settings("quick", ["training.steps=100"])
    apply_faults(settings, ["output-noise@100"])
    with pytest.raises(GandoctorError, match="never act"):
        apply_faults(settings, ["output-noise@101"])
    for again in ("output-noise@1", "output-noise@2"):
        with pytest.raises(GandoctorError, match="twice"):
            apply_faults(settings, ["output-noise@1", again])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("generator-learning-rate-1e-7", "generator-learning-rate-x25"),
        ("dropout-0.9", "no-dropout"),
        ("tanh-generator", "linear-generator"),
        ("one-digit", "seven-digits"),
    ],
)
def test_faults_that_change_the_same_thing_exclude_each_other(one, other):
    with pytest.raises(GandoctorError, match=f"{one}@0 and {other}@0 exclude each other"):
        apply_faults(load_settings("quick"), [one, other])


def test_several_faults_can_be_planned_together():
    settings, planned = apply_faults(load_settings("quick"), ["output-noise", "nan-at-step@9"])
    assert [str(p) for p in planned] == ["output-noise@0", "nan-at-step@9"]
    assert settings.faults.output_noise.start == 0
    assert settings.faults.nan.start == 9
    assert settings.faults.constant_latent.start is None


def test_mistakes_are_found_without_loading_tensorflow():
    code = (
        "import sys\n"
        "from gandoctor.errors import GandoctorError\n"
        "from reference_models.faults import FAULTS\n"
        "from reference_models.training import build\n"
        "for wrong in ({'preset': 'x'}, {'settings': ['x=1']}, {'faults': ['x']}, {'data': 'x'},\n"
        "              {'seed': -1}, {'steps': 0}):\n"
        "    try: build(**wrong)\n"
        "    except GandoctorError: continue\n"
        "    sys.exit(f'{wrong} was accepted')\n"
        "loaded = {'tensorflow', 'keras'} & set(sys.modules)\n"
        "if loaded: sys.exit(f'{loaded} loaded')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""
    assert done.returncode == 0
