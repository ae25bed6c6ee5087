"""Reads of the reports: aggregates that PostgreSQL computes, as frozen dataclasses."""

from reports.queries.conversion import Followed, followed_pqls
from reports.queries.funnel import Reached, funnel_counts
from reports.queries.lens import Lens, bands_of, definitions_in_scope, look_at
from reports.queries.rows import SubjectRow, labels, subject_rows
from reports.queries.sign_ups import LeftOut, SignUps, Waits, sign_up_cohorts, waits_for_pql
from reports.queries.trend import NewPqls, new_pqls, open_pqls

__all__ = [
    "Followed",
    "LeftOut",
    "Lens",
    "NewPqls",
    "Reached",
    "SignUps",
    "SubjectRow",
    "Waits",
    "bands_of",
    "definitions_in_scope",
    "followed_pqls",
    "funnel_counts",
    "labels",
    "look_at",
    "new_pqls",
    "open_pqls",
    "sign_up_cohorts",
    "subject_rows",
    "waits_for_pql",
]
