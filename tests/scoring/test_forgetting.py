"""Scores of versions that were replaced go; what explains the past stays."""

from datetime import timedelta

import pytest

from pqlhub.pulse import LONG, run_until_idle
from scoring.models import Qualification, Score, ScoreChange, Version
from scoring.operations import (
    archive_definition,
    forget_scores,
    forgetting,
    new_draft,
    publish_version,
    score_due,
)
from scoring.operations.forgetting import SCORES_KEPT
from scoring.queries import explain
from tenants.audit import SYSTEM
from tenants.models import Work
from tests.factories.scoring import make_action, make_live, signal, version_of
from tests.scoring.histories import Did, add_activity, make_person

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def replaced(in_acme, now) -> Version:
    """A version with the scores of three PQLs, replaced by another one now."""
    login = make_action("login")
    first = make_live(signal(login))
    people = [make_person(name, now) for name in ("ann", "bea", "cem")]
    add_activity(Did(person, version_of(login), now - HOUR) for person in people)
    score_due(now=now)
    draft = new_draft(definition=first.definition, by=SYSTEM, now=now)
    publish_version(version=draft, by=SYSTEM, now=now)
    score_due(now=now)
    return Version.objects.select_related("definition").get(pk=first.pk)


def test_scores_stay_until_the_grace_is_over(replaced, now):
    early = forget_scores(now=now + SCORES_KEPT - HOUR)
    assert (early.scores, early.next_at, Score.objects.count()) == (0, now + SCORES_KEPT, 6)

    forget_scores(now=now + SCORES_KEPT)

    assert set(Score.objects.values_list("version__number", flat=True)) == {2}


def test_large_versions_go_in_slices(replaced, now, monkeypatch):
    monkeypatch.setattr(forgetting, "SLICE", 2)
    later = now + SCORES_KEPT

    assert [forget_scores(now=later).more, forget_scores(now=later).more] == [True, False]
    assert Score.objects.count() == 3


def test_what_explains_a_past_pql_stays(replaced, now):
    pql = Qualification.objects.first()
    changes, before = (
        ScoreChange.objects.count(),
        explain(version=replaced, subject_id=pql.subject_id, as_of=now),
    )

    forget_scores(now=now + SCORES_KEPT)

    assert Qualification.objects.get(pk=pql.pk).contributions == pql.contributions != []
    assert ScoreChange.objects.count() == changes > 0
    assert explain(version=replaced, subject_id=pql.subject_id, as_of=now) == before
    assert before.points == 5000


def test_archived_definition_keeps_its_last_scores_for_reports(replaced, now):
    archive_definition(definition=replaced.definition, by=SYSTEM, now=now + HOUR)

    forget_scores(now=now + 2 * SCORES_KEPT)

    assert set(Score.objects.values_list("version__number", flat=True)) == {2}


def test_publishing_has_it_done_by_the_long_work(replaced, now):
    later = now + SCORES_KEPT
    assert Work.objects.get(kind="forget").next_at == later

    run_until_idle(LONG, clock=lambda: later, budget_seconds=20, kinds=["forget"])

    assert Score.objects.count() == 3
