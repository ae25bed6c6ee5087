"""The company's tenant before its first event: units, people, source, actions, definitions."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from ingestion import operations as ingestion
from ingestion.models import Action, ExclusionRule
from ingestion.models.events import EventKind
from pqlhub.northwind.catalogue import sell
from pqlhub.simulator import SuggestedDefinition, suggested_definitions
from pqlhub.simulator.definitions import SuggestedAction, SuggestedSignal
from pqlhub.simulator.names import INTERNAL_DOMAIN
from scoring import operations as scoring
from scoring.models import Band, Definition, Signal
from scoring.models.definitions import Level
from tenants import operations as tenants
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import BusinessUnit, Membership, Role, Tenant, User

COMPANY = "Northwind Boards"
PEOPLE = [
    ("ada", "Ada Corporate", Role.CORPORATE_ADMIN, "Corporate"),
    ("bo", "Bo Boards", Role.BU_OWNER, "Boards"),
    ("ines", "Ines Insights", Role.BU_OWNER, "Insights"),
    ("rosa", "Rosa Rep", Role.REP, "Boards"),
    ("ravi", "Ravi Rep", Role.REP, "Boards"),
    ("rui", "Rui Rep", Role.REP, "Insights"),
    ("mia", "Mia Manager", Role.SALES_MANAGER, "Boards"),
    ("ana", "Ana Analyst", Role.ANALYST, "Corporate"),
    ("eli", "Eli Engineer", Role.PRODUCT_ENGINEER, "Corporate"),
]
# Makes the log-in of somebody: what comes before the @, their name, their role.
Hire = Callable[[str, str, Role], User]
WINDOWED = {"count", "distinct_days", "sum", "recency"}
OPERATORS = {">=": "gte", "=": "eq", "in": "in"}


@dataclass
class Company:
    """Keys of what was made, for the steps that follow."""

    tenant: Tenant
    source_id: UUID
    write_key: str
    units: dict[str, BusinessUnit] = field(default_factory=dict)
    members: dict[str, Membership] = field(default_factory=dict)
    definitions: dict[str, Definition] = field(default_factory=dict)


def found_company(*, tenant: Tenant, hire: Hire, now: datetime) -> Company:
    """Fill an empty tenant, which has its corporate unit, as of `now`: the day its history begins."""
    with tenant_context(tenant.pk):
        source = tenants.create_source(name="Northwind web app", kind="server", by=SYSTEM, now=now)
        _key, write_key = tenants.issue_write_key(source=source, by=SYSTEM, now=now)
        ingestion.create_exclusion(
            kind=ExclusionRule.Kind.EMAIL_DOMAIN,
            value=INTERNAL_DOMAIN,
            note="Our own staff",
            by=SYSTEM,
            now=now,
        )
        company = Company(tenant, source.pk, write_key)
        _people_the_units(company, hire, now)
        _define(company, now)
        sell(company.units["Boards"], now=now)
    return company


def _people_the_units(company: Company, hire: Hire, now: datetime) -> None:
    corporate = BusinessUnit.objects.get(parent__isnull=True)
    company.units["Corporate"] = corporate
    for name in ("Boards", "Insights"):
        company.units[name] = tenants.create_business_unit(name=name, parent=corporate, by=SYSTEM, now=now)
    for person, name, role, unit in PEOPLE:
        company.members[person] = tenants.grant_membership(
            user=hire(person, name, role), business_unit=company.units[unit], role=role, by=SYSTEM, now=now
        )


def _define(company: Company, now: datetime) -> None:
    actions: dict[str, Action] = {}
    motions = {}
    for suggestion in suggested_definitions():
        unit = company.units[suggestion.business_unit]
        wanted = [suggestion.goal, *(signal.action for signal in suggestion.signals if signal.action)]
        for action in wanted:
            actions.setdefault(action.name, _action(company.units["Corporate"], action, now))
        if suggestion.motion not in motions:
            motions[suggestion.motion] = scoring.create_motion(
                business_unit=unit,
                name=suggestion.motion.capitalize(),
                goal_action=actions[suggestion.goal.name],
                goal_window_days=30,
                by=SYSTEM,
                now=now,
            )
        definition = scoring.create_definition(
            business_unit=unit,
            motion=motions[suggestion.motion],
            name=suggestion.name,
            level=Level.ACCOUNT if suggestion.subject == "account" else Level.PERSON,
            description=suggestion.description,
            by=SYSTEM,
            now=now,
        )
        _publish(definition, suggestion, actions, now)
        company.definitions[suggestion.name] = definition


def _action(unit: BusinessUnit, suggestion: SuggestedAction, now: datetime) -> Action:
    existing = Action.objects.filter(name=suggestion.name).first()
    if existing is not None:
        return existing
    return ingestion.create_action(
        business_unit=unit,
        name=suggestion.name,
        event_kind=EventKind.PAGE if suggestion.type == "page" else EventKind.TRACK,
        event_name=suggestion.event,
        filters=[{"property": name, "op": "eq", "value": value} for name, value in suggestion.filters],
        number_property=suggestion.number or "",
        by=SYSTEM,
        now=now,
    )


def _publish(
    definition: Definition, suggestion: SuggestedDefinition, actions: dict[str, Action], now: datetime
) -> None:
    draft = definition.versions.get()
    scoring.save_draft(
        version=draft,
        signals=[_signal(signal, actions) for signal in suggestion.signals],
        bands=[Band(name=band.name, minimum=band.at_least * 100) for band in suggestion.bands],
        enter_threshold=suggestion.threshold * 100,
        exit_threshold=max(suggestion.threshold - 10, 1) * 100,
        requalify_after_days=30,
        by=SYSTEM,
        now=now,
    )
    scoring.publish_version(version=draft, by=SYSTEM, now=now)


def _signal(suggestion: SuggestedSignal, actions: dict[str, Action]) -> Signal:
    signal = Signal(name=suggestion.name, kind=suggestion.kind, points=suggestion.points * 100)
    if suggestion.kind == "trait":
        value = suggestion.value
        signal.trait_name = suggestion.trait or ""
        signal.trait_operator = OPERATORS[suggestion.operator]
        signal.trait_value = ", ".join(value) if isinstance(value, tuple) else str(value).lower()
        return signal
    assert suggestion.action is not None, "a signal over behaviour names its action"  # noqa: S101
    signal.action = actions[suggestion.action.name]
    windowed = suggestion.kind in WINDOWED and suggestion.window_days is not None
    signal.window = Signal.Window.DAYS if windowed else Signal.Window.EVER
    signal.window_length = suggestion.window_days if windowed else None
    if suggestion.kind in ("count", "distinct_days", "sum"):
        signal.at_least = Decimal(str(suggestion.value))
    return signal
