"""The privacy pages, as a corporate admin uses them, and whom they refuse."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from ingestion.models import Account, Erasure, PersonalExport
from pqlhub.privacy.exporting import continue_personal_export
from tenants.context import tenant_context
from tenants.models import AuditEvent, Role
from tests.conftest import member
from tests.privacy.conftest import ADA
from tests.privacy.test_erasing import person, run

LIST = reverse("admin:ingestion_erasure_changelist")
FORM = {"reason": "request", "reference": "T-17", "is_meant": "on"}


@pytest.fixture
def browser(engine, alice) -> Client:
    client = Client()
    client.force_login(alice, backend="tenants.accounts.LoginBackend")
    return client


@pytest.fixture
def of_ada(engine) -> str:
    with tenant_context(engine.pk):
        return reverse("admin:ingestion_erasure_of", args=["person", person().pk])


@pytest.mark.parametrize("text", [ADA, "ada-1842", "anon-ada-77", "countess"])
def test_somebody_is_found_by_what_one_knows_of_them(browser, of_ada, text):
    assert of_ada in browser.get(LIST, {"q": text}).content.decode()


def test_an_account_is_found_by_its_id(browser, engine):
    with tenant_context(engine.pk):
        address = reverse("admin:ingestion_erasure_of", args=["account", Account.objects.get().pk])

    assert address in browser.get(LIST, {"q": "engine-works"}).content.decode()


def test_the_page_says_what_is_held(browser, of_ada):
    page = browser.get(of_ada).content.decode()

    assert "Events" in page
    assert "Countess" in page
    assert "Traits with their history" in page


def test_erasing_must_be_meant(browser, engine, of_ada):
    answer = browser.post(of_ada, FORM | {"is_meant": ""})

    assert answer.status_code == 422
    assert "gone for good" in answer.content.decode()
    with tenant_context(engine.pk):
        assert not Erasure.objects.exists()


def test_erased_the_page_shows_the_proof_and_lets_them_come_back(browser, engine, of_ada, now):
    address = browser.post(of_ada, FORM)["Location"]
    assert "every 2s" in browser.get(address).content.decode()
    with tenant_context(engine.pk):
        erasure = Erasure.objects.get()
    run(engine, erasure, now)

    page = browser.get(address).content.decode()
    assert erasure.proof_hash in page
    assert "Countess" not in page
    assert (
        browser.get(reverse("admin:ingestion_erasure_proof", args=[erasure.pk])).json()["hash"]
        == erasure.proof_hash
    )

    browser.post(reverse("admin:ingestion_erasure_act", args=[erasure.pk]), {"do": "lift"})
    assert "may come back since" in browser.get(address).content.decode()


def test_the_file_is_written_fetched_and_the_fetching_noted(browser, engine, of_ada):
    address = browser.post(f"{of_ada}export/")["Location"]
    with tenant_context(engine.pk):
        export = PersonalExport.objects.get()
    download = reverse("admin:ingestion_erasure_download", args=[export.pk])
    assert browser.get(download).status_code == 404

    continue_personal_export(tenant_id=engine.pk, export_id=export.pk, clock=timezone.now, seconds=5)

    assert download in browser.get(address).content.decode()
    assert b"".join(browser.get(download)).startswith(b"PK")
    with tenant_context(engine.pk):
        assert AuditEvent.objects.filter(verb="personal_export.downloaded").count() == 1


@pytest.mark.parametrize("role", [Role.ANALYST, Role.PRODUCT_ENGINEER, Role.BU_OWNER])
def test_who_may_only_look_sees_proofs_and_nobody_behind_them(engine, boards, of_ada, now, role):
    client = Client()
    client.force_login(
        member(engine, "otto@acme.test", role, "Corporate", now), backend="tenants.accounts.LoginBackend"
    )

    assert ADA not in client.get(LIST, {"q": ADA}).content.decode()
    assert client.get(of_ada).status_code == 403
    assert client.post(of_ada, FORM).status_code == 403
    assert client.post(f"{of_ada}export/").status_code == 403


def test_another_tenants_admin_finds_nobody(twin, engine, of_ada, charlie):
    client = Client()
    client.force_login(charlie, backend="tenants.accounts.LoginBackend")

    assert client.get(of_ada).status_code == 404
