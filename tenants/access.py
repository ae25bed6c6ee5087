"""What a user may do in the current tenant: roles, areas and the business units they cover.

The matrix below is the documentation's source: docs/roles.md shows it and a test holds the two together.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Q

from tenants.context import current_tenant_id_or_none
from tenants.models import ApiToken, BusinessUnit, Membership, Role, User


class Level(IntEnum):
    NONE = 0
    VIEW = 1
    CHANGE = 2


class Area(StrEnum):
    """Parts of the console that are granted together."""

    DEFINITIONS = "definitions"
    CATALOGUE = "catalogue"
    LEADS = "leads"
    POOLS = "pools"
    ROUTING = "routing"
    DESTINATIONS = "destinations"
    EXPERIMENTS = "experiments"
    REPORTS = "reports"
    PEOPLE = "people"
    EVENTS = "events"
    SOURCES = "sources"
    TOKENS = "tokens"
    MEMBERS = "members"
    UNITS = "units"
    AUDIT = "audit"


# Which models (and pages, written as models) belong to which area. A test finds registered models that are missing.
MODEL_AREAS: dict[str, Area] = {
    "scoring.motion": Area.DEFINITIONS,
    "scoring.definition": Area.DEFINITIONS,
    "scoring.version": Area.DEFINITIONS,
    "scoring.signal": Area.DEFINITIONS,
    "scoring.band": Area.DEFINITIONS,
    "scoring.replayrun": Area.DEFINITIONS,
    "ingestion.action": Area.CATALOGUE,
    "ingestion.actionversion": Area.CATALOGUE,
    "ingestion.eventname": Area.CATALOGUE,
    "ingestion.eventrename": Area.EVENTS,
    "ingestion.list": Area.DEFINITIONS,
    "ingestion.listrow": Area.DEFINITIONS,
    "ingestion.listedition": Area.DEFINITIONS,
    "ingestion.plan": Area.DEFINITIONS,
    "ingestion.planlimit": Area.DEFINITIONS,
    "ingestion.limit": Area.DEFINITIONS,
    "ingestion.planrule": Area.EVENTS,
    "routing.lead": Area.LEADS,
    "scoring.qualification": Area.REPORTS,
    "routing.pool": Area.POOLS,
    "routing.poolmember": Area.POOLS,
    "routing.routingtable": Area.ROUTING,
    "routing.routingrule": Area.ROUTING,
    "routing.routingfailure": Area.ROUTING,
    "delivery.destination": Area.DESTINATIONS,
    "delivery.delivery": Area.DESTINATIONS,
    "delivery.deliveryattempt": Area.DESTINATIONS,
    "experiments.experiment": Area.EXPERIMENTS,
    "experiments.arm": Area.EXPERIMENTS,
    "experiments.assignment": Area.EXPERIMENTS,
    "reports.report": Area.REPORTS,
    "ingestion.person": Area.PEOPLE,
    "ingestion.account": Area.PEOPLE,
    "ingestion.erasure": Area.PEOPLE,
    "ingestion.personalfield": Area.PEOPLE,
    "ingestion.event": Area.EVENTS,
    "ingestion.quarantinedevent": Area.EVENTS,
    "ingestion.importrun": Area.EVENTS,
    "ingestion.contactrule": Area.EVENTS,
    "ingestion.traitprecedence": Area.EVENTS,
    "ingestion.enrichment": Area.EVENTS,
    "ingestion.crmconnection": Area.EVENTS,
    "ingestion.exclusionrule": Area.EVENTS,
    "ingestion.identitylink": Area.EVENTS,
    "ingestion.trackingplan": Area.EVENTS,
    "ingestion.trackingplanversion": Area.EVENTS,
    "ingestion.violation": Area.EVENTS,
    "ingestion.identityrule": Area.EVENTS,
    "tenants.source": Area.SOURCES,
    "tenants.writekey": Area.SOURCES,
    "tenants.apitoken": Area.TOKENS,
    "tenants.membership": Area.MEMBERS,
    "tenants.invitation": Area.MEMBERS,
    "tenants.businessunit": Area.UNITS,
    "ingestion.trim": Area.UNITS,
    "tenants.auditevent": Area.AUDIT,
}

_LETTERS = {"-": Level.NONE, "V": Level.VIEW, "C": Level.CHANGE}


def _row(letters: str) -> dict[Area, Level]:
    return dict(zip(Area, (_LETTERS[letter] for letter in letters.split()), strict=True))


# Columns as in Area: definitions catalogue leads pools routing | destinations experiments reports people events |
# sources tokens members units audit. C changes, V views.
MATRIX: dict[str, dict[Area, Level]] = {
    Role.CORPORATE_ADMIN: _row("C C C C C   C C C C C   C C C C V"),
    Role.BU_OWNER: _row("C C C C C   C C V V V   V C C V V"),
    Role.SALES_MANAGER: _row("V V C C V   - - V V -   - - V V -"),
    Role.REP: _row("- - C - -   - - - - -   - - - - -"),
    Role.ANALYST: _row("V V V V V   V V V V V   - - - V -"),
    Role.PRODUCT_ENGINEER: _row("V C - - -   V - - V C   C C - V -"),
    Role.READ_ONLY: _row("V V V V V   V - V - -   - - - V -"),
}

# What an API token with a scope may do; a personal token never more than its person, a service token never more than
# whoever made it.
SCOPE_RIGHTS: dict[str, tuple[Area, Level]] = {
    ApiToken.Scope.READ_LEADS: (Area.LEADS, Level.VIEW),
    ApiToken.Scope.WRITE_LEADS: (Area.LEADS, Level.CHANGE),
    ApiToken.Scope.READ_DEFINITIONS: (Area.DEFINITIONS, Level.VIEW),
    ApiToken.Scope.WRITE_DEFINITIONS: (Area.DEFINITIONS, Level.CHANGE),
    ApiToken.Scope.READ_REPORTS: (Area.REPORTS, Level.VIEW),
    ApiToken.Scope.READ_ACCOUNTS: (Area.PEOPLE, Level.VIEW),
    ApiToken.Scope.WRITE_ACCOUNTS: (Area.PEOPLE, Level.CHANGE),
    ApiToken.Scope.WRITE_TRAITS: (Area.EVENTS, Level.CHANGE),
}

# Only these see held-out leads (under Prove): anyone else could treat them by knowing of them.
SEES_HELD_OUT = {Role.CORPORATE_ADMIN, Role.ANALYST}
# Who talks to people, or answers for their data, sees who they are; who counts them or connects a product need not.
SEES_PERSONAL_DATA = {Role.CORPORATE_ADMIN, Role.BU_OWNER, Role.SALES_MANAGER, Role.REP}


@dataclass(frozen=True)
class Grant:
    """One membership: a role in a unit and everything below it."""

    membership_id: UUID
    role: str
    unit_id: UUID
    unit_path: str


@dataclass(frozen=True)
class Access:
    """All grants of one user in one tenant. Pure: asks the database nothing."""

    user_id: UUID
    grants: tuple[Grant, ...]

    @cached_property
    def roles(self) -> set[str]:
        return {grant.role for grant in self.grants}

    def level(self, area: Area, unit_path: str | None = None) -> Level:
        """The highest level in `area`; with unit_path, in that unit. A unit's definitions and catalogue can be read
        from below too: corporate standards are used by every unit."""
        found = Level.NONE
        for grant in self.grants:
            level = MATRIX[grant.role][area]
            if unit_path is None or unit_path.startswith(grant.unit_path):
                found = max(found, level)
            elif area in SHARED_DOWNWARD and grant.unit_path.startswith(unit_path):
                found = max(found, min(level, Level.VIEW))
        return found

    def unit_paths(self, area: Area, level: Level = Level.VIEW) -> list[str]:
        """Roots of the subtrees in which this user has at least `level` in `area`."""
        return sorted({grant.unit_path for grant in self.grants if MATRIX[grant.role][area] >= level})

    def visible(self, area: Area, path_lookup: str, level: Level = Level.VIEW) -> Q:
        """A filter for rows whose unit this user may see; path_lookup leads to BusinessUnit.path."""
        condition = Q(pk__in=[])
        for path in self.unit_paths(area, level):
            condition |= Q(**{f"{path_lookup}__startswith": path})
            if area in SHARED_DOWNWARD and level == Level.VIEW:
                condition |= Q(**{f"{path_lookup}__in": _ancestors(path)})
        return condition

    def covers(self, unit_path: str) -> bool:
        """Whether the user has any role in the unit."""
        return any(unit_path.startswith(grant.unit_path) for grant in self.grants)

    def may_grant(self, role: str, unit_path: str) -> bool:
        """Nobody hands out more than they have: true when this user has at least the role's level in every area of
        the unit, may change its members, and sees held-out leads there if the role does: who could make themselves an
        analyst could see whom not to treat."""
        if self.level(Area.MEMBERS, unit_path) < Level.CHANGE:
            return False
        if role in SEES_HELD_OUT and not self.sees_held_out_in(unit_path):
            return False
        return all(self.level(area, unit_path) >= level for area, level in MATRIX[role].items())

    def may_use(self, scope: str, unit_path: str) -> bool:
        """Whether this user may do in the unit what the API scope stands for."""
        area, level = SCOPE_RIGHTS[scope]
        return self.level(area, unit_path) >= level

    def may_use_within(self, scope: str, unit_path: str) -> bool:
        """As may_use, in the unit or any unit below it where the user has a role."""
        below = [grant.unit_path for grant in self.grants if grant.unit_path.startswith(unit_path)]
        return any(self.may_use(scope, path) for path in [unit_path, *below])

    def sees_held_out_at(self, path_lookup: str) -> Q:
        """A filter for rows of units in which this user may know who is held out; path_lookup leads to
        BusinessUnit.path."""
        condition = Q(pk__in=[])
        for path in self._held_out_paths:
            condition |= Q(**{f"{path_lookup}__startswith": path})
        return condition

    def sees_held_out_in(self, unit_path: str) -> bool:
        return unit_path.startswith(self._held_out_paths)

    @property
    def sees_held_out(self) -> bool:
        """Whether the user may know who is held out in every unit they have a role in: for figures of several units."""
        seen = self._held_out_paths
        return bool(seen) and all(grant.unit_path.startswith(seen) for grant in self.grants)

    @property
    def sees_personal_data(self) -> bool:
        """Whether e-mail addresses, names and other personal fields are shown. Persons belong to the whole tenant, so
        one role that sees them is enough."""
        return not self.roles.isdisjoint(SEES_PERSONAL_DATA)

    @cached_property
    def _held_out_paths(self) -> tuple[str, ...]:
        return tuple(grant.unit_path for grant in self.grants if grant.role in SEES_HELD_OUT)

    @property
    def only_own_leads(self) -> bool:
        """A rep sees the leads assigned to them, and nobody else's."""
        return self.roles == {Role.REP}


SHARED_DOWNWARD = {Area.DEFINITIONS, Area.CATALOGUE}


def _ancestors(path: str) -> list[str]:
    keys = [key for key in path.split("/") if key]
    return ["/" + "/".join(keys[: index + 1]) + "/" for index in range(len(keys))]


def access_of(user: User | Any) -> Access:
    """The user's access in the current tenant: one query, remembered on the user object. Empty outside a tenant."""
    tenant_id = current_tenant_id_or_none()
    if tenant_id is None or not getattr(user, "pk", None):
        return Access(user_id=getattr(user, "pk", None), grants=())  # type: ignore[arg-type]
    remembered: dict[int, Access] = user.__dict__.setdefault("_access_by_tenant", {})
    if tenant_id not in remembered:
        rows = Membership.objects.filter(user_id=user.pk, ended_at__isnull=True).values_list(
            "id", "role", "business_unit_id", "business_unit__path"
        )
        remembered[tenant_id] = Access(user_id=user.pk, grants=tuple(Grant(*row) for row in rows))
    return remembered[tenant_id]


def as_table() -> str:
    """The matrix as a Markdown table: areas down, roles across."""
    words = {Level.NONE: "–", Level.VIEW: "view", Level.CHANGE: "change"}
    roles = [Role(value) for value in MATRIX]
    lines = [
        "| area | " + " | ".join(str(role.label) for role in roles) + " |",
        "| --- |" + " --- |" * len(roles),
    ]
    for area in Area:
        lines.append(f"| {area} | " + " | ".join(words[MATRIX[role][area]] for role in roles) + " |")
    return "\n".join(lines)


def units_visible_to(access: Access, area: Area, level: Level = Level.VIEW) -> Any:
    """The business units in which this user has at least `level` in `area`."""
    return BusinessUnit.objects.filter(access.visible(area, "path", level)).order_by("path")
