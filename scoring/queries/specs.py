"""Versions as specs: the frozen one, or what a draft says now with the newest version of each action pinned."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from uuid import UUID

from ingestion.models import ActionVersion
from scoring.models import Band, Signal, Version
from scoring.rules.spec import BandSpec, Level, SignalKind, SignalSpec, Spec, WindowKind
from scoring.rules.validation import ActionFacts
from tenants.context import current_tenant_id
from tenants.models import Tenant

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
    return Spec(
        level=LEVELS[version.definition.level],
        time_zone=Tenant.objects.values_list("time_zone", flat=True).get(pk=current_tenant_id()),
        enter_threshold=version.enter_threshold,
        exit_threshold=version.exit_threshold,
        requalify_after_days=version.requalify_after_days,
        signals=tuple(_signal_spec(signal, place, pinned) for place, signal in enumerate(signals, start=1)),
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


def _signal_spec(signal: Signal, place: int, pinned: dict[UUID, ActionVersion]) -> SignalSpec:
    kind = SignalKind(signal.kind)
    is_trait = kind == SignalKind.TRAIT
    is_timeless = is_trait or kind == SignalKind.MILESTONE or signal.window == WindowKind.EVER
    action = pinned.get(signal.action_id) if signal.action_id and not is_trait else None
    needs_amount = kind in (SignalKind.COUNT, SignalKind.DISTINCT_DAYS, SignalKind.SUM)
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
    )


def split_values(signal: Signal) -> tuple[str, ...]:
    """The values a trait is tested against: several, by commas, only where the test takes several."""
    several = signal.trait_operator in (Signal.TraitOperator.ONE_OF, Signal.TraitOperator.CONTAINS)
    parts = signal.trait_value.split(",") if several else [signal.trait_value]
    return tuple(part.strip() for part in parts if part.strip())
