"""Every read of the scoring room."""

from scoring.queries.counting import counting_subjects
from scoring.queries.evaluation import Evaluation, evaluate, happenings
from scoring.queries.explanations import (
    Explanation,
    Line,
    WhyNot,
    evidence,
    explain,
    explain_then_and_now,
    why_not,
)
from scoring.queries.replays import ever_qualified, qualified_at_end_of
from scoring.queries.specs import draft_spec, frozen_spec, known_actions
from scoring.queries.subjects import score_history, scores_now
from scoring.queries.versions import live_versions, unrouted_qualifications

__all__ = [
    "Evaluation",
    "Explanation",
    "Line",
    "WhyNot",
    "counting_subjects",
    "draft_spec",
    "evaluate",
    "ever_qualified",
    "evidence",
    "explain",
    "explain_then_and_now",
    "frozen_spec",
    "happenings",
    "known_actions",
    "live_versions",
    "qualified_at_end_of",
    "score_history",
    "scores_now",
    "unrouted_qualifications",
    "why_not",
]
