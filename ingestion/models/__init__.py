"""The tables of the ingestion room."""

from ingestion.models.actions import Action, ActionVersion, EventName, EventRename
from ingestion.models.alerts import DataAlert
from ingestion.models.crm import CrmConnection
from ingestion.models.events import (
    Activity,
    Event,
    EventKey,
    Inbox,
    QuarantinedEvent,
    QuarantineReplay,
    Touched,
)
from ingestion.models.exclusions import ExclusionRule, ExclusionSweep
from ingestion.models.firmographics import EnrichedAccount, Enrichment, PrecedenceSweep, TraitPrecedence
from ingestion.models.imports import ImportFile, ImportRun
from ingestion.models.lists import List, ListEdition, ListRow
from ingestion.models.outcomes import Outcome
from ingestion.models.plans import Limit, Plan, PlanFact, PlanLimit, PlanRule
from ingestion.models.privacy import (
    ContactRule,
    Erasure,
    PersonalExport,
    PersonalField,
    SubjectKind,
    Suppression,
)
from ingestion.models.protection import DomainSweep, IdentityLimits, IdentityRule
from ingestion.models.subjects import Account, AccountMembership, Identity, IdentityLink, Person, TraitValue
from ingestion.models.touches import MarketingTouch
from ingestion.models.tracking import PlannedSource, TrackingPlan, TrackingPlanVersion, Violation
from ingestion.models.trims import EventMonth, Trim

__all__ = [
    "Account",
    "AccountMembership",
    "Action",
    "ActionVersion",
    "Activity",
    "ContactRule",
    "CrmConnection",
    "DataAlert",
    "DomainSweep",
    "EnrichedAccount",
    "Enrichment",
    "Erasure",
    "Event",
    "EventKey",
    "EventMonth",
    "EventName",
    "EventRename",
    "ExclusionRule",
    "ExclusionSweep",
    "Identity",
    "IdentityLimits",
    "IdentityLink",
    "IdentityRule",
    "ImportFile",
    "ImportRun",
    "Inbox",
    "Limit",
    "List",
    "ListEdition",
    "ListRow",
    "MarketingTouch",
    "Outcome",
    "Person",
    "PersonalExport",
    "PersonalField",
    "Plan",
    "PlanFact",
    "PlanLimit",
    "PlanRule",
    "PlannedSource",
    "PrecedenceSweep",
    "QuarantineReplay",
    "QuarantinedEvent",
    "SubjectKind",
    "Suppression",
    "Touched",
    "TrackingPlan",
    "TrackingPlanVersion",
    "TraitPrecedence",
    "TraitValue",
    "Trim",
    "Violation",
]
