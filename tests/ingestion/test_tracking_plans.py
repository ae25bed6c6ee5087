"""What a live plan does to what is received: nothing is lost, nothing counted twice."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from ingestion.models import Event, EventName, QuarantinedEvent, TrackingPlanVersion, TraitValue, Violation
from ingestion.operations import (
    DraftChanged,
    amend_draft,
    archive_tracking_plan,
    create_tracking_plan,
    discard_draft,
    edit_tracking_plan,
    plan_event,
    publish_draft,
    replay_quarantined,
    save_draft,
)
from ingestion.operations.governance import govern
from ingestion.queries.tracking import draft_of
from ingestion.rules.tracking_rows import Row
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import AuditEvent
from tenants.queries import get_tenant
from tests.factories.ingestion import (
    RECEIVED,
    fold,
    identify,
    make_action,
    make_source,
    send,
    send_and_fold,
    track,
)
from tests.factories.tracking import SIGNED_UP, live_plan, make_plan, planned, publish

BAD = {"plan": "pro", "seats": "3", "colour": "red"}
BY = {"by": SYSTEM, "now": RECEIVED}


def signed_up(*, source=None, id="m-1", **properties):
    return track("u1", "Signed Up", id=id, properties=properties or BAD)


def violations():
    rows = Violation.objects.order_by("event_name", "code", "property")
    return [(row.event_name, row.code, row.property, row.number) for row in rows]


def test_observing_counts_and_stores_as_it_came(in_acme):
    live_plan(make_source(in_acme))

    send_and_fold(in_acme, [signed_up()])

    assert Event.objects.get().properties == BAD
    assert "pqlhub" not in Event.objects.get().context
    assert violations() == [
        ("Signed Up", "unplanned_property", "colour", 1),
        ("Signed Up", "wrong_type", "seats", 1),
    ]


def test_flagging_marks_the_event(in_acme):
    live_plan(make_source(in_acme), mode="flag")

    send_and_fold(in_acme, [signed_up()])

    marks = Event.objects.get().context["pqlhub"]["violations"]
    assert sorted(marks) == ["unplanned_property: colour", "wrong_type: seats"]
    assert Event.objects.get().properties == BAD


def test_omitting_takes_out_what_departs_and_keeps_it_with_the_event(in_acme):
    live_plan(make_source(in_acme), mode="omit")

    send_and_fold(in_acme, [signed_up()])

    assert Event.objects.get().properties == {"plan": "pro"}
    assert Event.objects.get().context["pqlhub"]["omitted"] == {"seats": "3", "colour": "red"}
    assert set(EventName.objects.get().properties) == {"plan"}


def test_omitted_traits_are_not_learnt(in_acme):
    traits = planned("", Row("plan", "string"), type="identify")
    live_plan(make_source(in_acme), mode="omit", events=[traits])

    send_and_fold(in_acme, [identify("u1", traits={"plan": "pro", "colour": "red"})])

    assert set(TraitValue.objects.values_list("name", flat=True)) == {"plan"}


def test_quarantine_holds_back_with_the_reason_and_counts_for_nothing(in_acme):
    make_action("Signed Up")
    live_plan(make_source(in_acme), mode="quarantine")

    result = send_and_fold(in_acme, [signed_up(), signed_up(id="m-2", plan="free")])

    held = QuarantinedEvent.objects.get()
    assert (result.events, result.activity, result.quarantined) == (1, 1, 1)
    assert held.code == "plan_wrong_type" or held.code == "plan_unplanned_property"
    assert "“colour” is not in the plan" in held.detail
    assert '“seats” should be integer and is string "3"' in held.detail


def test_an_event_held_back_is_counted_once_however_often_it_is_sent(in_acme):
    live_plan(make_source(in_acme), mode="quarantine")

    for _try in range(3):
        send_and_fold(in_acme, [signed_up(), signed_up()])

    assert QuarantinedEvent.objects.count() == 1
    assert {number for *_names, number in violations()} == {1}


@pytest.mark.parametrize("has_id", [True, False])
def test_held_back_events_are_replayed_once_the_plan_is_changed(in_acme, has_id):
    plan = live_plan(make_source(in_acme), mode="quarantine")
    item = signed_up()
    if not has_id:
        del item["messageId"]
    send_and_fold(in_acme, [item])
    save_draft(
        plan=plan, document={"mode": "quarantine", "events": [planned("Signed Up", is_open=True)]}, **BY
    )
    publish(plan)

    replay_quarantined(event=QuarantinedEvent.objects.get(), **BY)
    fold(in_acme)
    send_and_fold(in_acme, [item])

    assert Event.objects.get().properties == BAD


def test_what_is_still_held_back_goes_back_to_quarantine(in_acme):
    live_plan(make_source(in_acme), mode="quarantine")
    send_and_fold(in_acme, [signed_up()])

    replay_quarantined(event=QuarantinedEvent.objects.get(), **BY)
    fold(in_acme)

    assert QuarantinedEvent.objects.filter(replayed_at=None).count() == 1
    assert not Event.objects.exists()


def test_a_bad_name_alone_holds_nothing_back(in_acme):
    live_plan(make_source(in_acme), mode="quarantine", event_naming="title_case", unplanned_events=False)

    send_and_fold(in_acme, [track("u1", "signup")])

    assert Event.objects.count() == 1
    assert violations() == [("signup", "event_name", "", 1)]


def test_only_sources_with_the_plan_are_checked(in_acme, globex):
    live_plan(make_source(in_acme), mode="quarantine")
    with tenant_context(globex.pk):
        make_plan(make_source(globex), mode="quarantine")

    send_and_fold(in_acme, [track("u1", "Other")], source=make_source(in_acme, name="Site"))
    send_and_fold(globex, [track("u1", "Other")])

    assert violations() == []
    with tenant_context(globex.pk):
        assert (Event.objects.count(), Violation.objects.count()) == (1, 0)


def test_counts_grow_over_slices(in_acme):
    live_plan(make_source(in_acme))
    send(in_acme, [track("u1", "Signed Up", properties={"plan": "gold"}) for _n in range(3)])
    send(in_acme, [track("u1", "Signed Up", properties={"plan": "gold"}) for _n in range(4)])

    fold(in_acme, limit_events=2)

    row = Violation.objects.get()
    assert (row.number, row.days) == (7, {"2026-04-01": 7})


def test_endless_names_are_counted_together(in_acme):
    live_plan(make_source(in_acme))
    for start in (0, 15, 30):
        send_and_fold(
            in_acme,
            [
                track("u1", "Signed Up", properties={"plan": "pro", f"p{start}-{n}-{m}": 1})
                for n in range(15)
                for m in range(10)
            ],
        )

    assert Violation.objects.count() == 201
    assert Violation.objects.get(property="").number == 250


def test_another_version_holds_from_now_on(in_acme):
    plan = live_plan(make_source(in_acme))
    send_and_fold(in_acme, [signed_up()])
    save_draft(plan=plan, document={"events": [planned("Signed Up", is_open=True)]}, **BY)
    send_and_fold(in_acme, [signed_up(id="m-2")])
    publish(plan)
    send_and_fold(in_acme, [signed_up(id="m-3")])

    assert {number for *_names, number in violations()} == {2}
    assert list(plan.versions.order_by("number").values_list("state", flat=True)) == ["archived", "live"]


def test_nobody_overwrites_a_draft_they_have_not_seen(in_acme):
    plan = make_plan()
    seen = draft_of(plan).edition
    plan_event(plan=plan, event=planned("Paid"), seen=seen, **BY)

    with pytest.raises(DraftChanged):
        plan_event(plan=plan, event=planned("Left"), seen=seen, **BY)
    with pytest.raises(DraftChanged):
        publish_draft(plan=plan, seen=seen, **BY)
    assert [event["name"] for event in draft_of(plan).document["events"]] == ["Paid", "Signed Up"]


def test_an_event_is_renamed_within_the_plan_and_never_there_twice(in_acme):
    plan = make_plan(events=[SIGNED_UP, planned("Paid")])
    plan_event(plan=plan, event=planned("Bought"), instead_of=(1, "Paid"), seen=1, **BY)

    with pytest.raises(ValidationError, match="already"):
        plan_event(plan=plan, event=planned("Signed Up"), instead_of=(1, "Bought"), seen=2, **BY)
    assert [event["name"] for event in draft_of(plan).document["events"]] == ["Bought", "Signed Up"]


def test_amending_begins_a_draft_from_what_is_live(in_acme):
    plan = live_plan()

    amend_draft(plan=plan, events=[planned("Paid")], **BY)

    assert [event["name"] for event in draft_of(plan).document["events"]] == ["Paid", "Signed Up"]
    assert plan.versions.get(state="live").document["events"][0]["name"] == "Signed Up"


def test_saving_what_is_there_already_leaves_no_trace(in_acme):
    plan = live_plan()
    before = AuditEvent.objects.count()

    save_draft(plan=plan, document=plan.versions.get().document, **BY)

    assert (draft_of(plan), AuditEvent.objects.count()) == (None, before)


def test_discarding_a_draft_leaves_the_live_version(in_acme):
    plan = live_plan()
    amend_draft(plan=plan, events=[planned("Paid")], **BY)
    discard_draft(plan=plan, **BY)

    assert (draft_of(plan), plan.versions.count()) == (None, 1)


def test_a_source_has_one_plan(in_acme):
    source = make_source(in_acme)
    make_plan(source)

    with pytest.raises(ValidationError, match="has a plan already"):
        create_tracking_plan(name="Other", sources=[source], **BY)


def test_archiving_stops_the_checks_and_frees_the_sources(in_acme):
    source = make_source(in_acme)
    plan = live_plan(source)
    archive_tracking_plan(plan=plan, **BY)
    send_and_fold(in_acme, [signed_up()])

    assert violations() == []
    make_plan(source, name="Next")
    with pytest.raises(ValidationError, match="archived"):
        edit_tracking_plan(plan=plan, name="Again", sources=[], **BY)


def test_an_empty_plan_is_not_published(in_acme):
    plan = make_plan(events=())

    with pytest.raises(ValidationError, match="no events"):
        publish(plan)


def test_changes_leave_an_audit_row(in_acme):
    plan = make_plan(make_source(in_acme))
    plan_event(plan=plan, event=planned("Paid"), seen=1, **BY)
    publish(plan)
    edit_tracking_plan(plan=plan, name="Renamed", sources=[], **BY)

    verbs = list(AuditEvent.objects.filter(verb__startswith="tracking_plan").values_list("verb", flat=True))
    assert verbs == [f"tracking_plan.{word}" for word in ("created", "drafted", "published", "changed")]


def test_the_database_knows_one_live_version_and_one_draft(in_acme):
    plan = live_plan()

    with pytest.raises(IntegrityError):
        TrackingPlanVersion.objects.create(
            plan=plan, number=2, state="live", created_at=RECEIVED, published_at=RECEIVED
        )


def test_a_tenant_without_plans_pays_one_query(in_acme, django_assert_max_num_queries):
    send_and_fold(in_acme, [track("u1", "Export")])
    zone = get_tenant(in_acme.pk).zone

    with django_assert_max_num_queries(1):
        govern([], zone)
