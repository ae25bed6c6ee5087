"""Held-out leads show to corporate admins and analysts, on the holdout's page, and nowhere else to nobody else."""

import pytest

from experiments.models import Experiment
from routing.models import Lead
from scoring.models import Qualification
from tenants.models import Role
from tests.conftest import member
from tests.factories.experiments import running_holdout
from tests.factories.routing import make_lead, make_person


@pytest.fixture
def holdout(boards, sales, now) -> Experiment:
    return running_holdout(boards, now=now)


@pytest.fixture
def kept(holdout, adoption, now) -> Lead:
    """A held-out lead with a telling name."""
    leads = (make_lead(adoption, subject=make_person(f"Kept {n}", now=now), now=now) for n in range(60))
    return next(lead for lead in leads if lead.state == "held_out")


def lead_urls(lead: Lead) -> list[str]:
    return [f"/routing/lead/{lead.pk}/change/", f"/routing/lead/{lead.pk}/history/"]


LISTS = ["/routing/lead/", "/routing/lead/?show=all", "/routing/lead/?state__exact=held_out", "/routing/lead/?q=kept",
         "/routing/lead/export/?show=all", "/", "/routing/pool/", "/routing/routingtable/"]  # fmt: skip


def leaks(client, lead: Lead, url: str) -> bool:
    text = client.get(url).content.decode()
    return f">{lead.subject_label}<" in text or f'"{lead.subject_label}"' in text or str(lead.pk) in text


@pytest.mark.parametrize("url", LISTS)
def test_nobody_finds_it_in_a_list(as_user, alice, bob, rita, manager, analyst, kept, url):
    for user in (alice, bob, rita, manager, analyst):
        assert not leaks(as_user(user), kept, url), user


def test_only_admin_and_analyst_open_its_page(as_user, alice, bob, rita, manager, analyst, kept):
    answers = {
        user.email: as_user(user).get(lead_urls(kept)[0]).status_code
        for user in (alice, bob, rita, manager, analyst)
    }

    assert answers == {
        alice.email: 200,
        analyst.email: 200,
        bob.email: 404,
        rita.email: 404,
        manager.email: 404,
    }


def test_its_history_is_closed_too(as_user, bob, rita, kept):
    for user in (bob, rita):
        assert as_user(user).get(lead_urls(kept)[1]).status_code != 200


def test_analyst_of_another_unit_does_not_see_it(acme, insights, as_user, kept, now):
    stranger = member(acme, "ines@acme.test", Role.ANALYST, "Insights", now)

    assert as_user(stranger).get(lead_urls(kept)[0]).status_code == 404


def test_holdout_page_lists_it_for_the_few(as_user, alice, bob, analyst, holdout, kept):
    page = f"/experiments/experiment/{holdout.pk}/change/"

    assert [leaks(as_user(user), kept, page) for user in (alice, analyst, bob)] == [True, True, False]


def test_closed_held_out_lead_stays_hidden(as_user, bob, kept, now):
    Qualification.objects.update(state="left", closed_at=now)
    Lead.objects.filter(pk=kept.pk).update(closed_at=now)

    assert not leaks(as_user(bob), kept, "/routing/lead/?show=all")


def test_only_the_corporate_admin_releases(as_user, alice, bob, analyst, rita_rep, kept):
    url = f"/routing/lead/{kept.pk}/release/"
    assert as_user(analyst).post(url, {"reason": "x"}).status_code == 403
    assert as_user(bob).post(url, {"reason": "x"}).status_code == 404

    client = as_user(alice)
    client.post(url, {"reason": " "})
    kept.refresh_from_db()
    assert kept.state == "held_out"
    client.post(url, {"reason": "Asked for a call"})
    kept.refresh_from_db()
    assert (kept.state, kept.rep) == ("new", rita_rep)


def test_held_out_lead_cannot_be_marked(as_user, alice, kept):
    answer = as_user(alice).post(f"/routing/lead/{kept.pk}/dispose/", {"disposition": "accepted"})

    assert answer.status_code == 404


def test_test_box_does_not_offer_it(as_user, bob, kept, boards):
    from routing.models import RoutingTable

    page = f"/routing/routingtable/{RoutingTable.objects.get(business_unit=boards).pk}/change/"
    assert not leaks(as_user(bob), kept, page)
