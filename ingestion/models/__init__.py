"""The tables of the ingestion room."""

from ingestion.models.actions import Action, ActionVersion, EventName
from ingestion.models.events import Activity, Event, EventKey, Inbox, QuarantinedEvent, Touched
from ingestion.models.exclusions import ExclusionRule, ExclusionSweep
from ingestion.models.imports import ImportFile, ImportRun
from ingestion.models.lists import List, ListEdition, ListRow
from ingestion.models.outcomes import Outcome
from ingestion.models.subjects import Account, AccountMembership, Identity, IdentityLink, Person, TraitValue

__all__ = [
    "Account",
    "AccountMembership",
    "Action",
    "ActionVersion",
    "Activity",
    "Event",
    "EventKey",
    "EventName",
    "ExclusionRule",
    "ExclusionSweep",
    "Identity",
    "IdentityLink",
    "ImportFile",
    "ImportRun",
    "Inbox",
    "List",
    "ListEdition",
    "ListRow",
    "Outcome",
    "Person",
    "QuarantinedEvent",
    "Touched",
    "TraitValue",
]
