"""Only production counts."""

from uuid import uuid4

import pytest

from ingestion.models import Activity, Person, Touched
from ingestion.models.events import Exclusion
from ingestion.operations import backfill_actions, mark_environments
from ingestion.queries import event_names
from pqlhub.pulse import LONG
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import AuditEvent, Source, Work
from tenants.operations import change_environment, create_source
from tenants.work import Claim
from tests.factories.ingestion import START, identify, make_action, make_source, send_and_fold, track

STAGING, PRODUCTION = Source.Environment.STAGING, Source.Environment.PRODUCTION


@pytest.fixture
def staging(in_acme) -> Source:
    return create_source(name="Staging app", kind="server", environment=STAGING, by=SYSTEM, now=START)


def move(source: Source, environment: str, now) -> None:
    change_environment(source=source, environment=environment, by=SYSTEM, now=now)
    while mark_environments(now=now):
        pass


def marks() -> list[int]:
    return sorted(Activity.objects.values_list("exclusion", flat=True))


def test_what_staging_sends_is_stored_and_does_not_count(in_acme, staging):
    make_action("login")
    send_and_fold(in_acme, [track("tester", "login")], source=staging)
    send_and_fold(in_acme, [track("ann", "login")])

    assert marks() == [Exclusion.NONE, Exclusion.NOT_PRODUCTION]


def test_an_action_made_later_does_not_count_it_either(in_acme, staging, now):
    send_and_fold(in_acme, [track("tester", "login")], source=staging)
    make_action("login")
    backfill_actions(now=now)

    assert marks() == [Exclusion.NOT_PRODUCTION]


def test_staging_teaches_no_traits(in_acme, staging):
    send_and_fold(in_acme, [identify("ann", traits={"plan": "free"})])
    send_and_fold(in_acme, [identify("ann", traits={"plan": "enterprise"})], source=staging)

    assert Person.objects.get().traits == {"plan": "free"}


def test_moving_a_source_marks_history_again_and_wakes_scoring(in_acme, staging, now):
    make_action("login")
    send_and_fold(in_acme, [track("tester", "login", account="acme")], source=staging)
    Touched.objects.all().delete()

    move(staging, PRODUCTION, now)
    assert marks() == [Exclusion.NONE]
    assert Touched.objects.count() == 2  # the person and the account

    move(staging, Source.Environment.DEVELOPMENT, now)
    assert marks() == [Exclusion.NOT_PRODUCTION]
    assert AuditEvent.objects.filter(verb="source.environment_changed").count() == 2


def test_a_bot_stays_a_bot_in_every_environment(in_acme, now):
    app = make_source(in_acme, kind="browser")
    make_action("login")
    send_and_fold(in_acme, [track("x", "login", context={"userAgent": "Googlebot/2.1"})], source=app)

    for environment in (STAGING, PRODUCTION):
        move(app, environment, now)
        assert marks() == [Exclusion.BOT]


def test_marking_goes_on_slice_by_slice_beside_other_marks(acme, in_acme, now, monkeypatch):
    monkeypatch.setattr("ingestion.operations.environments.SLICE", 2)
    make_action("login")
    app = make_source(in_acme)
    send_and_fold(in_acme, [track(f"u{n}", "login") for n in range(5)])
    change_environment(source=app, environment=STAGING, by=SYSTEM, now=now)

    assert Work.objects.filter(kind="mark", next_at__lte=now).exists()
    while LONG["mark"](Claim(acme.pk, "mark", "", uuid4(), 1), lambda: now).next_at:
        pass
    assert marks() == [Exclusion.NOT_PRODUCTION] * 5


def test_between_staging_and_development_nothing_is_marked_again(staging, now):
    change_environment(source=staging, environment=Source.Environment.DEVELOPMENT, by=SYSTEM, now=now)

    assert not mark_environments(now=now)
    assert not Work.objects.filter(kind="mark").exists()


def test_catalogue_counts_production_and_the_rest_when_asked(in_acme, staging):
    send_and_fold(in_acme, [track("ann", "Paid")])
    send_and_fold(in_acme, [track("tester", "Paid"), track("tester", "Half done")], source=staging)

    assert [(row.name, row.received) for row in event_names()] == [("Paid", 1)]
    everything = {row.name: row.received for row in event_names(with_test_sources=True)}
    assert everything == {"Paid": 2, "Half done": 1}


def test_another_tenants_sources_stay_as_they_are(acme, globex, now):
    with tenant_context(globex.pk):
        make_action("login")
        send_and_fold(globex, [track("ann", "login")])
    with tenant_context(acme.pk):
        move(make_source(acme), STAGING, now)
    with tenant_context(globex.pk):
        assert marks() == [Exclusion.NONE]
