import subprocess
import sys

import pytest

from gandoctor.errors import GandoctorError
from reference_models.faults import FAULTS, apply_faults, parse_fault
from reference_models.settings import load_settings, setting_keys


@pytest.mark.parametrize("name", list(FAULTS))
def test_every_fault_is_described_and_is_one_setting(name):
    fault = FAULTS[name]
    assert fault.name == name == name.lower()
    assert fault.title
    assert fault.description
    assert all(rule.startswith("GD") and len(rule) == 5 for rule in fault.expected)
    assert fault.expected
    assert fault.key in setting_keys()
    settings, _ = apply_faults(load_settings("quick"), [f"{name}@7"])
    assert settings == load_settings("quick", [f"{fault.key}=7"])
    assert settings != load_settings("quick")


def test_a_fault_begins_at_the_start_unless_told_otherwise():
    assert parse_fault("constant-latent").start == 0
    assert parse_fault("constant-latent@400").start == 400
    assert parse_fault("nan-at-step").start == 200
    assert str(parse_fault("nan-at-step@3")) == "nan-at-step@3"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("constant-latents", "constant-latent"), ("noise@4", "output-noise"), ("NaN", "nan-at-step"), ("", "")],
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
    with pytest.raises(GandoctorError, match="twice"):
        apply_faults(settings, ["output-noise@1", "output-noise@2"])


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
