"""The page: puts a diagnosis into the template and writes it as one file that needs no network."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shlex
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from gandoctor import __version__
from gandoctor.diagnosis import Diagnosis
from gandoctor.errors import GandoctorError
from gandoctor.report import facts, palette, text
from gandoctor.report.filmstrip import Filmstrip, filmstrip
from gandoctor.report.sections import Band, Charts, ChartView, moments_of
from gandoctor.rules import Finding, Status, limits_of
from gandoctor.signals import SIGNALS
from gandoctor.store import Run
from gandoctor.treatments import Treatment

MARK_WIDTH = 20
"""Share of the slider, in percent, that a mark takes on a phone."""

_TEMPLATES = Path(__file__).parent / "templates"

_VERDICTS = {
    "healthy": ("Healthy", "✓"),
    "attention": ("Needs attention", "!"),
    "failing": ("Failing", "✕"),
    "inconclusive": ("Inconclusive", "?"),
}
_OUTCOMES = {
    Status.DETECTED: "detected",
    Status.ERRORED: "the check failed",
    Status.NOT_DETECTED: "not detected",
    Status.NOT_EVALUATED: "not checked",
}


@dataclass(frozen=True)
class FindingView:
    """A detected finding with its charts, fixes and place on the timeline (percent of the run)."""

    finding: Finding
    charts: tuple[ChartView, ...]
    treatments: tuple[tuple[Treatment, str | None], ...]
    left: float
    width: float


def write_report(diagnosis: Diagnosis, output: Path) -> Path:
    """Write the page so that a reader sees the old file or the new one, never half of it.

    Args:
        diagnosis: What to report.
        output: The HTML file; its folder must exist.

    Returns:
        `output`.

    Raises:
        GandoctorError: The file cannot be written.
    """
    content = render_html(diagnosis).encode("utf-8", "replace")
    temporary: str | None = None
    try:
        if output.is_dir():
            raise GandoctorError(f"{output} is a folder. Give the name of an HTML file to write.")
        handle, temporary = tempfile.mkstemp(dir=output.parent, prefix=".report-", suffix=".html")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(temporary, 0o644)
        os.replace(temporary, output)
    except OSError as error:
        raise GandoctorError(f"The report {output} cannot be written: {error.strerror or error}.") from None
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
    return output


def render_html(diagnosis: Diagnosis) -> str:
    """Return the page; the same run gives the same page, byte for byte."""
    run = diagnosis.run
    bands, band_gap = _null_bands(run)
    charts = Charts(diagnosis, bands)
    findings = [_finding_view(f, charts, run.last_step) for f in diagnosis.detected]
    groups = charts.groups()
    moments = moments_of(diagnosis)
    strip = filmstrip(run, [m.step for m in moments])
    drawn = [view.charts for view in findings] + [group.charts for group in groups]
    figures = {chart.id: chart.figure for charts_of_one in drawn for chart in charts_of_one}
    # Ours first: the filmstrip and the copy buttons answer while the browser still reads the 5 MB of plotly.js.
    scripts = [_asset("report.js"), _asset_plotly()]
    label, icon = _VERDICTS[diagnosis.verdict]
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            policy=_policy(scripts),
            style=Markup(_asset("report.css")),
            scripts=[Markup(script) for script in scripts],
            data=text.script_json(_page_data(figures, strip)),
            name=text.clean(run.path.resolve().name, 80),
            verdict=diagnosis.verdict,
            verdict_label=label,
            verdict_icon=icon,
            sentence=text.clean(diagnosis.sentence, 600),
            facts=facts.facts(run),
            crash=facts.crash(run),
            findings=findings,
            strip=strip,
            marks=_marks(strip, [(m.step, m.label) for m in moments]),
            groups=groups,
            last_step=run.last_step,
            rules=diagnosis.findings,
            outcomes=_OUTCOMES,
            counts={status.value: sum(f.status is status for f in diagnosis.findings) for status in Status},
            limits={f.rule.id: _limits(f) for f in diagnosis.findings},
            gaps=facts.gaps(run) + band_gap + _sheet_gaps(strip),
            missing=text.flat(run.manifest.missing),
            events=facts.notable_events(run),
            players=facts.players(run, diagnosis.detected),
            data_facts=facts.data_facts(run),
            config=text.flat(run.manifest.config),
            versions=text.flat(run.manifest.versions),
            cadence=facts.cadence(run),
            command=facts.command(run),
            signals=[SIGNALS[n] for n in SIGNALS if n in run],
            version=__version__,
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "clean": text.clean,
        "number": text.number,
        "linked": text.linked,
        "inline": text.inline,
        "prose": text.prose,
    }
    return environment


@cache
def _asset(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


@cache
def _asset_plotly() -> str:
    return str(get_plotlyjs())


def _policy(scripts: list[str]) -> str:
    """Content security policy: these two scripts run, nothing else does, and nothing is ever fetched."""
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts)
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _page_data(figures: Mapping[str, Any], strip: Filmstrip) -> dict[str, Any]:
    # The last sheet is in the page itself, so that it shows without scripts; it is not embedded twice.
    return {
        "charts": figures,
        "dark": palette.IN_DARK,
        "frames": [{"step": f.step, "source": f.source} for f in strip.frames[:-1]],
    }


def _finding_view(finding: Finding, charts: Charts, last_step: int) -> FindingView:
    first, last, whole = finding.first_step or 0, finding.last_step or 0, max(last_step, 1)
    left = min(max(100 * first / whole, 0.0), 99.0)
    width = min(max(100 * (last - first) / whole, 1.0), 100 - left)
    return FindingView(
        finding=finding,
        charts=tuple(charts.of_finding(finding)),
        treatments=tuple((t, _set_command(t)) for t in finding.treatments),
        left=round(left, 2),
        width=round(width, 2),
    )


def _set_command(treatment: Treatment) -> str | None:
    if not treatment.patch:
        return None
    settings = [
        f"--set {shlex.quote(f'{k}={v if isinstance(v, str) else json.dumps(v)}')}" for k, v in treatment.patch.items()
    ]
    return " ".join(["gandoctor run", *settings])


def _marks(strip: Filmstrip, moments: list[tuple[int, str]]) -> list[dict[str, Any]]:
    """Place each moment under the slider, at the first sheet that can show it, in rows that do not overlap."""
    steps = [f.step for f in strip.frames]
    if len(steps) < 2:
        return []
    marks: list[dict[str, Any]] = []
    for step, label in moments:
        index = next((i for i, s in enumerate(steps) if s >= step), len(steps) - 1)
        left = round(100 * index / (len(steps) - 1), 2)
        near = [m["row"] for m in marks if left - m["left"] < MARK_WIDTH]
        row = next(r for r in range(len(near) + 1) if r not in near)
        marks.append({"step": step, "label": label, "index": index, "left": left, "row": row})
    return marks


def _limits(finding: Finding) -> list[tuple[str, str]]:
    if not hasattr(finding.rule.limits, "__dataclass_fields__"):
        return []
    return [(name, text.setting(value)) for name, value in limits_of(finding.rule).items()]


def _sheet_gaps(strip: Filmstrip) -> list[str]:
    if not strip.unreadable:
        return []
    steps = ", ".join(str(s) for s in strip.unreadable[:10])
    return [f"Contact sheets that cannot be read and are left out: step {steps}."]


def _null_bands(run: Run) -> tuple[Mapping[str, Band], list[str]]:
    """The null band of each sample statistic; a report without them is better than none."""
    try:
        from gandoctor.measures.null import null_bands

        return null_bands(run), []
    except Exception as error:  # noqa: BLE001 - the run directory's reals are not trusted
        reason = text.clean(f"{type(error).__name__}: {error}", 200)
        return {}, [f"How your real data score could not be measured ({reason}), so no green band is drawn."]
