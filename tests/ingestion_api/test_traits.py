"""Traits of accounts and persons by REST, and who may tell them."""

import pytest
from django.utils import timezone

from ingestion.models import Account, Person, TraitValue
from tenants.context import tenant_context
from tenants.models import AuditEvent
from tests.factories.ingestion import group, send_and_fold
from tests.factories.tenants import make_api_token


@pytest.fixture
def put(client, acme, alice, corporate, in_acme, now):
    def send(path, body, *, unit=corporate, scopes=("traits:write",), personal=False):

        _token, secret = make_api_token(
            creator=alice, business_unit=unit, now=timezone.now(), personal=personal, scopes=list(scopes)
        )
        headers = {"authorization": f"Bearer {secret}"}
        return client.put(f"/api/v1/{path}", body, content_type="application/json", headers=headers)

    return send


def test_an_account_is_told_of_with_origin_and_age(put, acme):
    send_and_fold(acme, [group("ann", "acme-co", traits={"employees": 20, "plan": "free"})])

    answer = put("accounts/acme-co/traits", {"traits": {"employees": 250}, "origin": "crm"})

    assert answer.status_code == 200, answer.content
    told = {each["name"]: each for each in answer.json()["traits"]}
    assert (told["employees"]["holds"]["value"], told["employees"]["holds"]["origin"]) == (250, "CRM")
    assert [each["value"] for each in told["employees"]["others"]] == [20]
    assert Account.objects.get().traits == {"employees": 250, "plan": "free"}
    assert AuditEvent.objects.filter(verb="account.traits_told").count() == 1


def test_an_unknown_person_is_made(put):
    assert (
        put("persons/u-7/traits/", {"traits": {"email": "ann@acme.com", "title": "CEO"}}).status_code == 200
    )

    person = Person.objects.get()
    assert (person.email, person.is_identified) == ("ann@acme.com", True)
    assert set(TraitValue.objects.values_list("origin", flat=True)) == {4}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"traits": {}},
        {"traits": []},
        {"traits": {"": 1}},
        {"traits": {"a": 1}, "origin": "product"},
        {"traits": {"a": 1}, "at": "2999-01-01T00:00:00Z"},
        {"traits": {str(n): n for n in range(201)}},
    ],
)
def test_what_cannot_be_told_is_refused(put, body):
    answer = put("accounts/a1/traits", body)

    assert (answer.status_code, set(answer.json()) >= {"code", "message"}) == (400, True)
    assert not TraitValue.objects.exists()


def test_an_id_that_stands_for_nobody_is_refused(put):
    assert put("persons/undefined/traits", {"traits": {"a": 1}}).status_code == 400


def test_a_token_needs_the_scope_and_the_whole_company(put, boards):
    body = {"traits": {"a": 1}}

    assert put("accounts/a1/traits", body, scopes=["leads:read"]).status_code == 403
    assert put("accounts/a1/traits", body, unit=boards).status_code == 403


def test_another_company_has_an_account_of_its_own(put, globex):
    put("accounts/a1/traits", {"traits": {"a": 1}})

    with tenant_context(globex.pk):
        assert not Account.objects.exists()
