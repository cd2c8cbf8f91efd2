import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gandoctor.errors import GandoctorError
from reference_models.settings import (
    PRESETS,
    Settings,
    allowed,
    change_settings,
    changed_from,
    load_settings,
    setting_keys,
)


def refusal(*changes, preset="quick"):
    with pytest.raises(GandoctorError) as caught:
        load_settings(preset, changes)
    return str(caught.value)


def test_the_article_s_preset_is_the_article():
    s = load_settings("article")
    assert (s.discriminator.learning_rate, s.discriminator.clip_value, s.discriminator.decay) == (
        8e-4,
        1,
        6e-8,
    )
    assert (s.generator.learning_rate, s.generator.clip_value, s.generator.decay) == (4e-4, 1, 3e-8)
    assert (s.generator.dropout, s.discriminator.dropout, s.discriminator.leaky_relu_slope) == (0.4, 0.4, 0.2)
    assert (s.generator.batch_norm_momentum, s.generator.width, s.discriminator.width) == (0.9, 1, 1)
    assert (s.latent.dimension, s.latent.low, s.latent.high) == (100, -1, 1)
    assert (s.training.batch_size, s.training.steps, s.training.freeze_discriminator) == (256, 2000, False)
    assert s.data.range == "unit"


@pytest.mark.parametrize("preset", [name for name in PRESETS if name != "article"])
def test_every_other_preset_freezes_the_discriminator_in_the_adversarial_step(preset):
    assert load_settings(preset).training.freeze_discriminator is True


def test_the_reference_preset_is_the_article_without_its_leak():
    assert load_settings("reference", ["training.freeze_discriminator=false"]) == load_settings("article")


def test_the_quick_preset_changes_size_and_nothing_else():
    quick, reference = load_settings("quick").model_dump(), load_settings("reference").model_dump()
    different = {
        f"{group}.{name}" for group in quick for name in quick[group] if quick[group][name] != reference[group][name]
    }
    assert different == set(PRESETS["quick"])
    assert quick["generator"]["width"] == quick["discriminator"]["width"] == 0.25
    assert (quick["training"]["batch_size"], quick["training"]["steps"]) == (32, 1000)


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("generator.dropout=0.5", 0.5),
        ("training.batch_size = 64", 64),
        ("training.freeze_discriminator=false", False),
        ("generator.clip_value=none", None),
        ("data.training_images=100", 100),
        ("data.range=symmetric", "symmetric"),
        ("faults.output_noise.start=400", 400),
    ],
)
def test_one_change_sets_one_value_of_the_right_type(change, value):
    settings = load_settings("quick", [change])
    found = settings
    for name in change.split("=")[0].strip().split("."):
        found = getattr(found, name)
    assert found == value
    assert type(found) is type(value)
    key = change.split("=")[0].strip()
    assert change_settings(settings, {key: setting_keys()[key].default}) == change_settings(
        load_settings("quick"), {key: setting_keys()[key].default}
    )


def test_the_last_of_two_changes_wins():
    assert load_settings("quick", ["latent.low=-3", "latent.low=-2"]).latent.low == -2


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("generator.dropuot", "generator.dropout"),
        ("discriminator.lr", "discriminator."),
        ("dropout", "generator.dropout or discriminator.dropout"),
        ("generater.learning_rate", "generator.learning_rate"),
        ("batchsize", "training.batch_size"),
        ("faults.output_noise.sigam", "faults.output_noise.sigma"),
    ],
)
def test_an_unknown_key_names_the_nearest(typed, meant):
    message = refusal(f"{typed}=0.5")
    assert repr(typed) in message
    assert f"Did you mean {meant}" in message


def test_a_group_is_not_a_setting():
    message = refusal("latent=3")
    assert "group" in message
    assert "latent.dimension" in message


@pytest.mark.parametrize(
    ("change", "found", "range_"),
    [
        ("generator.dropout=1.5", "1.5", "0 <= value < 1"),
        ("generator.dropout=much", "much", "0 <= value < 1"),
        ("generator.dropout=nan", "nan", "0 <= value < 1"),
        ("discriminator.learning_rate=-1", "-1", "0 <= value <= 10"),
        ("training.batch_size=2.5", "2.5", "a whole number, 2 <= value <= 8192"),
        ("training.steps=0", "0", "1 <= value"),
        ("generator.output_activation=relu", "relu", "one of sigmoid, tanh, linear"),
        ("training.freeze_discriminator=perhaps", "perhaps", "true or false"),
        ("generator.clip_value=0", "0", "0 < value <= 1e6, or none"),
        ("generator.dropout=none", "none", "0 <= value < 1"),
    ],
)
def test_a_bad_value_is_named_with_the_allowed_range(change, found, range_):
    message = refusal(change)
    key = change.split("=")[0]
    assert f"{key}={found} " in message
    assert range_ in message
    assert "default" in message
    assert "\n" not in message


@pytest.mark.parametrize("change", ["generator.dropout", "=3", "generator.dropout=", ""])
def test_a_change_without_key_or_value_shows_the_form(change):
    assert "KEY=VALUE" in refusal(change)


def test_values_that_contradict_each_other_are_refused():
    assert "latent.low (1) is above latent.high (-1)" in refusal("latent.low=1", "latent.high=-1")
    assert "data.range" in refusal("data.range=bytes", "faults.symmetric_data.start=0")
    assert "data.range" in refusal("data.range=symmetric", "faults.byte_data.start=0")


def test_an_unknown_preset_names_those_there_are():
    message = refusal(preset="fast")
    assert "'fast'" in message
    assert "quick, reference, article" in message


@given(st.text(max_size=40))
def test_any_text_is_either_applied_or_refused_in_one_message(text):
    with contextlib.suppress(GandoctorError):
        assert isinstance(load_settings("quick", [text]), Settings)


@pytest.mark.parametrize("key", list(setting_keys()))
def test_every_setting_is_described_takes_its_default_and_says_what_it_allows(key):
    field = setting_keys()[key]
    assert field.description
    assert change_settings(Settings(), {key: "none" if field.default is None else str(field.default)}) == Settings()
    assert "default" in allowed(key)


def test_what_was_changed_is_told_apart_from_what_the_preset_has() -> None:
    assert changed_from("quick", load_settings("quick")) == {}
    chosen = load_settings("quick", ["generator.dropout=0.1", "generator.learning_rate=1e-7"])
    assert changed_from("quick", chosen) == {"generator.dropout": 0.1, "generator.learning_rate": 1e-7}
