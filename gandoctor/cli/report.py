"""`gandoctor report`: one HTML file that can be opened offline and sent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gandoctor.cli.options import RUN_DIR

if TYPE_CHECKING:
    from gandoctor.diagnosis import Diagnosis

REPORT_NAME = "report.html"
DIAGNOSIS_NAME = "diagnosis.json"


@click.command("report")
@click.argument("run_dir", type=RUN_DIR)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="File to write.  [RUN_DIR/report.html]")
@click.option("--open", "open_it", is_flag=True, help="Open the report in the browser.")
def command(run_dir: Path, output: Path | None, open_it: bool) -> int:
    """Write the report of the run in RUN_DIR.

    Without --output, the diagnosis is also written to RUN_DIR/diagnosis.json.
    """
    from gandoctor.diagnosis import diagnose

    path = write_all(diagnose(run_dir), output)
    click.echo(str(path))
    if open_it:
        import webbrowser

        webbrowser.open(path.resolve().as_uri())
    return 0


def write_all(diagnosis: Diagnosis, output: Path | None) -> Path:
    """Write the report, and without `output` also diagnosis.json; return the report's path.

    Raises:
        GandoctorError: The place cannot be written.
    """
    import os

    from gandoctor.errors import GandoctorError
    from gandoctor.report import write_report

    path = output or diagnosis.run.path / REPORT_NAME
    try:
        if output is None:
            target = diagnosis.run.path / DIAGNOSIS_NAME
            temporary = target.with_name(f".{DIAGNOSIS_NAME}.part")
            temporary.write_text(diagnosis.to_json() + "\n", encoding="utf-8")
            os.replace(temporary, target)
        write_report(diagnosis, path)
    except (GandoctorError, OSError) as error:
        reason = error if isinstance(error, GandoctorError) else f"{error.filename}: {error.strerror}."
        elsewhere = f"`gandoctor report {diagnosis.run.path} --output FILE` writes it elsewhere."
        raise GandoctorError(f"{reason} {elsewhere}") from None
    return path
