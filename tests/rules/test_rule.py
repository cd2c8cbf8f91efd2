"""What a rule says of itself."""

from __future__ import annotations

import dataclasses

import pytest

from gandoctor.rules import find_rule


@pytest.mark.parametrize(
    ("rule_id", "kind"),
    [
        ("GD001", "contract"),
        ("GD109", "design"),
        ("GD204", "gradients"),
        ("GD305", "balance"),
        ("GD409", "samples"),
        ("GD901", "other"),
        ("ACME001", "other"),
        ("GD", "other"),
    ],
)
def test_the_id_says_what_a_rule_judges(rule_id: str, kind: str) -> None:
    assert dataclasses.replace(find_rule("GD001"), id=rule_id).kind == kind
