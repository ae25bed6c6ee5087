"""Only production feeds live definitions; a version in testing may ask for the rest. From the event to the PQL."""

import pytest

from ingestion.models import Account, TraitValue
from ingestion.operations import mark_environments
from ingestion.operations.imports import FileImport, import_file
from ingestion.rules.mapping import make_plan
from scoring.models import Qualification
from scoring.operations import score_due, start_testing
from tenants.audit import SYSTEM
from tenants.models import Source
from tenants.operations import change_environment, create_source
from tests.factories.ingestion import send_and_fold, track
from tests.factories.scoring import make_draft, make_live, signal

pytestmark = pytest.mark.django_db


@pytest.fixture
def staging(in_acme, now) -> Source:
    return create_source(name="Staging", kind="import", environment="staging", by=SYSTEM, now=now)


def move(source: Source, environment: str, now) -> None:
    change_environment(source=source, environment=environment, by=SYSTEM, now=now)
    while mark_environments(now=now):
        pass


def live_pqls(version) -> int:
    return Qualification.objects.filter(version=version, closed_at=None).count()


def import_rows(tenant, source, path, now, type: str, **maps: str) -> None:
    columns = path.read_text().splitlines()[0].split(",")
    words = [f"{field}={column}" for field, column in maps.items()]
    plan = make_plan(type=type, maps=words, payload=None, time_zone="UTC", columns=columns)
    import_file(FileImport(tenant, source, path, plan, now, is_historical=False), by=SYSTEM)


def test_staging_feeds_the_version_that_asks_and_never_the_live_one(in_acme, login, staging, now):
    live = make_live(signal(login))
    testing = start_testing(version=make_draft(signal(login)), with_test_sources=True, by=SYSTEM, now=now)
    deaf = start_testing(version=make_draft(signal(login)), by=SYSTEM, now=now)

    send_and_fold(in_acme, [track("tester", "login", ts=now.replace(hour=1))], source=staging)
    score_due(now=now)

    assert live_pqls(live) == 0
    assert [each.scores.filter(is_qualified=True).count() for each in (testing, deaf)] == [1, 0]


def test_a_source_that_becomes_production_feeds_live_ones_and_stops_when_it_leaves(
    in_acme, login, staging, now
):
    live = make_live(signal(login))
    send_and_fold(in_acme, [track("tester", "login", ts=now.replace(hour=1))], source=staging)

    for environment, qualified in (("production", 1), ("development", 0), ("production", 1), ("staging", 0)):
        move(staging, environment, now)
        score_due(now=now)
        assert live.scores.filter(is_qualified=True).count() == qualified


def test_imports_from_staging_feed_live_ones_only_once_it_is_production(
    in_acme, login, staging, tmp_path, now
):
    live = make_live(signal(login))
    path = tmp_path / "rows.csv"
    path.write_text(f"who,what,at\ntester,login,{now.replace(hour=1).isoformat()}\n")
    import_rows(in_acme, staging, path, now, "track", userId="who", event="what", timestamp="at")

    assert (score_due(now=now).opened, live_pqls(live)) == (0, 0)
    move(staging, "production", now)
    score_due(now=now)
    assert live_pqls(live) == 1


@pytest.mark.parametrize(("environment", "taught"), [("staging", 0), ("production", 1)])
def test_a_file_of_accounts_teaches_only_from_production(
    in_acme, staging, tmp_path, now, environment, taught
):
    move(staging, environment, now)
    path = tmp_path / "rows.csv"
    path.write_text("website,employees\nacme.com,250\n")
    import_rows(in_acme, staging, path, now, "account", domain="website")

    assert TraitValue.objects.filter(name="employees").count() == taught
    assert Account.objects.get().traits.get("employees") == ("250" if taught else None)
