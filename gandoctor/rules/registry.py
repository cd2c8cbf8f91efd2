"""The registry of rules. Every module with a RULE in the folder of a kind is a rule.

Third parties add rules through the entry-point group `gandoctor.rules`. Each entry point loads a `Rule`.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points

from gandoctor.errors import GandoctorError
from gandoctor.rules.rule import KINDS, Rule


@cache
def all_rules() -> tuple[Rule, ...]:
    """Return all rules, built-in and from entry points, in order of id.

    Raises:
        GandoctorError: A third-party rule cannot be loaded, is not a Rule, or reuses an id.
    """
    rules = {rule.id: rule for rule in _built_in()}
    for entry in entry_points(group="gandoctor.rules"):
        try:
            rule = entry.load()
        except Exception as error:
            raise GandoctorError(f"The rule plug-in {entry.value!r} cannot be loaded: {error}") from error
        if not isinstance(rule, Rule):
            raise GandoctorError(f"The rule plug-in {entry.value!r} is a {type(rule).__name__}, not a gandoctor Rule.")
        if rule.id in rules:
            raise GandoctorError(f"The rule plug-in {entry.value!r} uses the id {rule.id}, which is taken.")
        rules[rule.id] = rule
    return tuple(rules[i] for i in sorted(rules))


def _built_in() -> Iterator[Rule]:
    for kind in KINDS:
        folder = import_module(f"gandoctor.rules.{kind}")
        for module in pkgutil.iter_modules(folder.__path__):
            rule = getattr(import_module(f"{folder.__name__}.{module.name}"), "RULE", None)
            if isinstance(rule, Rule):
                yield rule


def find_rule(wanted: str) -> Rule:
    """Return a rule by id or name.

    Raises:
        GandoctorError: There is no such rule; the message names the nearest one.
    """
    import difflib

    rules = all_rules()
    for rule in rules:
        if wanted.lower() in (rule.id.lower(), rule.name):
            return rule
    names = [n for r in rules for n in (r.id, r.name)]
    near = difflib.get_close_matches(wanted, names, n=1, cutoff=0.4)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise GandoctorError(f"There is no rule {wanted!r}.{hint} `gandoctor rules` lists them all.")
