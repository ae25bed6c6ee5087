"""Processes killed with SIGKILL in the middle of their work: nothing is lost, nothing doubled."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from ingestion.models import (
    AccountMembership,
    Activity,
    DomainSweep,
    Event,
    ExclusionSweep,
    ImportRun,
    Inbox,
    Person,
)
from ingestion.operations import create_exclusion, switch_accounts_from_email
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tests.factories.ingestion import START, fold, identify, make_action, send, track

ROOT = Path(__file__).resolve().parents[2]
FOLD = """
import django; django.setup()
from tests.factories.ingestion import fold
from tenants.models import Tenant
fold(Tenant.objects.get(slug="acme"), limit_events=500)
"""
MARK = """
import django; django.setup()
from datetime import UTC, datetime
from ingestion.operations import mark_named_subjects, sweep_domain_accounts
from tenants.context import tenant_context
from tenants.models import Tenant
tenant, more = Tenant.objects.get(slug="acme"), True
while more:
    with tenant_context(tenant.pk):
        more = mark_named_subjects(now=datetime.now(UTC)) or sweep_domain_accounts(now=datetime.now(UTC))
"""

pytestmark = [pytest.mark.prove, pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]


def run_and_kill(command: list[str], progress) -> int:
    """Run a command, kill it each time there was some progress, until it ends by itself. Returns the kills."""
    kills = 0
    while True:
        before = progress()
        environment = os.environ | {"DJANGO_SETTINGS_MODULE": "pqlhub.settings"}
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, start_new_session=True, stdout=subprocess.DEVNULL
        )
        while process.poll() is None:
            time.sleep(0.02)
            if progress() != before and kills < 5:
                time.sleep(0.03 * kills)  # somewhere else in the next slice each time
                os.killpg(process.pid, signal.SIGKILL)
                kills += 1
                break
        if process.wait() != -signal.SIGKILL:
            assert process.returncode == 0
            return kills


@pytest.fixture
def apart(acme, settings):
    settings.TENANT_REBIND_IN_SAVEPOINT = False
    with tenant_context(acme.pk):
        make_action("login")
    return acme


def test_a_killed_import_adds_every_row_once(apart, tmp_path):
    rows = [{"u": n % 900 + 1, "at": START.timestamp() - n, "a": n % 50, "n": n} for n in range(60_000)]
    path = tmp_path / "a.parquet"
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    maps = ["userId=u", "timestamp=at", "groupId=a", "event:=login"]
    command = [sys.executable, "manage.py", "import_events", str(path), "--tenant", "acme"]
    command += [word for each in maps for word in ("--map", each)]

    def rows_read() -> int:
        with tenant_context(apart.pk):
            return sum(ImportRun.objects.values_list("rows_read", flat=True))

    assert run_and_kill(command, rows_read) == 5
    with tenant_context(apart.pk):
        assert Event.objects.count() == Activity.objects.count() == 60_000
        assert {event["n"] for event in Event.objects.values_list("properties", flat=True)} == set(
            range(60_000)
        )
        assert ImportRun.objects.get().state == "done"


def test_a_killed_fold_adds_every_event_once(apart):
    for first in range(0, 20_000, 100):
        events = [
            track(f"u{n % 300}", "login", id=f"m{n}", anon=f"x{n % 400}") for n in range(first, first + 100)
        ]
        send(apart, events + events[:10])

    def waiting() -> int:
        with tenant_context(apart.pk):
            return Inbox.objects.count()

    assert run_and_kill([sys.executable, "-c", FOLD], waiting) == 5
    with tenant_context(apart.pk):
        assert not Inbox.objects.exists()
        assert Event.objects.count() == Activity.objects.count() == 20_000
        assert Event.objects.values("message_id").distinct().count() == 20_000


def test_a_killed_mark_leaves_nobody_unmarked(apart):
    people = [identify(f"u{n}", traits={"email": f"u{n}@acme.com"}) for n in range(6_000)]
    for first in range(0, len(people), 500):
        some = people[first : first + 500]
        send(apart, [*some, *(track(each["userId"], "login") for each in some)])
    fold(apart)
    with tenant_context(apart.pk):
        create_exclusion(kind="email_domain", value="acme.com", note="", by=SYSTEM, now=START)
        switch_accounts_from_email(is_on=True, by=SYSTEM, now=START)

    def marked() -> int:
        with tenant_context(apart.pk):
            placed = AccountMembership.objects.filter(is_derived=True).count()
            return Activity.objects.exclude(exclusion=0).count() + placed

    assert run_and_kill([sys.executable, "-c", MARK], marked) == 5
    with tenant_context(apart.pk):
        assert Person.objects.exclude(exclusion=0).count() == 6_000
        assert Activity.objects.exclude(exclusion=0).filter(is_derived=True).count() == 6_000
        assert not ExclusionSweep.objects.exists()
        assert not DomainSweep.objects.exists()
