"""The report of a benchmark as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gandoctor.experiments.benchmark.baselines import BASELINES
from gandoctor.experiments.benchmark.detection import Detection
from gandoctor.experiments.benchmark.plan import Plan
from gandoctor.experiments.benchmark.record import versions_that_judged
from gandoctor.experiments.benchmark.results import FaultRow, Results
from gandoctor.experiments.benchmark.scoring import FalseAlarms, is_symptom
from gandoctor.experiments.benchmark.statistics import Ranking, Share, waiting_quantile

HOW_TO_READ = (
    "Each share is followed by its 95 % interval: Wilson's interval, or from 0 to the exact bound 1 - 0.05^(1/n) if "
    "there are no hits in n. An alarm is a finding more severe than an info. A run is *ill* if its fault did damage by "
    "the oracle, crashed the training, or added a symptom to the images by construction. `docs/benchmark.md` explains "
    "each column."
)


def report(plan: Plan, results: Sequence[Results], record: list[dict[str, Any]], mixed: Sequence[str]) -> str:
    """Return the whole report.

    Args:
        plan: What was run.
        results: The results of each split.
        record: Every judging; see `record`.
        mixed: Splits whose judgements were made by more than one version.
    """
    lines = ["# The fault benchmark", "", plan.about, "", HOW_TO_READ]
    for one in results:
        lines += ["", f"## Split: {one.split}", "", *_provenance(one, record, one.split in mixed)]
        lines += _section("Ill or healthy: gandoctor and simpler alarms", _detections(one))
        lines += _section("False alarms on healthy runs, by family", _false_alarms([*one.healthy, *one.unseen]))
        lines += _section("Scary but healthy: changes that are not faults", _false_alarms(one.scary))
        lines += _section("Contracts and design, by rule", _rule_scores(one, symptoms=False))
        lines += _section("Symptoms, by rule", _rule_scores(one, symptoms=True))
        lines += _section("Symptoms and the rules that found them", _confusion(one))
        lines += _section("Causes", _causes(one))
        for kind, title in (("mechanistic", "Faults of the training"), ("synthetic", "Symptoms by construction")):
            lines += _section(title, _faults(one, [row for row in one.faults if row.kind == kind]))
        lines += _section("Missed", _missed(one))
        lines += _section("Damage limits", _bands(one))
    return "\n".join(lines) + "\n"


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return ["", f"### {title}", "", *lines] if lines else []


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Return a Markdown table, or nothing if there are no rows."""
    lines = ["| " + " | ".join(str(cell).replace("|", "/") for cell in row) + " |" for row in rows]
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *lines] if lines else []


def _provenance(results: Results, record: list[dict[str, Any]], is_mixed: bool) -> list[str]:
    of_split = [one for one in record if one["split"] == results.split]
    lines = [f"{results.judged} of {results.planned} planned runs were judged."]
    if of_split:
        lines[0] += provenance_of(of_split[-1], "plan")
    earlier = versions_that_judged(record, results.split)
    if len(earlier) > 1:
        listed = ", ".join(f"{one['version']['limits']} ({one['date']}, {one['version']['commit']})" for one in earlier)
        lines += ["", f"**This split has been judged with {len(earlier)} versions of the limits**: {listed}."]
    if is_mixed:
        lines += ["", "**These judgements were made by more than one version**: judge again with `--judge-only`."]
    if results.failed:
        failed = ", ".join(f"{run} ({why})" for run, why in results.failed.items())
        lines += ["", f"Failed and not scored: {failed}."]
    if results.overhead is not None:
        lines += ["", f"Probes took {results.overhead:.0%} of the training time in the median run."]
    return lines


def provenance_of(judging: Mapping[str, Any], made_of: str) -> str:
    """Return a sentence on one judging of the record: when, by which version, of which plan or catalogue, where."""
    version, machine = judging["version"], judging["machine"]
    return (
        f" Judged on {judging['date']} by gandoctor {version['gandoctor']}, commit {version['commit']}, "
        f"limits {version['limits']}, rules {version['rules']}, {made_of} {judging['plan']}. Command: "
        f"`{judging['command']}`, on {machine['system']} with {machine['processors']} processors, "
        f"Python {machine['python']}, TensorFlow {machine['tensorflow']}, Keras {machine['keras']}."
    )


def _detections(results: Results) -> list[str]:
    def delay(one: Detection, share: float) -> str:
        quantile = waiting_quantile(one.delays, share)
        return "not reached" if quantile is None else f"{quantile}"

    rows = [
        (
            _describe_alarm(one.name),
            one.ill,
            one.mechanistic,
            one.undamaged,
            one.healthy,
            f"{delay(one, 0.5)} / {delay(one, 0.9)}",
            f"{sum(wait.happened for wait in one.delays)}/{len(one.delays)}",
            one.before_onset,
        )
        for one in results.detections
    ]
    if not results.detections:
        return []
    head = (
        "alarm",
        "ill runs",
        "ill by a fault of the training",
        "fault without damage",
        "healthy runs",
        "delay, 50 % / 90 %",
        "found after the onset",
        "raised before the onset",
    )
    doctor = results.detections[0]
    equal = [f"`{name}`: {share if share is not None else 'not recorded'}" for name, share in results.equal.items()]
    chance = "none" if doctor.random is None else f"{doctor.random:.0%}"
    return [
        *table(head, rows),
        "",
        "Alarms count at any look from the onset on. Delays are steps from the onset to the first look with the alarm, "
        "in ill runs whose fault begins on the way. Runs without the alarm are right-censored at their end (Kaplan and "
        "Meier). With a threshold that allows as many false alarms as gandoctor raises "
        f"({doctor.healthy.hits} of {doctor.healthy.of}), chosen on these runs in the baseline's favour, the baselines "
        f"find these shares of the ill runs: {', '.join(equal)}. A random alarm of the same frequency would find "
        f"{chance}.",
    ]


def _describe_alarm(name: str) -> str:
    about = (BASELINES[name].__doc__ or "").splitlines()[0].rstrip(".") if name in BASELINES else ""
    return f"`{name}`: {about}" if about else name


def _false_alarms(groups: Sequence[FalseAlarms]) -> list[str]:
    head = (
        "family",
        "any rule, at the end",
        "contracts and design",
        "symptoms",
        "critical",
        "at any look",
        "per 1,000 steps",
        "rules (runs)",
        "damaged by the oracle",
    )
    return table(
        head,
        (
            (
                one.group,
                one.at_the_end,
                one.facts,
                one.symptoms,
                one.critical,
                one.on_the_way,
                "-" if one.per_thousand_steps is None else f"{one.per_thousand_steps:.2f}",
                _list_counts(one.alarms),
                "no band" if one.damaged is None else one.damaged,
            )
            for one in groups
        ),
    )


def _rule_scores(results: Results, symptoms: bool) -> list[str]:
    damage = " with damage" if symptoms else ""
    head = (
        "rule",
        f"its faults{damage}: found",
        "found at any severity",
        *(["all its faults: found", "damage of its kind: found"] if symptoms else []),
        "right alarms",
        *(["right alarms or of the damage's kind"] if symptoms else []),
        "healthy: at the end",
        "healthy: at any look",
        "not evaluated",
    )
    return table(
        head,
        (
            (
                one.id,
                one.found,
                one.remarked,
                *([one.found_any, one.found_kind] if symptoms else []),
                one.precise,
                *([one.plausible] if symptoms else []),
                one.false_alarms,
                one.on_the_way,
                one.not_evaluated,
            )
            for one in results.rules
            if is_symptom(one.id) is symptoms
        ),
    )


def _confusion(results: Results) -> list[str]:
    head = ("symptom by the oracle", "runs", "found by a rule for it", "alarms of symptom rules (runs)")
    return table(
        head,
        ((one.symptom, one.runs, one.named or "-", _list_counts(one.alarms)) for one in results.confusion if one.runs),
    )


def _causes(results: Results) -> list[str]:
    def row(name: str, ranking: Ranking) -> tuple[object, ...]:
        reciprocal = ranking.mean_reciprocal
        return name, ranking.within(1), ranking.within(3), "-" if reciprocal is None else f"{reciprocal:.2f}"

    rows = [row("all faults", results.causes), row("runs with any alarm", results.causes_of_found)]
    return table(("", "right cause first", "right cause in the first three", "mean reciprocal rank"), rows)


def _faults(results: Results, rows: Sequence[FaultRow]) -> list[str]:
    head = ("fault", "its rules", "damaged", "symptoms", "found", "main rule", "other alarms", "rank of cause", "KID")
    return table(
        head,
        (
            (
                row.name,
                ", ".join(row.expected) or "-",
                _fraction(row.damaged),
                ", ".join(row.symptoms) or "-",
                _fraction(row.found) if row.expected else "-",
                _fraction(row.first) if row.expected else "-",
                _list_counts(row.others),
                ", ".join("-" if rank is None else str(rank) for rank in row.cause_ranks) or "none is right",
                "-" if row.kid is None else f"p = {row.kid[0]:.2g}, {row.kid[1]:.0%} above",
            )
            for row in rows
        ),
    )


def _missed(results: Results) -> list[str]:
    return [
        f"- {run}: {'alarms of ' + ', '.join(alarms) if alarms else 'no alarm'}"
        for run, alarms in results.misses.items()
    ]


def _bands(results: Results) -> list[str]:
    names = list(dict.fromkeys(name for limits in results.bands.values() for name in limits))
    rows = [
        (band, *(f"{limits[name]:.3g}" if name in limits else "-" for name in names))
        for band, limits in results.bands.items()
    ]
    return table(("band", *names), rows)


def _fraction(share: Share) -> str:
    return f"{share.hits}/{share.of}"


def _list_counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{rule} ({runs})" for rule, runs in counts.items()) or "none"
