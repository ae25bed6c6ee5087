"""From draft to testing, live and archive."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from scoring.models import Band, Definition, Signal, Version
from scoring.operations.definitions import DraftRefused, check_seen, draft_problems, lock_draft
from scoring.operations.episodes import close_all_open
from scoring.operations.forgetting import archive_versions
from scoring.operations.locks import lock_scoring
from scoring.queries.specs import draft_spec
from tenants import audit
from tenants.audit import Actor
from tenants.context import current_tenant_id
from tenants.work import wake


class NotPossible(ValueError):
    """The version or definition is not in a state that allows this; the message says what to do."""


@transaction.atomic
def publish_version(*, version: Version, by: Actor, now: datetime, seen: str | None = None) -> Version:
    """Make a draft (or a version in testing) live.

    Freezes its closure: the newest version of every action and the tenant's zone. The version that was live is
    archived. Everybody is scored in slices from now on (Version.scored_through says how far). seen: the Version.edition
    that was looked at. Raises DraftRefused for a draft with problems, DraftChanged for one that was saved since,
    NotPossible for a version that is neither draft nor testing or whose definition is archived.
    """
    lock_scoring()
    fresh = _lock(version)
    if fresh.state == Version.State.DRAFT:
        check_seen(fresh, seen)
        _freeze(fresh)
    elif fresh.state == Version.State.TESTING:
        fresh.closure = (fresh.closure or {}) | {"with_test_sources": False}
    else:
        raise NotPossible(_("Only a draft or a version in testing can be published. Make a new draft first."))
    live = Version.objects.filter(definition=fresh.definition, state=Version.State.LIVE)
    archive_versions(live, now=now)
    return _start(fresh, Version.State.LIVE, "version.published", by, now)


@transaction.atomic
def start_testing(*, version: Version, by: Actor, now: datetime, with_test_sources: bool = False) -> Version:
    """Score a draft beside the live version without opening anything. with_test_sources: it also counts what sources
    of staging and development sent; published, it no longer does. One version of a definition tests at a time: the
    one that did is archived. Raises DraftRefused and NotPossible as publish_version."""
    lock_scoring()
    fresh = _lock(version)
    if fresh.state != Version.State.DRAFT:
        raise NotPossible(_("Only a draft can be tested. Make a new draft first."))
    _freeze(fresh)
    fresh.closure = (fresh.closure or {}) | {"with_test_sources": with_test_sources}
    testing = Version.objects.filter(definition=fresh.definition, state=Version.State.TESTING)
    archive_versions(testing, now=now)
    return _start(fresh, Version.State.TESTING, "version.testing", by, now)


@transaction.atomic
def archive_definition(*, definition: Definition, by: Actor, now: datetime) -> Definition:
    """Stop scoring. Its open PQLs cool down; history stays. Archiving twice changes nothing."""
    lock_scoring()
    fresh = Definition.objects.select_for_update().get(pk=definition.pk)
    if fresh.archived_at is not None:
        return fresh
    fresh.archived_at = now
    fresh.save(update_fields=["archived_at"])
    scoring = [Version.State.LIVE, Version.State.TESTING]
    Version.objects.filter(definition=fresh, state__in=scoring).update(
        state=Version.State.ARCHIVED, archived_at=now
    )
    close_all_open(definition=fresh, now=now)
    audit.record(by=by, verb="definition.archived", target=fresh, fields=["archived_at"], now=now)
    return fresh


def _lock(version: Version) -> Version:
    fresh = Version.objects.select_for_update(of=("self",)).select_related("definition").get(pk=version.pk)
    if fresh.definition.archived_at is not None:
        raise NotPossible(_("This definition is archived. Make a new one."))
    return fresh


def _freeze(version: Version) -> None:
    lock_draft(version)
    signals = list(Signal.objects.filter(version=version).order_by("position", "id"))
    problems = draft_problems(version, signals, list(Band.objects.filter(version=version)))
    if problems:
        raise DraftRefused(problems)
    version.closure = draft_spec(version).to_json()


def _start(version: Version, state: str, verb: str, by: Actor, now: datetime) -> Version:
    version.state = state
    version.published_at = now
    version.published_by_id = by.user_id
    version.scored_through = None
    version.first_scored_at = None
    version.save()
    audit.record(by=by, verb=verb, target=version, fields=["state", "closure"], now=now)
    wake(tenant_id=current_tenant_id(), kind="score", at=now)
    return version
