"""Reading the command lines that the documentation shows; holds no tests."""

from __future__ import annotations

import re
import shlex
from typing import Any

import click

from gandoctor.cli.group import gandoctor
from reference_models.faults import parse_fault
from reference_models.settings import load_settings


def shell_commands(markdown: str) -> list[str]:
    """Return every gandoctor command in the shell blocks of a page."""
    blocks = re.findall(r"^```sh\n(.*?)^```", markdown, re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines() if line.startswith("gandoctor ")]


def parsed(line: str) -> dict[str, Any]:
    """Parse a command line as the command itself would; for the reference model also its settings and faults.

    Raises:
        click.ClickException, GandoctorError: The command would be refused.
    """
    program, name, *arguments = shlex.split(line, comments=True)
    assert program == "gandoctor"
    command = gandoctor.get_command(click.Context(gandoctor), name)
    assert command is not None, line
    values = command.make_context(name, arguments).params
    if values.get("target") is None and "settings" in values:
        load_settings(values["preset"] or "quick", values["settings"])
        for fault in values["faults"]:
            parse_fault(fault)
    return values
