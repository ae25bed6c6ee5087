"""An event name that counts as another one: before or after its events, in history and back."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from ingestion.models import ActionVersion, Activity, Event, EventRename, Violation
from ingestion.operations import (
    accept_violation,
    backfill_actions,
    follow_renames,
    map_event,
    take_touched,
    unmap_event,
)
from ingestion.operations.trims import _is_matching
from ingestion.queries.matches import still_counted, try_matching
from ingestion.queries.tracking import draft_of
from ingestion.rules.tracking import key_of
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import AuditEvent
from tests.factories.ingestion import RECEIVED, make_action, make_source, send_and_fold, track
from tests.factories.tracking import live_plan, planned

BY = {"by": SYSTEM, "now": RECEIVED}
OLD, NEW = "Invite Sent", "Teammate Invited"


def map_old(old=OLD, new=NEW, kind=1):
    return map_event(event_kind=kind, from_name=old, to_name=new, **BY)


def settle():
    while backfill_actions(now=RECEIVED) or follow_renames(now=RECEIVED):
        pass


def counted():
    """By row of activity, the event that its action looks for and the one that came."""
    rows = Activity.objects.order_by("event_id", "action_version_id")
    versions = dict(ActionVersion.objects.values_list("pk", "event_name"))
    return [(versions[row.action_version_id], Event.objects.get(pk=row.event_id).name) for row in rows]


@pytest.fixture
def both(in_acme):
    """One event of each name, and an action on the new one."""
    send_and_fold(in_acme, [track("u1", OLD), track("u2", NEW)])
    make_action(NEW)
    settle()
    return in_acme


def test_past_events_count_as_the_other(both):
    map_old()
    settle()

    assert counted() == [(NEW, OLD), (NEW, NEW)]
    assert set(Event.objects.values_list("name", flat=True)) == {OLD, NEW}


def test_later_events_count_at_once(both):
    map_old()

    assert send_and_fold(both, [track("u3", OLD)]).activity == 1


def test_an_action_made_later_counts_both(both):
    map_old()
    settle()

    make_action(NEW, name="Another")
    settle()

    assert sorted(counted()) == sorted([(NEW, OLD), (NEW, NEW)] * 2)


def test_actions_on_the_old_name_go_on(both):
    make_action(OLD)
    settle()
    map_old()
    settle()

    assert sorted(counted()) == sorted([(OLD, OLD), (NEW, OLD), (NEW, NEW)])


def test_filters_hold_for_the_mapped_name(both):
    make_action(NEW, name="Paid", filters=[{"property": "plan", "op": "eq", "value": "pro"}])
    map_old()
    settle()
    before = Activity.objects.count()

    send_and_fold(both, [track("u4", OLD, properties={"plan": "pro"}), track("u4", OLD)])

    assert Activity.objects.count() == before + 3  # both by the action without a filter, one by the other


def test_whom_it_concerns_is_scored_again(both):
    take_touched(limit=100)
    map_old()
    settle()

    assert len(take_touched(limit=100)) == 1


def test_history_follows_in_slices(both, monkeypatch):
    send_and_fold(both, [track(f"u{number}", OLD) for number in range(7)])
    monkeypatch.setattr("ingestion.operations.stored_events.SCAN", 2)
    monkeypatch.setattr("ingestion.operations.stored_events.WRITE", 2)
    map_old()

    slices = 1
    while follow_renames(now=RECEIVED):
        slices += 1

    assert slices > 3
    assert len(counted()) == 9
    assert EventRename.objects.get().done_at == RECEIVED


def test_taking_it_back_takes_away_what_it_counted(both):
    make_action(OLD)
    settle()
    rename = map_old()
    settle()

    unmap_event(rename=rename, **BY)
    send_and_fold(both, [track("u5", OLD)])
    settle()

    assert sorted(counted()) == sorted([(OLD, OLD), (OLD, OLD), (NEW, NEW)])
    assert not EventRename.objects.exists()


def test_taken_back_before_history_had_followed(both):
    unmap_event(rename=map_old(), **BY)
    settle()

    assert counted() == [(NEW, NEW)]


def test_taking_it_back_twice_changes_nothing(both):
    rename = map_old()
    unmap_event(rename=rename, **BY)
    unmap_event(rename=rename, **BY)

    assert AuditEvent.objects.filter(verb="event_name.unmapped").count() == 1
    assert AuditEvent.objects.filter(verb="event_name.mapped").count() == 1


@pytest.mark.parametrize(
    ("old", "new", "kind", "words"),
    [
        (OLD, "", 1, "Name the event"),
        (OLD, OLD, 1, "counts as itself already"),
        (OLD, "Teammate Invted", 1, "Did you mean “Teammate Invited”"),
        (OLD, NEW, 2, "Only track, page and screen"),
        ("", NEW, 1, "that have a name"),
        ("Third", OLD, 1, "Map “Third” to that one"),
        (OLD, "Third", 1, "Take that back first"),
        (NEW, "Third", 1, "map both to “Third”"),
    ],
)
def test_what_cannot_be_mapped_says_why(both, old, new, kind, words):
    send_and_fold(both, [track("u1", "Third")])
    if "Third" in (old, new):
        map_old()

    with pytest.raises(ValidationError, match=words):
        map_old(old, new, kind)


def test_a_mapping_on_its_way_back_is_not_made_anew(both):
    unmap_event(rename=map_old(), **BY)

    with pytest.raises(ValidationError, match="Try again in a moment"):
        map_old()


def test_the_database_refuses_a_second_mapping(both):
    map_old()

    with pytest.raises(IntegrityError), transaction.atomic():
        EventRename.objects.create(event_kind=1, from_name=OLD, to_name="Third", created_at=RECEIVED)


def test_another_tenant_is_not_mapped(both, globex):
    map_old()

    with tenant_context(globex.pk):
        make_action(NEW)
        assert not EventRename.objects.exists()
    assert send_and_fold(globex, [track("u1", OLD)]).activity == 0


def test_a_plan_holds_it_to_the_other_event(both):
    live_plan(make_source(both), events=[planned(NEW)], mode="quarantine")
    map_old()

    result = send_and_fold(both, [track("u6", OLD), track("u6", "Third")])

    assert (result.events, result.quarantined) == (1, 1)
    assert [row.event_name for row in Violation.objects.all()] == ["Third"]


def test_what_departs_is_added_to_the_other_event(both):
    plan = live_plan(make_source(both), events=[planned("Third")])
    map_old()
    send_and_fold(both, [track("u6", OLD)])

    accept_violation(violation=Violation.objects.get(), **BY)

    assert [key_of(event) for event in draft_of(plan).document["events"]] == [(1, NEW), (1, "Third")]


def test_trims_and_previews_know_that_history_still_follows(both):
    version = Activity.objects.get().action_version_id
    assert (_is_matching(), still_counted([version])) == (False, [])

    map_old()

    assert (_is_matching(), still_counted([version])) == (True, [NEW])


def test_an_action_is_tried_on_both_names(both):
    map_old()

    found = try_matching(event_kind=1, event_name=NEW, filters=[], number_property="")

    assert found.matching == 2
