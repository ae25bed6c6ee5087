"""Every read of the ingestion room that other rooms ask for."""

from ingestion.queries.catalogue import KnownEvent, close_names, current_action_version, event_names
from ingestion.queries.subjects import (
    AccountView,
    PersonView,
    account,
    account_of_persons,
    person,
    persons_of_account,
    subject_labels,
    traits_as_of,
)
from ingestion.queries.timeline import TimelineEvent, subject_events

__all__ = [
    "AccountView",
    "KnownEvent",
    "PersonView",
    "TimelineEvent",
    "account",
    "account_of_persons",
    "close_names",
    "current_action_version",
    "event_names",
    "person",
    "persons_of_account",
    "subject_events",
    "subject_labels",
    "traits_as_of",
]
