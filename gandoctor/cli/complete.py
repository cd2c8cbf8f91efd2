"""What the shell completes besides commands and options: names of rules and faults."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module

import click


def rule_names(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[str]:
    """Return the ids and names of rules, and the problems, that begin with what was typed."""
    from gandoctor.problems import PROBLEMS
    from gandoctor.rules import all_rules

    return _beginning(typed, [*_each(all_rules()), "problems", *(problem.id for problem in PROBLEMS)])


def fault_names(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[str]:
    """Return the faults of the reference model that begin with what was typed."""
    return _beginning(typed, import_module("reference_models.faults").FAULTS)


def _each(rules: Iterable[object]) -> Iterator[str]:
    for rule in rules:
        yield rule.id  # type: ignore[attr-defined]
        yield rule.name  # type: ignore[attr-defined]


def _beginning(typed: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.lower().startswith(typed.lower())]
