"""Reads behind the pages of a definition: its list, its editions with what changed between them, and what is live."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from ingestion.models import ActionVersion, List
from ingestion.queries.browse import newest_versions
from ingestion.rules.silence import WatchedEvent
from scoring.models import Definition, Qualification, Score, Signal, Version
from scoring.queries.drafts import pinned_actions
from scoring.queries.specs import draft_spec, frozen_spec
from scoring.rules.spec import ON_EVENTS, SignalSpec, Spec
from scoring.rules.wording import describe_changes, describe_points, describe_signal
from tenants.queries import names_of

State = Version.State


@dataclass(frozen=True)
class SignalLine:
    """A signal in words. `is_outdated`: its action has a newer version, or its list a newer edition, than the one that
    is frozen here."""

    name: str
    what: str
    points: str
    is_outdated: bool
    action_id: UUID | None
    list_ref: str


@dataclass(frozen=True)
class Edition:
    """One version: what it says, and what it changed against the edition before it."""

    version: Version
    spec: Spec
    lines: tuple[SignalLine, ...]
    changes: tuple[str, ...]
    is_first: bool
    published_by: str

    @property
    def is_outdated(self) -> bool:
        return any(line.is_outdated for line in self.lines)


@dataclass(frozen=True)
class Standing:
    """What the live version says now."""

    open_pqls: int
    scored: int
    bands: tuple[tuple[str, int], ...]
    is_first_scoring: bool


@dataclass(frozen=True)
class DefinitionRow:
    """What the list shows beside the definition itself."""

    live: Version | None
    draft: Version | None
    testing: Version | None
    open_pqls: int
    is_outdated: bool


def editions(definition: Definition) -> list[Edition]:
    """All versions, newest first. 5 queries and one per draft's parts, whatever the number of versions."""
    versions = list(Version.objects.filter(definition=definition).order_by("number"))
    for version in versions:
        version.definition = definition
    specs = [frozen_spec(row) if row.closure else draft_spec(row) for row in versions]
    pinned = pinned_actions(specs)
    newest = newest_versions({row.action_id for row in pinned.values()})
    now_in_lists = _newest_editions(specs)
    names = {key: row.action.name for key, row in pinned.items()}
    people = names_of(row.published_by_id for row in versions)
    found = []
    for place, (version, spec) in enumerate(zip(versions, specs, strict=True)):
        before = specs[place - 1] if place else None
        found.append(
            Edition(
                version=version,
                spec=spec,
                lines=tuple(
                    _line(signal, pinned, newest, names, _is_older(signal, now_in_lists))
                    for signal in spec.signals
                ),
                changes=tuple(describe_changes(before, spec, names, _)) if before else (),
                is_first=before is None,
                published_by=people.get(version.published_by_id, ""),
            )
        )
    return found[::-1]


def live_standing(version: Version, *, pqls: QuerySet[Qualification]) -> Standing:
    """Counts of the live version; its PQLs are counted from `pqls`, so that they are those a list shows. 3 queries."""
    scores = Score.objects.filter(version=version)
    sizes = dict(scores.values_list("band").annotate(number=Count("*")))
    spec = frozen_spec(version)
    open_now = pqls.filter(definition_id=version.definition_id, state=Qualification.State.OPEN)
    return Standing(
        open_pqls=open_now.count(),
        scored=sum(sizes.values()),
        bands=tuple((band.name, sizes.get(band.name, 0)) for band in spec.bands),
        is_first_scoring=version.first_scored_at is None,
    )


def definition_rows(
    definitions: Sequence[Definition], *, pqls: QuerySet[Qualification]
) -> dict[UUID, DefinitionRow]:
    """For the list: one entry per definition, its PQLs counted from `pqls`. 4 queries, whatever their number."""
    keys = [definition.pk for definition in definitions]
    by_state: dict[tuple[UUID, str], Version] = {}
    for version in Version.objects.filter(
        definition_id__in=keys, state__in=[State.LIVE, State.DRAFT, State.TESTING]
    ):
        by_state[version.definition_id, version.state] = version
    counts = dict(
        pqls.filter(definition_id__in=keys, state=Qualification.State.OPEN)
        .values_list("definition_id")
        .annotate(number=Count("*"))
    )
    outdated = _outdated([row for (_key, state), row in by_state.items() if state == State.LIVE])
    return {
        key: DefinitionRow(
            live=by_state.get((key, State.LIVE)),
            draft=by_state.get((key, State.DRAFT)),
            testing=by_state.get((key, State.TESTING)),
            open_pqls=counts.get(key, 0),
            is_outdated=key in outdated,
        )
        for key in keys
    }


def definitions_using(action_ids: Iterable[UUID]) -> dict[UUID, list[Definition]]:
    """Which definitions use each action, in the versions that are live, tested or drafted. 1 query."""
    rows = Signal.objects.filter(
        action_id__in=list(action_ids),
        version__state__in=[State.LIVE, State.TESTING, State.DRAFT],
        version__definition__archived_at=None,
    ).select_related("version__definition")
    found: dict[UUID, dict[UUID, Definition]] = {}
    for row in rows:
        definition = row.version.definition
        found.setdefault(row.action_id, {})[definition.pk] = definition
    return {key: list(used.values()) for key, used in found.items()}


def signals_asking(list_ids: Iterable[UUID]) -> dict[UUID, list[tuple[Definition, str]]]:
    """Which signals ask each list, in the versions that are live, tested or drafted: (definition, name of the signal),
    each once. 1 query."""
    rows = Signal.objects.filter(
        list_id__in=list(list_ids),
        version__state__in=[State.LIVE, State.TESTING, State.DRAFT],
        version__definition__archived_at=None,
    ).select_related("version__definition")
    found: dict[UUID, dict[tuple[UUID, str], tuple[Definition, str]]] = {}
    for row in rows.order_by("version__definition__name", "position"):
        definition = row.version.definition
        found.setdefault(row.list_id, {})[definition.pk, row.name] = (definition, row.name)
    return {key: list(used.values()) for key, used in found.items()}


def live_signals_by_event(
    definitions: QuerySet[Definition],
) -> dict[tuple[int, str], list[tuple[Definition, str]]]:
    """Which signals of these definitions, as they are live, count which event: kind and name to (definition, signal).
    By the version of the action that is frozen in them. 2 queries."""
    live = Version.objects.filter(
        state=State.LIVE, definition__in=definitions, definition__archived_at=None
    ).select_related("definition")
    specs = [(row.definition, frozen_spec(row)) for row in live.order_by("definition__name")]
    pinned = pinned_actions(spec for _definition, spec in specs)
    found: dict[tuple[int, str], list[tuple[Definition, str]]] = {}
    for definition, spec in specs:
        for signal in spec.signals:
            action = pinned.get(signal.action_version_id) if signal.action_version_id is not None else None
            if action is not None:
                event = (action.event_kind, action.event_name)
                found.setdefault(event, []).append((definition, signal.name))
    return found


def watched_events() -> list[WatchedEvent]:
    """The events that live signals count, with the properties that their actions read. 2 queries."""
    live = Version.objects.filter(state=State.LIVE, definition__archived_at=None)
    read: dict[tuple[int, str], set[str]] = {}
    for action in pinned_actions(frozen_spec(row) for row in live).values():
        names = {each["property"] for each in action.filters} | {action.number_property}
        read.setdefault((action.event_kind, action.event_name), set()).update(names - {""})
    return [WatchedEvent(kind, name, frozenset(names)) for (kind, name), names in read.items()]


def _outdated(versions: Sequence[Version]) -> set[UUID]:
    """Definitions whose live version pins an action or a list that has been changed since."""
    specs = {row.definition_id: frozen_spec(row) for row in versions}
    pinned = pinned_actions(specs.values())
    newest = newest_versions({row.action_id for row in pinned.values()})
    now_in_lists = _newest_editions(specs.values())
    return {
        key
        for key, spec in specs.items()
        for signal in spec.signals
        if _is_outdated(signal.action_version_id, pinned, newest) or _is_older(signal, now_in_lists)
    }


def _newest_editions(specs: Iterable[Spec]) -> dict[str, int]:
    """The edition now of each list that these specs ask. 1 query, none without lists."""
    keys = {signal.list_ref for spec in specs for signal in spec.signals if signal.list_edition is not None}
    if not keys:
        return {}
    return {
        str(key): edition for key, edition in List.objects.filter(pk__in=keys).values_list("pk", "edition")
    }


def _is_older(signal: SignalSpec, newest: dict[str, int]) -> bool:
    return newest.get(signal.list_ref, signal.list_edition) != signal.list_edition


def _is_outdated(
    key: int | None, pinned: dict[int, ActionVersion], newest: dict[UUID, ActionVersion]
) -> bool:
    row = pinned.get(key) if key is not None else None
    return row is not None and newest[row.action_id].pk != row.pk


def _line(
    signal: SignalSpec,
    pinned: dict[int, ActionVersion],
    newest: dict[UUID, ActionVersion],
    names: dict[int, str],
    is_older_list: bool,
) -> SignalLine:
    row = pinned.get(signal.action_version_id) if signal.action_version_id else None
    return SignalLine(
        name=signal.name,
        what=describe_signal(signal, names, _),
        points=describe_points(signal, _),
        is_outdated=is_older_list
        or (signal.kind in ON_EVENTS and _is_outdated(signal.action_version_id, pinned, newest)),
        action_id=row.action_id if row else None,
        list_ref=signal.list_ref,
    )
