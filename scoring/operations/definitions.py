"""Motions, definitions and their drafts."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import cast

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ingestion.models import Action
from ingestion.queries.lists import usable_lists
from scoring.models import Band, Definition, DraftSave, Motion, Signal, Version
from scoring.queries.drafts import changes_between
from scoring.queries.specs import build_spec, draft_spec, known_actions, newest_action_versions
from scoring.rules.spec import OWN_IDS, WITH_AMOUNT
from scoring.rules.validation import LIST_TESTS, Problem, validate
from tenants import audit
from tenants.audit import Actor
from tenants.models import BusinessUnit

SIGNAL_FIELDS = [field.name for field in Signal._meta.fields if field.name not in ("id", "tenant", "version")]


class DraftRefused(ValueError):
    """The draft cannot be saved or published as it is. `problems` says what to mend, field by field."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{problem.field}: {problem.message}" for problem in self.problems))


class DraftChanged(ValueError):
    """Somebody else saved, published or discarded the draft after it was opened (scoring.queries.drafts says who and
    what)."""


@transaction.atomic
def create_motion(
    *,
    business_unit: BusinessUnit,
    name: str,
    goal_action: Action,
    by: Actor,
    now: datetime,
    start_action: Action | None = None,
    goal_window_days: int = 30,
) -> Motion:
    """What a unit tries to bring about. Raises ValidationError for a taken name or an absurd window."""
    motion = Motion(
        business_unit=business_unit,
        name=name,
        start_action=start_action,
        goal_action=goal_action,
        goal_window_days=goal_window_days,
        created_at=now,
    )
    motion.full_clean()
    motion.save(force_insert=True)
    audit.record(by=by, verb="motion.created", target=motion, fields=["name", "goal_action"], now=now)
    return motion


@transaction.atomic
def edit_motion(*, motion: Motion, by: Actor, now: datetime) -> Motion:
    """Save what was changed on the instance. Raises ValidationError."""
    fields = ["name", "start_action", "goal_action", "goal_window_days"]
    motion.full_clean()
    motion.save(update_fields=fields)
    audit.record(by=by, verb="motion.changed", target=motion, fields=fields, now=now)
    return motion


@transaction.atomic
def create_definition(
    *,
    business_unit: BusinessUnit,
    motion: Motion,
    name: str,
    level: int,
    by: Actor,
    now: datetime,
    description: str = "",
) -> Definition:
    """A definition with an empty draft (version 1). Raises ValidationError for a taken name."""
    definition = Definition(
        business_unit=business_unit,
        motion=motion,
        name=name,
        description=description,
        level=level,
        created_at=now,
    )
    definition.full_clean()
    definition.save(force_insert=True)
    Version.objects.create(definition=definition, number=1, created_at=now)
    audit.record(by=by, verb="definition.created", target=definition, fields=["name", "level"], now=now)
    return definition


@transaction.atomic
def edit_definition(*, definition: Definition, by: Actor, now: datetime) -> Definition:
    """Save a changed name, description or motion. The level is fixed: scores of persons and accounts do not mix."""
    definition.full_clean()
    fields = ["name", "description", "motion"]
    definition.save(update_fields=fields)
    audit.record(by=by, verb="definition.changed", target=definition, fields=fields, now=now)
    return definition


@transaction.atomic
def save_draft(
    *,
    version: Version,
    signals: Sequence[Signal],
    bands: Sequence[Band],
    enter_threshold: int,
    exit_threshold: int,
    requalify_after_days: int,
    by: Actor,
    now: datetime,
    seen: str | None = None,
    facts: Definition | None = None,
) -> Version:
    """Replace everything in a draft.

    signals, bands: unsaved rows in their order (a form's `save(commit=False)`); thresholds in hundredths. Fields that
    do not belong to a signal's kind are emptied. seen: the Version.edition the writer saw, None to save over whatever
    is there. facts: the definition with its name, description and motion as typed, None to leave them. Raises
    DraftRefused with every problem found, DraftChanged, or ValidationError about the facts, and saves nothing then.
    """
    version = lock_draft(version)
    check_seen(version, seen)
    before = draft_spec(version)
    version.enter_threshold = enter_threshold
    version.exit_threshold = exit_threshold
    version.requalify_after_days = requalify_after_days
    rows = [_tidy(signal, version, position) for position, signal in enumerate(signals)]
    problems = draft_problems(version, rows, bands)
    if problems:
        raise DraftRefused(problems)
    version.revision += 1
    version.save(update_fields=["enter_threshold", "exit_threshold", "requalify_after_days", "revision"])
    Signal.objects.filter(version=version).delete()
    Band.objects.filter(version=version).delete()
    Signal.objects.bulk_create(rows)
    Band.objects.bulk_create(
        [Band(version=version, name=band.name.strip(), minimum=band.minimum) for band in bands]
    )
    audit.record(
        by=by, verb="draft.saved", target=version, fields=["signals", "bands", "thresholds"], now=now
    )
    changes = changes_between(before, draft_spec(version))
    if facts is not None:
        changes += _facts_changes(facts)
        edit_definition(definition=facts, by=by, now=now)
    DraftSave.objects.create(
        version=version, revision=version.revision, saved_at=now, saved_by_id=by.user_id, changes=changes
    )
    return version


def check_seen(draft: Version, seen: str | None) -> None:
    """Raises DraftChanged unless `seen` (None: whatever there is) is the newest edition of this locked draft."""
    if seen is not None and seen != draft.edition:
        raise DraftChanged(_("Somebody else has saved this draft since. Look at it again."))


def _facts_changes(facts: Definition) -> list[str]:
    before = Definition.objects.select_related("motion").get(pk=facts.pk)
    found = []
    if before.name != facts.name:
        found.append(_("Called “%(new)s” instead of “%(old)s”.") % {"new": facts.name, "old": before.name})
    if before.motion_id != facts.motion_id:
        found.append(
            _("Serves the motion “%(new)s” instead of “%(old)s”.")
            % {"new": facts.motion, "old": before.motion}
        )
    if before.description != facts.description:
        found.append(_("Another description."))
    return found


def draft_problems(version: Version, signals: Sequence[Signal], bands: Sequence[Band]) -> list[Problem]:
    """What is wrong with these unsaved rows as the content of `version`. Writes nothing: forms preview with it."""
    problems = [*_row_problems(signals, "signals"), *_row_problems(bands, "bands")]
    if problems:  # a spec can only be built from fields that are right one by one
        return problems
    falling = sorted(range(len(bands)), key=lambda place: -bands[place].minimum)
    spec = build_spec(version, signals, [bands[place] for place in falling])
    usable = _usable_actions(version, signals)
    known = {key: facts for key, facts in known_actions(signals).items() if key in usable}
    asked = any(signal.list_id for signal in signals)
    lists = {str(row.pk) for row in usable_lists(version.definition.business_unit)} if asked else set()
    units = version.definition.business_unit.lineage
    limits = {
        place
        for place, signal in enumerate(signals)
        if signal.limit is not None and str(signal.limit.business_unit_id) in units
    }
    return [_as_given(problem, falling) for problem in validate(spec, known, _, lists, limits)]


@transaction.atomic
def new_draft(*, definition: Definition, by: Actor, now: datetime) -> Version:
    """A draft to edit: the one there is, or a copy of the newest version (the live one if there is one)."""
    Definition.objects.select_for_update().get(pk=definition.pk)
    versions = Version.objects.filter(definition=definition)
    draft = versions.filter(state=Version.State.DRAFT).first()
    if draft is not None:
        return cast(Version, draft)
    newest = versions.order_by("-number").first()
    origin = versions.filter(state=Version.State.LIVE).first() or newest
    draft = Version.objects.create(
        definition=definition,
        number=newest.number + 1,
        enter_threshold=origin.enter_threshold,
        exit_threshold=origin.exit_threshold,
        requalify_after_days=origin.requalify_after_days,
        created_at=now,
    )
    Signal.objects.bulk_create(
        [
            _tidy(row, draft, row.position)
            for row in Signal.objects.filter(version=origin).order_by("position")
        ]
    )
    Band.objects.bulk_create(
        [
            Band(version=draft, name=row.name, minimum=row.minimum)
            for row in Band.objects.filter(version=origin)
        ]
    )
    audit.record(by=by, verb="draft.created", target=draft, fields=["number"], now=now)
    return cast(Version, draft)


def lock_draft(version: Version) -> Version:
    """The draft, locked for this transaction. Raises DraftRefused when it is no draft any more."""
    rows = Version.objects.select_for_update(of=("self",)).select_related("definition")
    locked = rows.filter(pk=version.pk).first()
    if locked is None or locked.state != Version.State.DRAFT:
        message = _("This version is no longer a draft and cannot be changed. Make a new draft from it.")
        raise DraftRefused([Problem("version", message)])
    return cast(Version, locked)


def _tidy(signal: Signal, version: Version, position: int) -> Signal:
    """A fresh row with only what its kind uses, so that hidden form fields leave nothing behind."""
    fields = {field: getattr(signal, field) for field in SIGNAL_FIELDS}
    is_trait, is_usage = signal.kind == Signal.Kind.TRAIT, signal.kind == Signal.Kind.USAGE
    if is_usage:
        fields |= {"action": None, "points_mode": Signal.PointsMode.FIXED}
    else:
        fields |= {"limit": None, "only_hard": False}
    is_rule = signal.kind == Signal.Kind.RULE
    if is_rule:
        fields |= {"action": None, "points_mode": Signal.PointsMode.FIXED}
    else:
        fields |= {"rule_mode": "", "rule_members": []}
    if is_trait:
        fields |= {"action": None, "at_least": None, "points_mode": Signal.PointsMode.FIXED}
    else:
        fields |= {"trait_name": "", "trait_operator": "", "trait_value": ""}
    if fields["trait_operator"] not in LIST_TESTS:
        fields |= {"list": None, "builtin_list": ""}
    else:
        fields["trait_value"] = ""
        if fields["list"] and fields["list"].kind in OWN_IDS:
            fields["trait_name"] = ""
    if signal.kind not in WITH_AMOUNT:
        fields["at_most"] = None
    if is_trait or is_usage or is_rule or signal.kind == Signal.Kind.MILESTONE:
        fields["window"] = Signal.Window.EVER
    if fields["window"] == Signal.Window.EVER:
        fields["window_length"] = None
    counts_signals = is_rule and signal.rule_mode == Signal.RuleMode.AT_LEAST
    if signal.kind in (Signal.Kind.MILESTONE, Signal.Kind.RECENCY) or (is_rule and not counts_signals):
        fields["at_least"] = None
    fields |= {"position": position, "name": (signal.name or "").strip()}
    return Signal(version=version, **fields)


def _row_problems(rows: Sequence[Signal] | Sequence[Band], prefix: str) -> list[Problem]:
    """Django's own field checks (too long, not a choice, not a number), without the checks against other rows."""
    problems = []
    for place, row in enumerate(rows):
        try:
            row.clean_fields(exclude=["tenant", "version", "id", "action", "list", "limit"])
        except ValidationError as error:
            for field, messages in error.message_dict.items():
                problems.append(Problem(f"{prefix}.{place}.{field}", " ".join(messages)))
    return problems


def _usable_actions(version: Version, signals: Sequence[Signal]) -> set[int]:
    """Newest versions of the actions that the definition's unit may use: its own and those of the units above it."""
    pinned = newest_action_versions(signal.action_id for signal in signals if signal.action_id)
    owners = Action.objects.filter(pk__in=pinned, archived_at__isnull=True).select_related("business_unit")
    unit = version.definition.business_unit
    return {pinned[action.pk].pk for action in owners if action.business_unit.covers(unit)}


def _as_given(problem: Problem, falling: list[int]) -> Problem:
    """Bands are checked in falling order; say the place in the order they were given."""
    parts = problem.field.split(".")
    if parts[0] == "bands" and len(parts) == 3:
        parts[1] = str(falling[int(parts[1])])
    return Problem(".".join(parts), problem.message)
