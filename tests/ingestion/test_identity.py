from datetime import timedelta

import pytest

from ingestion.models import Identity, IdentityLink, Person, Touched
from ingestion.operations import redo_identity_link, undo_identity_link
from tenants.audit import SYSTEM
from tests.factories.ingestion import START, alias, identify, send_and_fold, track
from tests.ingestion.state import groups, persons

HOUR = timedelta(hours=1)


def test_anonymous_history_joins_the_user_it_turns_out_to_be(in_acme):
    send_and_fold(in_acme, [track(None, "visit", anon="x")])
    send_and_fold(in_acme, [identify("u1", anon="x", ts=START + HOUR)])

    assert groups() == {frozenset({"x", "u1"})}
    (shown,) = persons().values()
    assert (shown["first_seen_at"], shown["last_seen_at"]) == (START, START + HOUR)
    assert shown["is_identified"]


def test_a_track_call_with_both_ids_is_evidence_too(in_acme):
    send_and_fold(in_acme, [track("u1", "login", anon="x")])

    assert groups() == {frozenset({"x", "u1"})}
    assert Person.objects.count() == 1


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_a_shared_device_keeps_its_history_with_the_first_user_by_event_time(in_acme, order):
    items = [
        track(None, "visit", anon="x"),
        identify("late", anon="x", ts=START + 2 * HOUR),
        identify("early", anon="x", ts=START + HOUR),
    ]
    for n in order:
        send_and_fold(in_acme, [items[n]])

    assert groups() == {frozenset({"x", "early"}), frozenset({"late"})}


def test_users_at_the_same_moment_are_told_apart_by_message_id(in_acme):
    for user, id in (("u2", "m2"), ("u1", "m1")):
        send_and_fold(in_acme, [identify(user, anon="x", id=id)])

    assert groups() == {frozenset({"x", "u1"}), frozenset({"u2"})}


def test_the_person_left_behind_says_who_it_became_and_both_are_scored_again(in_acme):
    send_and_fold(in_acme, [track(None, "visit", anon="x")])
    stranger = Person.objects.get()
    send_and_fold(in_acme, [identify("u1", anon="x")])

    stranger.refresh_from_db()
    user = Identity.objects.get(value="u1").person_id
    assert stranger.merged_into_id == user
    assert {stranger.pk, user} <= set(Touched.objects.values_list("subject_id", flat=True))


def test_a_merged_person_has_the_traits_of_both_and_the_later_wins(in_acme):
    traits = {"plan": "free", "campaign": "ads"}
    send_and_fold(in_acme, [identify(None, anon="x", traits=traits)])
    send_and_fold(in_acme, [identify("u1", ts=START + HOUR, traits={"plan": "pro"})])
    send_and_fold(in_acme, [identify("u1", anon="x", ts=START + 2 * HOUR)])

    (shown,) = persons().values()
    assert shown["traits"] == {"plan": "pro", "campaign": "ads"}


@pytest.mark.parametrize("known_first", [True, False])
def test_an_alias_joins_an_anonymous_id_to_a_user(in_acme, known_first):
    items = [track("u1", "login"), alias("u1", "x", ts=START + HOUR), track(None, "visit", anon="x")]
    for item in items if known_first else reversed(items):
        send_and_fold(in_acme, [item])

    assert groups() == {frozenset({"u1", "x"})}


def test_an_alias_has_no_direction(in_acme):
    """posthog-python sends the two ids the other way round than posthog-node."""
    send_and_fold(in_acme, [track("u1", "login"), track(None, "visit", anon="x"), alias("x", "u1")])

    assert groups() == {frozenset({"u1", "x"})}


def test_an_alias_never_merges_two_users(in_acme):
    send_and_fold(in_acme, [track("u1", "login"), track("u2", "login"), alias("u1", "u2")])

    users = {value for held in persons() for kind, value in held if kind == Identity.Kind.USER}
    assert users == {"u1", "u2"}
    assert all(sum(kind == Identity.Kind.USER for kind, _ in held) == 1 for held in persons())


def test_anonymous_ids_joined_by_aliases_follow_the_first_user(in_acme):
    send_and_fold(in_acme, [alias("a", "b"), alias("b", "c", ts=START + HOUR)])
    assert groups() == {frozenset({"a", "b", "c"})}

    send_and_fold(in_acme, [identify("u1", anon="c", ts=START + 2 * HOUR)])
    assert groups() == {frozenset({"a", "b", "c", "u1"})}


def test_an_earlier_alias_that_comes_late_takes_the_anonymous_id_back(in_acme):
    send_and_fold(in_acme, [identify("u2", anon="x", ts=START + HOUR), track("u1", "login")])
    send_and_fold(in_acme, [alias("u1", "x")])

    assert groups() == {frozenset({"u1", "x"}), frozenset({"u2"})}


@pytest.mark.parametrize("sent", ["device", "alias"])
def test_undone_and_redone_is_as_if_nothing_had_happened(in_acme, now, sent):
    join = identify("u1", anon="x", traits={"plan": "pro"}) if sent == "device" else alias("u1", "x")
    send_and_fold(in_acme, [track(None, "visit", anon="x"), track("u1", "login"), join])
    before = persons()

    for change in (undo_identity_link, redo_identity_link, redo_identity_link):
        change(link=IdentityLink.objects.get(), by=SYSTEM, now=now)

    assert persons() == before
    assert IdentityLink.objects.get().undone_at is None


def test_a_link_can_be_undone_and_stays_undone(in_acme, now):
    send_and_fold(in_acme, [track(None, "visit", anon="x"), identify("u1", anon="x", traits={"plan": "pro"})])

    undo_identity_link(link=IdentityLink.objects.get(), by=SYSTEM, now=now)
    send_and_fold(in_acme, [identify("u1", anon="x", ts=START - HOUR)])

    assert groups() == {frozenset({"x"}), frozenset({"u1"})}
    shown = {next(iter(held))[1]: look for held, look in persons().items()}
    assert (shown["x"]["traits"], shown["u1"]["traits"]) == ({}, {"plan": "pro"})
