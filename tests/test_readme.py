"""The README tells the truth: its table of rules, its commands and its code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gandoctor.rules import all_rules
from generated import FILES

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_is_generated_is_up_to_date(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == FILES[path](), "run: python tests/generated.py"


def test_the_table_lists_every_rule() -> None:
    rows = re.findall(r"^\| (GD\d+) \|", README, flags=re.MULTILINE)
    assert rows == [rule.id for rule in all_rules()]


def test_ci_runs_the_test_command_of_the_readme() -> None:
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    (command,) = re.findall(r"^(python3 -m venv .*pytest)$", README, flags=re.MULTILINE)
    setup, tests = command.rsplit(" && ", 1)
    assert setup in ci
    assert tests in ci


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
