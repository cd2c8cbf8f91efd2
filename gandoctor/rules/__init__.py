"""Rules: one file per failure mode, in the folder of its kind. They judge recorded runs and never measure or draw."""

from gandoctor.rules.registry import all_rules, find_rule
from gandoctor.rules.rule import (
    MODEL_CARD,
    Cause,
    Evidence,
    Finding,
    NotEvaluated,
    Rule,
    Severity,
    Standing,
    Status,
    limits_of,
)
from gandoctor.rules.warm_up import warm_up_end

__all__ = [
    "MODEL_CARD",
    "Cause",
    "Evidence",
    "Finding",
    "NotEvaluated",
    "Rule",
    "Severity",
    "Standing",
    "Status",
    "all_rules",
    "find_rule",
    "limits_of",
    "warm_up_end",
]
