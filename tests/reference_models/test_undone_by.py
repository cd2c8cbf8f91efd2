"""What takes a fault back: the settings and treatments that the plan's commands leave it out for."""

from __future__ import annotations

import pytest

from gandoctor.treatments import TREATMENTS
from reference_models.faults import FAULTS
from reference_models.settings import setting_keys


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_it_is_a_setting_or_a_treatment(fault) -> None:
    assert not {*fault.undone_by} - {*setting_keys()} - {*TREATMENTS}


def test_a_setting_that_a_fault_overrides_takes_it_back() -> None:
    assert "generator.learning_rate" in FAULTS["generator-learning-rate-1e-7"].undone_by
    assert "data.range" in FAULTS["byte-data"].undone_by


def test_nothing_takes_back_what_no_setting_of_the_user_is() -> None:
    """A collapse that is simulated inside the generator, and a loss that is multiplied by NaN."""
    for name in ("half-latents-collapsed", "ten-latents", "nan-at-step"):
        assert FAULTS[name].undone_by == ()
