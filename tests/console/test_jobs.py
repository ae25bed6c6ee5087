from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django_celery_beat.models import PeriodicTask

from ingestion.queries.storage import months_with_partition
from ingestion.rules.retention import goes_on
from pqlhub import operator_jobs
from pqlhub.jobs import note_failure, note_run
from pqlhub.schedule import seed_schedule
from tenants.models import PlatformEvent, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(db):
    return User.objects.create_user("op@pqlhub.test", None, is_platform_operator=True)


@pytest.fixture
def jobs(client, operator):
    seed_schedule()
    client.force_login(operator)
    return client


def tick(name, now):
    return next(row for row in operator_jobs.ticks(now=now) if row.name == name)


def test_a_tick_that_has_not_run_yet_is_late_only_after_its_time():
    seed_schedule()
    now = timezone.now()

    assert not tick("pulse", now).is_late
    assert tick("pulse", now + timedelta(minutes=1)).is_late


def test_a_tick_that_ran_lately_is_on_time_and_says_when():
    seed_schedule()
    now = timezone.now()
    note_run(name="pulse", started_at=now - timedelta(seconds=3), finished_at=now - timedelta(seconds=2))

    assert (tick("pulse", now).lag, tick("pulse", now).is_late) == (timedelta(seconds=2), False)


def test_a_failure_names_its_kind_and_tenant_and_no_data(jobs):
    note_failure(name="fold", error=ValueError("ada@acme.test"), tenant_id=7, at=timezone.now())

    page = jobs.get(reverse("admin:pqlhub_jobstatus_changelist")).content.decode()

    assert "ValueError (tenant 7)" in page
    assert "ada@acme.test" not in page


def test_switching_a_tick_off_is_logged_and_stays(jobs):
    jobs.post(reverse("admin:pqlhub_switch_tick", args=["upkeep"]))
    seed_schedule()

    assert not PeriodicTask.objects.get(name="upkeep").enabled
    assert PlatformEvent.objects.get().verb == "job.off"


@pytest.mark.parametrize("name", ["pqlhub_run_now", "pqlhub_switch_tick"])
def test_members_of_a_tenant_cannot_touch_jobs(client, alice, name):
    seed_schedule()
    client.force_login(alice)

    assert client.post(reverse(f"admin:{name}", args=["pulse"])).status_code == 403


def test_the_storage_page_shows_the_months_of_all_companies_and_when_each_goes(jobs, acme, globex, settings):
    settings.EVENT_KEEP_MONTHS = 12
    month = months_with_partition()[-1]

    page = jobs.get(reverse("admin:pqlhub_storage")).content.decode()

    assert date_format(month, "F Y") in page
    assert date_format(goes_on(month, 12), "DATE_FORMAT") in page
    settings.EVENT_KEEP_MONTHS = None
    assert "No month goes" in jobs.get(reverse("admin:pqlhub_storage")).content.decode()


def test_a_members_admin_does_not_see_the_platforms_storage(client, alice):
    client.force_login(alice, backend="tenants.accounts.LoginBackend")

    assert client.get(reverse("admin:pqlhub_storage")).status_code == 403
