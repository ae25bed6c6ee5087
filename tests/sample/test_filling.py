"""A sample tenant is asked for once, filled whatever is killed, and removed wholly."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from experiments.models import Experiment
from ingestion.models import Account, Event, Person, QuarantinedEvent
from pqlhub.models import JobStatus
from pqlhub.pulse import PULSE, run_until_idle
from pqlhub.sample import filling
from pqlhub.sample.filling import continue_sample, request_sample
from pqlhub.simulator import simulate
from routing.models import Lead
from scoring.models import Qualification, Version
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import BusinessUnit, PlatformEvent, Tenant, User
from tenants.operations import (
    Refused,
    remove_sample,
    request_deletion,
    resume_tenant,
    suspend_tenant,
)
from tests.sample.conftest import work
from tests.tenants.test_lifecycle import rows_left

PURCHASE = "Subscription Started"
FILL = """
import sys
from datetime import timedelta
from django.utils import timezone
from pqlhub.sample import filling
filling.ACCOUNTS, filling.DAYS, filling.HISTORY = 40, 25, timedelta(days=25)
filling.continue_sample(tenant_id={}, clock=timezone.now, seconds=600)
"""


def lived_through(sample: Tenant) -> None:
    """Every message of the history is an event, once; but for purchases that a call brought forward."""
    end = sample.created_at + filling.HISTORY
    history = simulate(seed=filling.SEED, end=end, days=filling.DAYS, accounts=filling.ACCOUNTS)
    names = {message["messageId"]: message.get("event") for message in history.messages()}
    with tenant_context(sample.pk):
        stored = list(Event.objects.values_list("message_id", flat=True))
        assert not QuarantinedEvent.objects.exists()
    sample.refresh_from_db()
    assert (sample.status, sample.filled_until) == ("active", end)
    assert len(stored) == len(set(stored)) > 1_000
    assert {names[key] for key in names.keys() - set(stored)} <= {PURCHASE}
    assert all(key.startswith("nw-called-") for key in set(stored) - names.keys())


def test_every_room_has_something_to_look_at(full, acme):
    run_until_idle(PULSE, clock=timezone.now, budget_seconds=60)

    lived_through(full)
    with tenant_context(full.pk):
        assert Person.objects.count() > 100
        assert Account.objects.count() > 30
        assert Version.objects.filter(state=Version.State.LIVE).count() == 3
        assert Qualification.objects.filter(opened_at__gte=timezone.now() - timedelta(days=25)).exists()
        assert Lead.objects.exclude(state=Lead.State.HELD_OUT).exists()
        assert Experiment.objects.filter(state="running").exists()
    with tenant_context(acme.pk):
        assert not Person.objects.exists()
    assert not JobStatus.objects.filter(failures__gt=0).exists()


def test_a_company_has_one_and_others_have_theirs(acme, globex, ask):
    mine = ask(acme)

    assert ask(acme) == mine
    assert ask(globex) != mine
    with pytest.raises(IntegrityError, match="sample_of"), transaction.atomic():
        Tenant.objects.create(slug="two", name="Two", sample_of=acme, created_at=timezone.now())


def test_sample_data_has_none_of_its_own(sample):
    with tenant_context(sample.pk), pytest.raises(Refused, match="sample data already"):
        request_sample(company=sample, by=SYSTEM, now=timezone.now())


def test_nobody_else_works_in_it_while_it_is_filled(sample, now):
    for change in (suspend_tenant, resume_tenant):
        with pytest.raises(Refused, match="being filled"):
            change(tenant=sample, by=SYSTEM, now=now)
    continue_sample(tenant_id=sample.pk, clock=timezone.now, seconds=0)

    assert run_until_idle(PULSE, clock=timezone.now, budget_seconds=20) == 0
    with tenant_context(sample.pk):
        assert Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_leaves_whole_days_and_the_next_goes_on(sample):
    worker = subprocess.Popen(
        [sys.executable, "manage.py", "shell", "-c", FILL.format(sample.pk)], env=os.environ.copy()
    )
    deadline = time.monotonic() + 60
    while sample.filled_until < sample.created_at + timedelta(days=6):
        assert time.monotonic() < deadline
        assert worker.poll() is None
        sample.refresh_from_db()
    worker.send_signal(signal.SIGKILL)
    worker.wait()

    sample.refresh_from_db()
    assert sample.status == "filling"
    work()

    lived_through(sample)


@pytest.mark.django_db(transaction=True)
def test_two_workers_do_no_day_twice(sample):
    def fill(_number: int) -> None:
        while continue_sample(tenant_id=sample.pk, clock=timezone.now, seconds=1):
            pass
        connection.close()

    with ThreadPoolExecutor(2) as workers:
        list(workers.map(fill, range(2)))

    lived_through(sample)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("days", [0, 3, 25], ids=["asked for", "half filled", "filled"])
def test_removing_leaves_nothing_of_it_and_everything_of_others(
    acme, globex, alice, sample, owner_connection, days
):
    before = rows_left(owner_connection, acme), rows_left(owner_connection, globex)
    people = set(User.objects.values_list("email", flat=True))
    for _day in range(days):
        continue_sample(tenant_id=sample.pk, clock=timezone.now, seconds=0)

    with tenant_context(acme.pk):
        remove_sample(company=acme, by=SYSTEM, now=timezone.now())
        with pytest.raises(Refused, match="still being removed"):
            request_sample(company=acme, by=SYSTEM, now=timezone.now())
    work()

    assert not Tenant.objects.filter(pk=sample.pk).exists()
    assert rows_left(owner_connection, sample) == {}
    assert set(User.objects.values_list("email", flat=True)) == people == {alice.email}
    mine, others = rows_left(owner_connection, acme), rows_left(owner_connection, globex)
    assert mine.pop("tenants_auditevent") == before[0].pop("tenants_auditevent") + 1
    assert (mine, others) == before
    with tenant_context(acme.pk):
        assert request_sample(company=acme, by=SYSTEM, now=timezone.now()).pk != sample.pk


@pytest.mark.django_db(transaction=True)
def test_a_company_that_is_deleted_takes_its_sample_data_along(acme, globex, opened):
    suspend_tenant(tenant=acme, by=SYSTEM, now=timezone.now())
    request_deletion(tenant=acme, confirmation="acme", by=SYSTEM, now=timezone.now())

    for _claim in range(5):  # the company's row waits for that of its sample
        work()

    assert list(Tenant.objects.values_list("slug", flat=True)) == ["globex"]


def test_the_platforms_log_says_what_became_of_it(acme, opened):
    with tenant_context(acme.pk):
        remove_sample(company=acme, by=SYSTEM, now=timezone.now())
    work()

    verbs = PlatformEvent.objects.filter(target=opened.slug).order_by("id").values_list("verb", flat=True)
    assert [verb.removeprefix("tenant.") for verb in verbs] == [
        "created", "sample_filled", "suspended", "deletion_requested", "deleted"
    ]  # fmt: skip


def test_it_keeps_history_no_longer_than_its_company(acme, ask):
    Tenant.objects.filter(pk=acme.pk).update(event_months=2)
    acme.refresh_from_db()

    assert ask(acme).event_months == 2


def test_it_is_founded_wholly_or_not_at_all(sample, monkeypatch):
    monkeypatch.setattr(filling, "connect_automation", lambda *_all, **_named: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        continue_sample(tenant_id=sample.pk, clock=timezone.now, seconds=0)

    with tenant_context(sample.pk):
        assert not BusinessUnit.objects.exists()
