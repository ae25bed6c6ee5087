"""Reads of the reports: aggregates that PostgreSQL computes, as frozen dataclasses."""

from reports.queries.arrivals import Arrivals, LeftOut, Reached, SignUps, Waits, arrivals_of
from reports.queries.conversion import Followed, followed_pqls
from reports.queries.lens import Lens, bands_of, definitions_in_scope, look_at
from reports.queries.rows import SubjectRow, labels, subject_rows
from reports.queries.trend import NewPqls, new_pqls, open_pqls, pqls_per_span

__all__ = [
    "Arrivals",
    "Followed",
    "LeftOut",
    "Lens",
    "NewPqls",
    "Reached",
    "SignUps",
    "SubjectRow",
    "Waits",
    "arrivals_of",
    "bands_of",
    "definitions_in_scope",
    "followed_pqls",
    "labels",
    "look_at",
    "new_pqls",
    "open_pqls",
    "pqls_per_span",
    "subject_rows",
]
