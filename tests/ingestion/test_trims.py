"""A tenant keeps so many months; what is older goes in slices, and what was made of it stays."""

from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from ingestion.models import Activity, Event, EventMonth, QuarantinedEvent, Touched, Trim
from ingestion.operations import (
    backfill_actions,
    change_retention,
    drop_partitions,
    make_partitions,
    pause_trim,
    quarantine_all,
    resume_trim,
    trim_history,
    trims,
    wake_trims,
)
from ingestion.rules.retention import kept_from, next_month
from ingestion.rules.types import Rejection
from pqlhub.pulse import LONG, run_until_idle
from scoring.models import Score
from scoring.operations import score_due
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import AuditEvent, Tenant
from tenants.operations import Refused
from tests.factories.ingestion import make_action, make_source, send_and_fold, track
from tests.factories.scoring import make_live, signal

pytestmark = pytest.mark.usefixtures("globex")  # who keeps everything, so that no partition is dropped

JUNE = datetime(2026, 6, 15, 12, tzinfo=UTC)
OLD, NEW = datetime(2026, 2, 10, 9, tzinfo=UTC), datetime(2026, 4, 1, 0, 0, 1, tzinfo=UTC)


def keep(events: int | None = None, activity: int | None = None, now: datetime = JUNE) -> None:
    change_retention(event_months=events, activity_months=activity, by=SYSTEM, now=now)


def match_actions() -> None:
    while backfill_actions(now=JUNE):
        pass


def trim_all(now: datetime = JUNE) -> int:
    """Slices until there is nothing to do, once all actions are matched."""
    match_actions()
    slices = 0
    while trim_history(now=now, seconds=0).next_at == now:
        slices += 1
    return slices


def receive(tenant: Tenant, at: datetime, *names: str) -> None:
    """An event of each name, of a person of its own, that happened and was received at a moment."""
    send_and_fold(tenant, [track(f"u-{name}", name, ts=at, account="firm") for name in names], received_at=at)


def names() -> list[str]:
    return sorted(Event.objects.values_list("name", flat=True))


@given(now=st.datetimes(timezones=st.just(UTC)).filter(lambda now: now.year > 10), months=st.integers(1, 60))
def test_so_many_whole_months_are_always_kept(now, months):
    since = kept_from(now, months)
    kept = [since]
    while kept[-1] < now.date().replace(day=1):
        kept.append(next_month(kept[-1]))

    assert len(kept) == months + 1
    assert all(a < b for a, b in pairwise(kept))


def test_what_was_received_before_goes_and_the_rest_stays(acme, globex):
    for tenant in (acme, globex):
        receive(tenant, OLD, "old")
        receive(tenant, NEW, "new")

    with tenant_context(acme.pk):
        keep(events=2)
        trim_all()
        assert names() == ["new"]
        assert list(EventMonth.objects.values_list("month", "events")) == [(date(2026, 4, 1), 1)]
    with tenant_context(globex.pk):
        assert names() == ["new", "old"]


def test_activity_and_scores_outlive_the_events(in_acme):
    login = make_action("login")
    make_live(signal(login, window="ever", window_length=None))
    receive(in_acme, OLD, "login")
    score_due(now=JUNE)
    before = list(Score.objects.values_list("points", flat=True))

    keep(events=2)
    trim_all()
    receive(in_acme, JUNE, "login")
    score_due(now=JUNE)

    assert Event.objects.count() == 1
    assert before == list(Score.objects.values_list("points", flat=True)) == [5000]


def test_quarantine_goes_with_the_events(in_acme):
    source = make_source(in_acme)
    for at in (OLD, NEW):
        rejected = [({"event": "odd"}, Rejection("missing_type", "Set the type."))]
        quarantine_all(source_id=source.pk, rejected=rejected, received_at=at, client={}, envelope={})

    keep(events=2)
    trim_all()

    assert QuarantinedEvent.objects.get().received_at == NEW
    assert Trim.objects.get().quarantine_gone == 1


def test_activity_has_its_own_months_and_whom_it_was_about_is_scored_again(in_acme):
    make_action("login")
    receive(in_acme, OLD, "login")
    receive(in_acme, NEW, "login")
    match_actions()
    Touched.objects.all().delete()

    keep(activity=3)
    trim_all()

    assert names() == ["login", "login"]
    assert Activity.objects.get().ts == NEW
    assert sorted(Touched.objects.values_list("subject_kind", flat=True)) == [1, 2]


def test_slices_are_small_show_progress_and_go_on_where_they_ended(in_acme, monkeypatch):
    monkeypatch.setattr(trims, "BATCH", 2)
    receive(in_acme, OLD, "a", "b", "c", "d", "e")
    keep(events=2)

    trim_history(now=JUNE, seconds=0)
    assert names() == ["c", "d", "e"]
    assert Trim.objects.get().percent == 40

    assert trim_all() == 2
    assert names() == []
    assert (Trim.objects.get().events_gone, Trim.objects.get().finished_at) == (5, JUNE)


def test_it_can_be_paused_and_goes_on(in_acme, monkeypatch):
    monkeypatch.setattr(trims, "BATCH", 1)
    receive(in_acme, OLD, "a", "b")
    keep(events=2)
    trim_history(now=JUNE, seconds=0)
    trim = Trim.objects.get()

    pause_trim(trim=trim, by=SYSTEM, now=JUNE)
    assert (trim_all(), names()) == (0, ["b"])

    resume_trim(trim=trim, by=SYSTEM, now=JUNE)
    trim_all()
    assert names() == []
    assert set(AuditEvent.objects.values_list("verb", flat=True)) >= {
        "tenant.retention_changed",
        "trim.paused",
        "trim.resumed",
    }
    with pytest.raises(Refused):
        pause_trim(trim=trim, by=SYSTEM, now=JUNE)


def test_keeping_more_half_way_saves_what_is_left(in_acme, monkeypatch):
    monkeypatch.setattr(trims, "BATCH", 1)
    receive(in_acme, OLD, "a", "b")
    keep(events=2)
    trim_history(now=JUNE, seconds=0)

    keep(events=12)
    trim_all()

    assert names() == ["b"]
    in_acme.refresh_from_db()
    assert in_acme.events_kept_since == date(2026, 4, 1)


def test_nothing_goes_that_an_action_is_still_matched_against(in_acme):
    receive(in_acme, OLD, "login")
    make_action("login")
    keep(events=2)

    assert (trim_history(now=JUNE).rows, names()) == (0, ["login"])
    trim_all()

    assert names() == []
    assert Activity.objects.count() == 1


def test_an_action_defined_later_says_from_when_it_counts(in_acme):
    Tenant.objects.update(created_at=OLD)
    receive(in_acme, OLD, "login")
    receive(in_acme, NEW, "login")
    first = make_action("login", name="before").versions.get()
    match_actions()
    keep(events=2)
    trim_all()

    after = make_action("login", name="after").versions.get()
    match_actions()

    first.refresh_from_db()
    after.refresh_from_db()
    assert (first.counts_from, after.counts_from) == (None, date(2026, 4, 1))
    counted = Activity.objects.filter(action_version_id=after.pk)
    assert list(counted.values_list("ts", flat=True)) == [NEW]


def test_a_month_that_no_tenant_keeps_is_left_to_its_partition(acme, globex, settings):
    settings.EVENT_KEEP_MONTHS = 2
    make_partitions(now=OLD)
    for tenant in (acme, globex):
        receive(tenant, OLD, "old")
        receive(tenant, NEW, "new")
    assert wake_trims(now=JUNE) == 2
    for tenant in (acme, globex):
        with tenant_context(tenant.pk):
            assert trim_history(now=JUNE).next_at == JUNE + trims.PARTITION_PAUSE
            assert names() == ["new", "old"]

    drop_partitions(now=JUNE)

    for tenant in (acme, globex):
        with tenant_context(tenant.pk):
            trim_all()
            assert (names(), Trim.objects.get().events_gone) == (["new"], 1)
    assert wake_trims(now=JUNE) == 0


def test_a_month_that_somebody_keeps_after_all_is_not_waited_for(acme, globex, settings):
    settings.EVENT_KEEP_MONTHS = 2
    receive(acme, OLD, "old")
    with tenant_context(acme.pk):
        trim_all()
        settings.EVENT_KEEP_MONTHS = None
        keep(events=2)
        trim_all()
        assert names() == []


def test_an_action_is_matched_over_dropped_months(acme, globex, settings):
    settings.EVENT_KEEP_MONTHS = 2
    make_partitions(now=OLD)
    receive(acme, OLD, "login")
    receive(acme, NEW, "login")
    for tenant in (acme, globex):
        with tenant_context(tenant.pk):
            trim_all()
    assert date(2026, 2, 1) in drop_partitions(now=JUNE)

    with tenant_context(acme.pk):
        version = make_action("login").versions.get()
        match_actions()
        assert list(Activity.objects.values_list("ts", "action_version_id")) == [(NEW, version.pk)]


def test_a_message_sent_again_after_it_was_removed_adds_nothing(in_acme):
    message = track("u1", "login", id="m1", ts=OLD)
    send_and_fold(in_acme, [message], received_at=OLD)
    keep(events=2)
    trim_all()

    assert send_and_fold(in_acme, [message], received_at=JUNE).duplicates == 1
    assert names() == []


def test_long_work_removes_it_when_a_month_has_passed(acme, now):
    receive(acme, OLD, "old")
    with tenant_context(acme.pk):
        keep(events=3, now=OLD)
    run_until_idle(LONG, clock=lambda: OLD, budget_seconds=5)
    assert wake_trims(now=OLD) == 0

    assert wake_trims(now=JUNE) == 1
    run_until_idle(LONG, clock=lambda: JUNE, budget_seconds=5)

    with tenant_context(acme.pk):
        assert names() == []


def test_a_tenant_cannot_keep_more_than_the_platform(in_acme, settings):
    settings.EVENT_KEEP_MONTHS = 12

    with pytest.raises(ValidationError, match="12 months at most"):
        keep(events=13)


def test_saying_the_same_again_leaves_no_trace(in_acme):
    keep(events=2)
    keep(events=2)

    assert AuditEvent.objects.filter(verb="tenant.retention_changed").count() == 1
