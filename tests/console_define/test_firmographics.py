"""Whose word about a trait holds, in the console."""

import pytest
from django.urls import reverse

from ingestion.models import Account, TraitPrecedence
from ingestion.operations import sort_traits_out, tell_traits
from ingestion.rules.precedence import CRM, PRODUCT, USUAL
from tenants.audit import SYSTEM
from tenants.models import Role
from tests.conftest import member
from tests.factories.ingestion import group, send_and_fold

ORDER = dict(zip(("first", "second", "third", "fourth", "fifth"), USUAL, strict=True))


@pytest.fixture
def acme_co(acme, in_acme, today):
    send_and_fold(acme, [group("ann", "acme-co", traits={"employees": 20}, ts=today)], received_at=today)
    told = {"about": "account", "key": "acme-co", "traits": {"employees": 250}, "origin": CRM}
    tell_traits(**told, at=today, by=SYSTEM, now=today)
    return Account.objects.get()


def test_the_page_of_an_account_says_whose_word_holds_and_what_the_others_say(engineer, acme_co):
    page = engineer.get(reverse("admin:ingestion_account_change", args=[acme_co.pk])).content.decode()

    assert "250" in page
    assert "· CRM ·" in page
    assert "product says 20" in page


def test_another_order_is_set_in_a_form_and_worked_out(engineer, acme_co):
    order = {**ORDER, "first": PRODUCT, "second": CRM, "third": USUAL[0]}

    engineer.post(reverse("admin:ingestion_traitprecedence_add"), {"trait": "", **order})
    while sort_traits_out(now=acme_co.last_seen_at):
        pass

    acme_co.refresh_from_db()
    assert (TraitPrecedence.objects.get().origins[0], acme_co.traits) == (PRODUCT, {"employees": 20})
    listed = engineer.get(reverse("admin:ingestion_traitprecedence_changelist")).content.decode()
    assert "product → CRM → by hand or API" in listed


def test_the_order_of_a_trait_is_changed_and_dropped(engineer, acme_co):
    engineer.post(reverse("admin:ingestion_traitprecedence_add"), {"trait": "employees", **ORDER})
    row = TraitPrecedence.objects.get()
    engineer.post(
        reverse("admin:ingestion_traitprecedence_change", args=[row.pk]),
        {**ORDER, "first": PRODUCT, "third": USUAL[0]},
    )
    row.refresh_from_db()
    engineer.post(reverse("admin:ingestion_traitprecedence_delete", args=[row.pk]), {"post": "yes"})

    assert (row.trait, row.origins[0], TraitPrecedence.objects.exists()) == ("employees", PRODUCT, False)


def test_an_origin_has_one_place(engineer, in_acme):
    answer = engineer.post(
        reverse("admin:ingestion_traitprecedence_add"), {"trait": "", **ORDER, "first": PRODUCT}
    )

    assert "has two places" in answer.content.decode()
    assert not TraitPrecedence.objects.exists()


@pytest.mark.parametrize(("role", "answer"), [(Role.ANALYST, 403), (Role.REP, 403)])
def test_who_may_not_change_data_sets_no_order(as_user, acme, in_acme, now, role, answer):
    client = as_user(member(acme, "x@acme.test", role, "Corporate", now))

    assert client.post(reverse("admin:ingestion_traitprecedence_add"), ORDER).status_code == answer
