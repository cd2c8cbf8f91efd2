"""`gandoctor rules`: the failure modes that are known, or the page of one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from gandoctor.cli.complete import rule_names
from gandoctor.cli.options import language_option, say_in
from gandoctor.message import Message

if TYPE_CHECKING:
    from gandoctor.problems import Problem
    from gandoctor.rules import Rule

_HEADINGS = {
    "contracts": Message("Contracts: what any training needs"),
    "design": Message("Design: what the model card shows before training"),
    "gradients": Message("Gradients and updates"),
    "balance": Message("Balance of the players"),
    "samples": Message("Samples"),
}
_OTHERS = Message("Other rules")
"""Kind of a rule -> heading of its group."""


@click.command("rules")
@click.argument("wanted", metavar="[ID]", required=False, shell_complete=rule_names)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--markdown", is_flag=True, help="Print Markdown: the table of rules, or problems.")
@language_option
@click.pass_context
def command(context: click.Context, wanted: str | None, as_json: bool, markdown: bool, lang: str) -> int:
    """List the rules, or explain the one with that ID or name.

    problem-1 to problem-4 are the four problems of the article this project began with:
    what it advises, how well that holds up, and what answers it here. `problems` is all of them.
    The pages of problems are English in every language, and so is JSON, unless --lang asks for the pages of rules.
    """
    from gandoctor.problems import PROBLEMS, find_problem

    if as_json and context.get_parameter_source("lang") is not ParameterSource.COMMANDLINE:
        lang = "en"  # JSON is for programs: the environment does not change it
    if as_json and markdown:
        raise click.UsageError("Use either --json or --markdown.")
    if wanted is not None and wanted.lower().startswith("problem"):
        _show_problems(PROBLEMS if wanted.lower() == "problems" else [find_problem(wanted)], wanted, as_json, markdown)
    else:
        _show_rules(wanted, as_json, markdown, lang)
    return 0


def _show_rules(wanted: str | None, as_json: bool, markdown: bool, lang: str) -> None:
    from rich.console import Console

    from gandoctor.cli.markdown import rules_table
    from gandoctor.cli.text import print_lines, print_tables, rule_lines
    from gandoctor.problems import PROBLEMS
    from gandoctor.rules import all_rules, find_rule

    say, console = say_in(lang), Console(highlight=False)
    if wanted is not None:
        rule = find_rule(wanted)
        if markdown:
            raise click.UsageError("--markdown is for the table of rules and for problems, not for one rule.")
        if as_json:
            click.echo(json.dumps(_plain(rule, lang), indent=2))
        else:
            print_lines(console, rule_lines(rule, lang))
    elif markdown:
        click.echo(rules_table())
    elif as_json:
        click.echo(json.dumps([_plain(rule, lang) for rule in all_rules()], indent=2))
    else:
        groups: dict[str, list[tuple[str, ...]]] = {}
        for r in all_rules():
            groups.setdefault(say(_HEADINGS.get(r.kind, _OTHERS)), []).append(
                (r.id, r.severity.value, r.name, say(r.title))
            )
        groups[say(Message("Problems of the article"))] = [(p.id, "", "", p.title) for p in PROBLEMS]
        print_tables(console, ("id", "severity", "name", "failure mode"), groups)


def _show_problems(problems: Sequence[Problem], wanted: str, as_json: bool, markdown: bool) -> None:
    from dataclasses import asdict

    from rich.console import Console
    from rich.text import Text

    from gandoctor.cli.markdown import problem_pages
    from gandoctor.cli.text import print_lines, problem_lines

    if markdown:
        click.echo(problem_pages(problems))
    elif as_json:
        plain = [asdict(problem) for problem in problems]
        click.echo(json.dumps(plain if wanted.lower() == "problems" else plain[0], indent=2))
    else:
        console = Console(highlight=False)
        for problem in problems:
            if problem is not problems[0]:
                print_lines(console, [(0, Text())])
            print_lines(console, problem_lines(problem))


def _plain(rule: Rule, lang: str) -> dict[str, Any]:
    from gandoctor.report.languages.pages import page_of
    from gandoctor.rules import limits_of

    return {
        "id": rule.id,
        "name": rule.name,
        "title": say_in(lang)(rule.title),
        "kind": rule.kind,
        "severity": rule.severity.value,
        "requires": list(rule.requires),
        "loss_families": None if rule.loss_families is None else sorted(rule.loss_families),
        "after_warm_up": rule.after_warm_up,
        "limits": dict(limits_of(rule)),
        "treatments": list(rule.treatments),
        "references": list(rule.references),
        "page": page_of(rule, lang),
    }
