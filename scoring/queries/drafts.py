"""What others did to a draft, for whoever had it open meanwhile."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from ingestion.models import ActionVersion
from scoring.models import DraftSave, Version
from scoring.rules.spec import Spec
from scoring.rules.wording import describe_changes
from tenants.queries import names_of


@dataclass(frozen=True)
class Save:
    """One save: who (empty: the system), when, and what it changed in words."""

    at: datetime
    by: str
    changes: tuple[str, ...]


@dataclass(frozen=True)
class Meanwhile:
    """What became of an opened draft: it was saved, published, or (neither) discarded."""

    saves: tuple[Save, ...] = ()
    published: Version | None = None
    published_by: str = ""


def since(seen: str, draft: Version) -> Meanwhile:
    """What happened after somebody opened the Version.edition `seen`; `draft` is the one there is now. 2 queries."""
    version_id, revision = _parts(seen)
    if version_id != draft.pk:
        opened = Version.objects.filter(pk=version_id, definition_id=draft.definition_id).first()
        who = names_of([opened.published_by_id]).get(opened.published_by_id, "") if opened else ""
        return Meanwhile(published=opened, published_by=who)
    rows = list(DraftSave.objects.filter(version=draft, revision__gt=revision).order_by("revision"))
    people = names_of(row.saved_by_id for row in rows)
    return Meanwhile(
        tuple(Save(row.saved_at, people.get(row.saved_by_id, ""), tuple(row.changes)) for row in rows)
    )


def _parts(seen: str) -> tuple[UUID | None, int]:
    key, _colon, revision = seen.partition(":")
    try:
        return UUID(key), int(revision)
    except ValueError:
        return None, 0


def changes_between(old: Spec, new: Spec) -> list[str]:
    """What is different in `new`, in words. 1 query."""
    names = {key: row.action.name for key, row in pinned_actions([old, new]).items()}
    return describe_changes(old, new, names, _)


def pinned_actions(specs: Iterable[Spec]) -> dict[int, ActionVersion]:
    """The action versions that these specs count, with their actions. 1 query."""
    keys = {signal.action_version_id for spec in specs for signal in spec.signals}
    rows = ActionVersion.objects.filter(pk__in=keys - {None}).select_related("action")
    return {row.pk: row for row in rows}
