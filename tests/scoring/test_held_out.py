"""Whose scores and PQLs a user must not know of. Alice is corporate admin, Bob owns Boards."""

import pytest

from scoring.models import Level, Qualification
from scoring.operations import mark_released, mark_routed
from scoring.queries.held_out import hidden_scores, hidden_subjects, visible_pqls
from tenants.access import access_of
from tenants.context import tenant_context
from tests.factories.routing import live_definition, make_person, make_pql


@pytest.fixture
def definition(boards):
    return live_definition(boards)


@pytest.fixture
def ann(in_acme, now):
    return make_person("Ann", now=now)


@pytest.fixture
def pql(definition, ann, now) -> Qualification:
    """Ann's, before routing has decided."""
    return make_pql(definition, ann, now=now)


def hidden(user, *persons) -> list[str]:
    found = hidden_scores(access_of(user), Level.PERSON, [person.pk for person in persons])
    return [person.label for person in persons if person.pk in {subject for _definition, subject in found}]


def test_held_out_score_is_hidden_but_from_those_who_prove(alice, bob, pql, ann, now):
    mark_routed(qualification=pql, held_out=True, now=now)

    assert (hidden(bob, ann), hidden(alice, ann)) == (["Ann"], [])
    assert hidden_subjects(access_of(bob), Level.PERSON) == {ann.pk}
    assert hidden_subjects(access_of(alice), Level.PERSON) == set()


def test_score_is_hidden_until_routing_has_decided(bob, pql, ann, now):
    assert hidden(bob, ann) == ["Ann"]

    mark_routed(qualification=pql, held_out=False, now=now)

    assert hidden(bob, ann) == []
    assert list(visible_pqls(access_of(bob))) == [pql]


def test_score_stays_hidden_after_its_pql_has_cooled_down(bob, pql, ann, now):
    mark_routed(qualification=pql, held_out=True, now=now)
    Qualification.objects.update(state="left", closed_at=now)

    assert hidden(bob, ann) == ["Ann"]


def test_released_score_shows(bob, pql, ann, now):
    mark_routed(qualification=pql, held_out=True, now=now)

    mark_released(qualification=pql)

    assert hidden(bob, ann) == []
    assert list(visible_pqls(access_of(bob))) == [pql]


def test_only_the_definition_it_is_held_out_of_is_hidden_on_pages(bob, boards, pql, ann, now):
    mark_routed(qualification=pql, held_out=True, now=now)
    other = make_pql(live_definition(boards), ann, now=now)
    mark_routed(qualification=other, held_out=False, now=now)

    assert hidden_scores(access_of(bob), Level.PERSON, [ann.pk]) == {(pql.definition_id, ann.pk)}
    assert list(visible_pqls(access_of(bob))) == [other]


def test_who_a_held_out_person_was_merged_into_is_hidden_too(bob, pql, ann, now):
    """Ann became Bea, and Bea became Cem."""
    mark_routed(qualification=pql, held_out=True, now=now)
    Qualification.objects.update(state="left", closed_at=now)
    cem = make_person("Cem", now=now)
    bea = make_person("Bea", now=now, merged_into_id=cem.pk)
    type(ann).objects.filter(pk=ann.pk).update(merged_into_id=bea.pk)

    assert hidden(bob, cem) == ["Cem"]
    assert hidden_subjects(access_of(bob), Level.PERSON) == {ann.pk, bea.pk, cem.pk}


def test_an_account_with_the_number_of_a_held_out_person_is_not_hidden(bob, pql, ann, now):
    mark_routed(qualification=pql, held_out=True, now=now)

    assert hidden_scores(access_of(bob), Level.ACCOUNT, [ann.pk]) == set()


def test_another_tenants_held_out_subjects_do_not_matter(globex, charlie, pql, ann, now):
    mark_routed(qualification=pql, held_out=True, now=now)

    with tenant_context(globex.pk):
        assert hidden_subjects(access_of(charlie), Level.PERSON) == set()
        assert not visible_pqls(access_of(charlie)).exists()
