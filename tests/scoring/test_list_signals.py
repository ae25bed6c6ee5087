"""Signals that ask a list: the edition a version was frozen with, rows that expire, and what is refused."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from ingestion.operations import archive_list, create_list, upload_rows
from ingestion.rules.lists import read_text
from scoring.models import Qualification, Score, Signal, Version
from scoring.operations import DraftRefused, score_due
from scoring.queries.explanations import evidence
from scoring.queries.overview import editions
from scoring.queries.specs import draft_spec, frozen_spec
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tests.factories.scoring import corporate_unit, make_draft, make_live, signal
from tests.scoring.histories import add_trait, make_account, make_person

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def make_list(text, now, *, kind="domain", name="Targets", unit=None):
    unit = unit or corporate_unit()
    made = create_list(business_unit=unit, name=name, kind=kind, description="", by=SYSTEM, now=now)
    upload(made, text, now)
    return made


def upload(of, text, now):
    upload_rows(list=of, reading=read_text(of.kind, text), replaces=True, by=SYSTEM, now=now, seen=of.edition)
    of.refresh_from_db()


def asks(of, **values):
    fields = {"kind": "trait", "trait_name": "email", "trait_operator": "in_list", "list": of}
    return signal(**{**fields, "window": "ever", "window_length": None, **values})


def scores():
    return dict(Score.objects.values_list("subject_id", "points"))


def test_email_is_in_a_list_by_its_domain(ann, now):
    add_trait(ann, "email", "ann@mail.acme.com", now - DAY)
    bea = make_person("bea", now - DAY)
    add_trait(bea, "email", "bea@notacme.com", now - DAY)
    make_live(asks(make_list("acme.com", now)))

    assert score_due(now=now).opened == 1
    assert scores() == {ann.pk: 5000}


def test_free_mail_takes_points_away(ann, now):
    add_trait(ann, "email", "ann@gmail.com", now - DAY)
    free = asks(None, builtin_list="free_mail", points=-2000)
    make_live(free, signal(kind="trait", trait_name="email", trait_operator="known"))

    score_due(now=now)

    assert scores() == {ann.pk: 3000}


def test_account_and_user_ids_are_the_subjects_own(in_acme, now):
    inside, outside = make_account("acme-1", now - DAY), make_account("ACME-1", now - DAY)
    make_live(asks(make_list("acme-1", now, kind="account_key")), level=2)

    score_due(now=now)

    assert scores() == {inside.pk: 5000}
    assert outside.pk not in scores()


def test_score_falls_when_the_row_expires(ann, now):
    add_trait(ann, "email", "ann@acme.com", now - DAY)
    make_live(asks(make_list(f"acme.com,,{now.date() + DAY}", now)))
    falls_at = score_due(now=now).next_at
    score_due(now=falls_at - timedelta(microseconds=1))
    assert scores() == {ann.pk: 5000}

    score_due(now=falls_at)

    assert scores() == {ann.pk: 0}
    assert Qualification.objects.get().state == "left"


def test_row_that_holds_for_long_is_looked_at_again_and_falls_in_the_end(ann, now):
    add_trait(ann, "email", "ann@acme.com", now - DAY)
    last_day = now.date() + 150 * DAY
    make_live(asks(make_list(f"acme.com,,{last_day}", now)))
    moment, looks = now, 0
    while (moment := score_due(now=moment).next_at) is not None:
        looks += 1
        fell_on = moment.date()

    assert (fell_on, scores()) == (last_day, {ann.pk: 0})  # midnight in Berlin is still that day in UTC
    assert looks <= 4


def test_live_version_reads_the_edition_it_was_frozen_with(ann, now):
    add_trait(ann, "email", "ann@acme.com", now - DAY)
    targets = make_list("acme.com", now)
    live = make_live(asks(targets))

    upload(targets, "other.com", now)
    score_due(now=now)

    assert scores() == {ann.pk: 5000}
    assert frozen_spec(live).signals[0].list_edition == 1
    assert editions(live.definition)[0].is_outdated


def test_draft_reads_the_newest_edition(in_acme, now):
    targets = make_list("acme.com", now)
    draft = make_draft(asks(targets))

    upload(targets, "acme.com\nother.com", now)

    assert draft_spec(draft).signals[0].list_edition == 2


def test_evidence_is_the_moment_the_trait_is_from(ann, now):
    add_trait(ann, "email", "ann@acme.com", now - DAY)
    live = make_live(asks(make_list("acme.com", now)))

    found = evidence(version=live, subject_id=ann.pk, as_of=now)

    assert [happening.ts for happening in found["1"]] == [now - DAY]


@pytest.mark.parametrize(
    ("kind", "level", "words"), [("user_id", 2, "holds user ids"), ("account_key", 1, "holds account ids")]
)
def test_list_of_the_other_levels_ids_is_refused(in_acme, now, kind, level, words):
    with pytest.raises(DraftRefused, match=words):
        make_draft(asks(make_list("x", now, kind=kind)), level=level)


def test_list_of_a_sister_unit_is_refused(boards, insights, now):
    theirs = make_list("acme.com", now, unit=insights)

    with pytest.raises(DraftRefused, match="Choose a list of this business unit"):
        make_draft(asks(theirs), business_unit=boards)


def test_archived_list_is_refused_in_a_draft(in_acme, now):
    targets = make_list("acme.com", now)
    archive_list(list=targets, by=SYSTEM, now=now)

    with pytest.raises(DraftRefused, match="Choose a list"):
        make_draft(asks(targets))


def test_list_in_use_cannot_be_deleted(in_acme, now):
    targets = make_list("acme.com", now)
    make_draft(asks(targets))

    with pytest.raises(ProtectedError):
        targets.delete()


def test_database_wants_a_list_for_a_test_of_one_and_for_no_other(in_acme):
    version = Version.objects.get(
        pk=make_draft(signal(kind="trait", trait_name="x", trait_operator="known")).pk
    )
    row = {"version": version, "kind": "trait", "trait_name": "x", "window": "ever"}

    for wrong in ({"trait_operator": "in_list"}, {"trait_operator": "known", "builtin_list": "free_mail"}):
        with pytest.raises(IntegrityError, match="signal_list_iff_list_test"), transaction.atomic():
            Signal.objects.create(name=str(wrong), **row, **wrong)


def test_lists_of_another_tenant_hold_nobody_here(ann, globex, now):
    add_trait(ann, "email", "ann@acme.com", now - DAY)
    ours = make_list("other.com", now)
    with tenant_context(globex.pk):
        make_list("acme.com", now)
    make_live(asks(ours))

    score_due(now=now)

    assert scores() == {}
