"""The reads of the ingestion room that other rooms ask for most."""

from ingestion.queries.catalogue import KnownEvent, close_names, event_names
from ingestion.queries.subjects import subject_labels
from ingestion.queries.timeline import TimelineEvent, subject_events

__all__ = [
    "KnownEvent",
    "TimelineEvent",
    "close_names",
    "event_names",
    "subject_events",
    "subject_labels",
]
