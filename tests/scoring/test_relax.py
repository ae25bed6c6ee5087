"""Real history against truth computed twice elsewhere: who logged in on 3 different days within 7, and when first."""

import csv
import time
from collections import Counter
from datetime import date
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.management import call_command

from ingestion.models import Identity
from ingestion.queries.people import accounts_of
from scoring.models import Qualification, ReplayRun
from scoring.queries import ever_qualified, qualified_at_end_of
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.operations import create_tenant
from tests.factories.ingestion import make_action
from tests.factories.scoring import make_draft, signal

RELAX = Path(__file__).resolve().parents[3] / "shared" / "data" / "relax"
EVENTS = ["userId=user_id", "timestamp=timestamp", "groupId=account_id", "event=event", "messageId=event_id"]
FIRST, LAST = date(2012, 5, 31), date(2014, 6, 6)

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.prove,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(not RELAX.is_dir(), reason="needs ../shared/data/relax beside the repository"),
]


def replayed(slug, path, now, figure):
    """A tenant in UTC with the file imported and the definition replayed by the command, and the run."""
    tenant = create_tenant(slug=slug, name=slug, time_zone="UTC", by=SYSTEM, now=now)
    with tenant_context(tenant.pk):
        login = make_action("login")
        make_draft(signal(login, kind="distinct_days", at_least=3), name="Adopted")
    mapped = [word for each in EVENTS for word in ("--map", each)]
    call_command("import_events", str(path), "--tenant", slug, *mapped)
    began = time.perf_counter()
    call_command(
        "replay", "--tenant", slug, "--definition", "Adopted", "--from", str(FIRST), "--to", str(LAST)
    )
    figure(f"Relax, replay of 737 days from a {slug} file: {time.perf_counter() - began:.1f} s")
    with tenant_context(tenant.pk):
        return tenant, ReplayRun.objects.get()


def first_days(run):
    """User id -> the first day of being qualified."""
    users = dict(Identity.objects.values_list("person_id", "value"))
    return {int(users[person]): day for person, day in ever_qualified(run).items()}


def truth_days():
    rows = pq.read_table(RELAX / "relax_truth_adoption.parquet", columns=["user_id", "adopted_at_day"])
    return {row["user_id"]: row["adopted_at_day"].date() for row in rows.to_pylist() if row["adopted_at_day"]}


def check_numbers(how, run, figure):
    """The numbers everybody checks against, and the first day of each person, for a run however its events came."""
    days = first_days(run)
    in_march = qualified_at_end_of(run, date(2014, 3, 31))
    accounts = hot_accounts(in_march)
    figure(
        f"Relax, {how}: {len(days):,} persons ever; end of March 2014: {len(in_march)} in {accounts[0]} accounts,"
        f" {accounts[1]} with 2 or more, {accounts[2]} with 3 or more"
    )
    assert days == truth_days()
    assert (len(days), len(in_march), accounts) == (1602, 693, (320, 205, 91))


def hot_accounts(persons):
    """How many accounts have at least 1, 2, 3 of these persons."""
    per_account = Counter(accounts[0].pk for accounts in accounts_of(list(persons)).values())
    return tuple(sum(number >= least for number in per_account.values()) for least in (1, 2, 3))


@pytest.mark.django_db(transaction=True)
def test_replay_of_all_log_ins_finds_exactly_the_truth(db, now, settings, figure):
    settings.TENANT_REBIND_IN_SAVEPOINT = False
    tenant, run = replayed("sorted", RELAX / "relax_events.parquet", now, figure)

    with tenant_context(tenant.pk):
        check_numbers("imported", run, figure)
        with (RELAX / "truth_asof_monthly.csv").open() as file:
            for row in csv.DictReader(file):
                persons = qualified_at_end_of(run, date.fromisoformat(row["as_of_end_of_day"]))
                accounts = tuple(int(row[f"accounts_ge{least}_hot"]) for least in (1, 2, 3))
                assert (len(persons), hot_accounts(persons)) == (int(row["users_3days_in_7d"]), accounts), row
        assert not Qualification.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_shuffled_file_gives_the_same_truth(db, now, settings, tmp_path, figure):
    settings.TENANT_REBIND_IN_SAVEPOINT = False
    rows = pq.read_table(RELAX / "relax_events.parquet")
    order = list(range(rows.num_rows))
    Random(1).shuffle(order)
    pq.write_table(rows.take(pa.array(order)), tmp_path / "shuffled.parquet")

    tenant, run = replayed("shuffled", tmp_path / "shuffled.parquet", now, figure)

    with tenant_context(tenant.pk):
        check_numbers("imported from a shuffled file", run, figure)
