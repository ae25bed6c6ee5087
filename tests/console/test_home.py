import pytest
from django.urls import reverse

from pqlhub.navigation import GROUPS
from tenants.audit import SYSTEM
from tenants.operations import create_source, issue_write_key


@pytest.mark.parametrize(
    "entry", [entry for _title, entries in GROUPS for entry in entries], ids=lambda e: e.url_name
)
def test_every_entry_of_the_sidebar_has_a_page(entry):
    assert reverse(entry.url_name)


def test_an_empty_tenant_is_led_by_the_checklist(client, alice):
    client.force_login(alice)

    page = client.get(reverse("admin:index"))

    assert [step.is_done for step in page.context["steps"]] == [False] * 6
    assert page.context["steps"][0].is_next


def test_the_next_step_moves_on_when_one_is_done(client, in_acme, alice, now):
    source = create_source(name="Web", kind="server", by=SYSTEM, now=now)
    issue_write_key(source=source, by=SYSTEM, now=now)
    client.force_login(alice)

    steps = client.get(reverse("admin:index")).context["steps"]

    assert [step.is_next for step in steps] == [False, True, False, False, False, False]


def test_a_rep_gets_no_checklist_and_no_data_figures(client, rita):
    client.force_login(rita)

    page = client.get(reverse("admin:index"))

    assert page.context["steps"] == []
    assert [str(figure.label) for figure in page.context["figures"]] == ["New leads"]


def test_another_tenants_source_does_not_count(client, in_acme, charlie, now):
    source = create_source(name="Web", kind="server", by=SYSTEM, now=now)
    issue_write_key(source=source, by=SYSTEM, now=now)
    client.force_login(charlie)

    assert not client.get(reverse("admin:index")).context["steps"][0].is_done
