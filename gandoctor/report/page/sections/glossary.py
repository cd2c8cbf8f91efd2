"""The glossary: terms, the pages of the rules with their thresholds, and the run's signals."""

from __future__ import annotations

from gandoctor.report.charts.family_charts import is_family
from gandoctor.report.languages.language import Language
from gandoctor.report.page.glossary import TERMS
from gandoctor.report.page.section import Section, Shown, Source
from gandoctor.report.text import setting
from gandoctor.rules import Finding, limits_of
from gandoctor.signals import FAMILIES, SIGNALS


def show(source: Source) -> Shown:
    """Return what the page's words, rules and signals mean."""
    run, words, findings = source.run, source.words, source.diagnosis.checks
    known = {f.rule.id for f in findings}
    recorded = [s for s in (*SIGNALS.values(), *FAMILIES.values()) if s.name in run or is_family(s.name, run)]
    return Shown(
        {
            "terms": [(term, rule if rule in known else None) for term, rule in TERMS.items()],
            "rules": findings,
            "limits": {f.rule.id: _limits(f, words) for f in findings},
            "signals": [(s.name, words.say(s.meaning), s.unit and words.say(s.unit)) for s in recorded],
        }
    )


def _limits(finding: Finding, words: Language) -> list[tuple[str, str]]:
    if not hasattr(finding.rule.limits, "__dataclass_fields__"):
        return []
    return [(name, setting(value, words)) for name, value in limits_of(finding.rule).items()]


SECTION = Section("glossary", 45, show, tab="checks")
