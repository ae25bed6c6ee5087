"""Versions as specs: the frozen one, or what a draft says now with the newest version of each action pinned."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from ingestion.models import ActionVersion, Limit, List, Plan, PlanLimit
from ingestion.queries.lists import BUILT_IN, editions_that_expire
from ingestion.queries.plans import MONTHS
from ingestion.rules.lists import DOMAIN
from scoring.models import Band, Signal, Version
from scoring.rules.spec import BUILT_IN as BUILT_IN_REF
from scoring.rules.spec import (
    ON_EVENTS,
    WITH_AMOUNT,
    Allowance,
    BandSpec,
    Level,
    RuleMode,
    SignalKind,
    SignalSpec,
    Spec,
    UsageSpec,
    WindowKind,
)
from scoring.rules.validation import ActionFacts
from tenants.context import current_tenant_id
from tenants.models import BusinessUnit, Tenant

LEVELS = {1: Level.PERSON, 2: Level.ACCOUNT}


def frozen_spec(version: Version) -> Spec:
    """The spec a version was frozen with. Raises ValueError for a draft."""
    if version.closure is None:
        raise ValueError("A draft is not frozen: use draft_spec.")
    return Spec.from_json(version.closure)


def draft_spec(version: Version) -> Spec:
    """What a version's rows say now, with the newest version of each action and the tenant's zone of today."""
    signals = list(Signal.objects.filter(version=version).order_by("position", "id"))
    return build_spec(version, signals, list(Band.objects.filter(version=version)))


def build_spec(version: Version, signals: Sequence[Signal], bands: Iterable[Band]) -> Spec:
    """A spec from rows that need not be saved. Signals get their keys by place; bands are sorted."""
    pinned = newest_action_versions(signal.action_id for signal in signals if signal.action_id)
    lists = _list_facts(signals)
    usages = _usages(signals, version.definition.business_unit)
    return Spec(
        level=LEVELS[version.definition.level],
        time_zone=Tenant.objects.values_list("time_zone", flat=True).get(pk=current_tenant_id()),
        enter_threshold=version.enter_threshold,
        exit_threshold=version.exit_threshold,
        requalify_after_days=version.requalify_after_days,
        signals=tuple(
            replace(
                _signal_spec(signal, place, pinned),
                **lists.get(signal.list_ref, {}),
                usage=usages.get((signal.limit_id, signal.only_hard)),
            )
            for place, signal in enumerate(signals, start=1)
        ),
        bands=tuple(
            sorted((BandSpec(band.name, band.minimum) for band in bands), key=lambda band: -band.minimum)
        ),
    )


def newest_action_versions(action_ids: Iterable[UUID]) -> dict[UUID, ActionVersion]:
    """The version of each action that a version published now would pin."""
    rows = ActionVersion.objects.filter(action_id__in=set(action_ids))
    return {row.action_id: row for row in rows.order_by("action_id", "-number").distinct("action_id")}


def known_actions(signals: Iterable[Signal]) -> dict[int, ActionFacts]:
    """What validation needs to know about the actions of these signals, by action version."""
    pinned = newest_action_versions(signal.action_id for signal in signals if signal.action_id)
    return {row.pk: ActionFacts(has_number=bool(row.number_property)) for row in pinned.values()}


def _list_facts(signals: Iterable[Signal]) -> dict[str, dict[str, Any]]:
    """What a spec says of each list that these signals ask, by its key, with the newest edition pinned. 2 queries; none
    without such a signal."""
    asked = {signal.list_ref for signal in signals} - {""}
    codes = {ref.removeprefix(BUILT_IN_REF) for ref in asked if ref.startswith(BUILT_IN_REF)}
    found: dict[str, dict[str, Any]] = {
        f"{BUILT_IN_REF}{code}": {"list_name": str(BUILT_IN[code].name), "list_kind": DOMAIN}
        for code in codes
    }
    keys = [ref for ref in asked if not ref.startswith(BUILT_IN_REF)]
    rows = list(List.objects.filter(pk__in=keys)) if keys else []
    expiring = editions_that_expire(rows) if rows else set()
    for row in rows:
        found[str(row.pk)] = {
            "list_name": row.name,
            "list_kind": row.kind,
            "list_edition": row.edition,
            "list_expires": row.pk in expiring,
        }
    return {ref: {"list_ref": ref, **facts} for ref, facts in found.items()}


def _usages(signals: Iterable[Signal], unit: BusinessUnit) -> dict[tuple[UUID | None, bool], UsageSpec]:
    """The limits that these signals ask, with what the plans of the unit and those above it allow now; of two plans
    with the same key the unit's own. 3 queries; none without such a signal."""
    asked = {(signal.limit_id, signal.only_hard) for signal in signals if signal.kind == Signal.Kind.USAGE}
    asked = {(key, only_hard) for key, only_hard in asked if key is not None}
    if not asked:
        return {}
    limits = {row.pk: row for row in Limit.objects.filter(pk__in={key for key, _only in asked})}
    actions = newest_action_versions(
        key for row in limits.values() for key in (row.action_id, row.returning_action_id) if key
    )
    rows = PlanLimit.objects.filter(limit_id__in=limits, plan__business_unit_id__in=unit.lineage)
    rows = rows.select_related("plan__business_unit")
    nearest = sorted(rows, key=lambda row: len(row.plan.business_unit.path))
    return {
        (key, only_hard): _usage(
            limits[key],
            actions,
            [row for row in nearest if row.limit_id == key and (row.is_hard or not only_hard)],
        )
        for key, only_hard in asked
        if key in limits
    }


def _usage(limit: Limit, actions: dict[UUID, ActionVersion], rows: Sequence[PlanLimit]) -> UsageSpec:
    by_plan = {
        row.plan.key: Allowance(row.plan.key, row.amount, MONTHS[Plan.Billing(row.plan.billing)])
        for row in rows
    }
    action, returning = (
        actions.get(key) if key else None for key in (limit.action_id, limit.returning_action_id)
    )
    return UsageSpec(
        limit=limit.name,
        resets=limit.resets,
        allowances=tuple(by_plan[key] for key in sorted(by_plan)),
        action_version_id=action.pk if action else None,
        returning_version_id=returning.pk if returning else None,
        gauge_trait=limit.gauge_trait,
    )


def _signal_spec(signal: Signal, place: int, pinned: dict[UUID, ActionVersion]) -> SignalSpec:
    kind = SignalKind(signal.kind)
    is_trait = kind == SignalKind.TRAIT
    is_rule = kind == SignalKind.RULE
    is_windowless = is_trait or is_rule or kind in (SignalKind.USAGE, SignalKind.MILESTONE)
    is_timeless = is_windowless or signal.window == WindowKind.EVER
    action = pinned.get(signal.action_id) if signal.action_id and kind in ON_EVENTS else None
    counts_signals = is_rule and signal.rule_mode == RuleMode.AT_LEAST
    needs_amount = kind in WITH_AMOUNT or kind == SignalKind.USAGE or counts_signals
    amount = signal.at_least if needs_amount and signal.at_least is not None else 1
    return SignalSpec(
        key=str(place),
        name=signal.name,
        kind=kind,
        points=signal.points,
        at_least=Decimal(amount),
        action_version_id=action.pk if action else None,
        window=WindowKind.EVER if is_timeless else WindowKind(signal.window),
        window_length=None if is_timeless else signal.window_length,
        trait_name=signal.trait_name if is_trait else "",
        trait_operator=signal.trait_operator if is_trait else "",
        trait_values=split_values(signal) if is_trait else (),
        per_occurrence=signal.points_mode == Signal.PointsMode.PER_OCCURRENCE,
        points_cap=signal.points_cap,
        is_required=signal.is_required,
        is_excluding=signal.is_excluding,
        at_most=signal.at_most if kind in WITH_AMOUNT else None,
        rule_mode=signal.rule_mode if is_rule else "",
        rule_of=tuple(signal.rule_members) if is_rule else (),
    )


def split_values(signal: Signal) -> tuple[str, ...]:
    """The values a trait is tested against: several, by commas, only where the test takes several."""
    several = signal.trait_operator in (Signal.TraitOperator.ONE_OF, Signal.TraitOperator.CONTAINS)
    parts = signal.trait_value.split(",") if several else [signal.trait_value]
    return tuple(part.strip() for part in parts if part.strip())
