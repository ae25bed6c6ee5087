"""Holdouts in the console."""

import pytest

from experiments.models import Arm, Assignment, Experiment
from experiments.operations import flag_mixed
from ingestion.models import AccountMembership, Identity, Person
from routing.models import Lead
from scoring.models import Qualification
from tenants.models import Role
from tests.conftest import member
from tests.factories.experiments import running_holdout
from tests.factories.routing import make_account, make_lead, make_person

ADD = "/experiments/experiment/add/"


def url(holdout: Experiment, verb: str = "change") -> str:
    return f"/experiments/experiment/{holdout.pk}/{verb}/"


def test_add_shows_how_many_leads_it_takes(as_user, bob, boards):
    text = as_user(bob).get(ADD).content.decode()

    for number in ("2,941", "16,402", "10,278"):
        assert number in text


def test_add_then_start_then_stop(as_user, bob, boards, adoption):
    client = as_user(bob)
    fields = {
        "name": "Do calls pay?",
        "business_unit": str(boards.pk),
        "percent": "20",
        "definition": str(adoption.pk),
    }

    client.post(ADD, fields)
    holdout = Experiment.objects.get()
    assert (holdout.state, holdout.definition_id) == ("draft", adoption.pk)
    assert Arm.objects.get(is_control=True).weight == 2000

    client.post(url(holdout, "do"), {"do": "start"})
    assert Experiment.objects.get().state == "running"
    client.post(url(holdout, "do"), {"do": "stop"})
    assert Experiment.objects.get().state == "stopped"


@pytest.mark.parametrize("percent", ["0", "95", "abc", "1.005", ""])
def test_add_refuses_share(as_user, bob, boards, percent):
    answer = as_user(bob).post(ADD, {"name": "X", "business_unit": str(boards.pk), "percent": percent})

    assert answer.status_code == 200
    assert not Experiment.objects.exists()


@pytest.mark.parametrize(("percent", "said"), [("10", "can only grow"), ("60", "")])
def test_edit_running_may_only_grow(as_user, bob, boards, now, percent, said):
    holdout = running_holdout(boards, now=now, percent=50)

    answer = as_user(bob).post(url(holdout, "edit"), {"name": "Y", "percent": percent})

    assert (answer.status_code, said in answer.content.decode()) == (200 if said else 302, True)
    assert Experiment.objects.get().name == ("Do calls pay?" if said else "Y")


def test_draft_can_be_deleted_a_running_one_not(as_user, bob, boards, now):
    client = as_user(bob)
    running = running_holdout(boards, now=now)
    client.post(ADD, {"name": "Draft", "business_unit": str(boards.pk), "percent": "5"})

    for holdout in Experiment.objects.all():
        client.post(url(holdout, "do"), {"do": "delete"})

    assert list(Experiment.objects.all()) == [running]


def test_analyst_looks_and_does_not_act(as_user, analyst, boards, now):
    holdout = running_holdout(boards, now=now)
    client = as_user(analyst)

    assert client.get(url(holdout)).status_code == 200
    assert client.post(url(holdout, "do"), {"do": "stop"}).status_code == 403


def test_strangers_see_nothing(acme, insights, as_user, rita, manager, charlie, boards, now):
    holdout = running_holdout(boards, now=now)
    neighbour = member(acme, "ines@acme.test", Role.BU_OWNER, "Insights", now)
    for user in (rita, manager, charlie, neighbour):
        assert as_user(user).get(url(holdout)).status_code == 404


def test_list_query_count_does_not_grow(as_user, bob, boards, now, django_assert_max_num_queries):
    client = as_user(bob)
    running_holdout(boards, now=now)
    client.get("/experiments/experiment/")
    counts = []
    for place in range(2):
        with django_assert_max_num_queries(60) as captured:
            client.get("/experiments/experiment/")
        counts.append(len(captured))
        for number in range(10):
            running_holdout(boards, now=now, name=f"{place} {number}")

    assert counts[0] == counts[1]


@pytest.fixture
def mixed_lead(sales, adoption, boards, now) -> Lead:
    """Held out by herself; then she joined a company whose other persons are worked."""
    holdout = running_holdout(boards, now=now)
    leads = (make_lead(adoption, subject=make_person(f"Ann {n}", now=now), now=now) for n in range(60))
    lead = next(lead for lead in leads if lead.state == "held_out")
    companies = (make_account(now=now) for _ in range(60))
    company = next(one for one in companies if _colleague_is_worked(adoption, one, now))
    ann = Identity.objects.get(person_id=lead.subject_id)
    AccountMembership.objects.create(identity=ann, account=company, valid_from=now)
    flag_mixed(now=now)
    assert Assignment.objects.filter(experiment=holdout, mixed_at=now).count() == 2
    return lead


def _colleague_is_worked(definition, account, now) -> bool:
    colleague = make_person(now=now, account=account)
    return make_lead(definition, subject=colleague, now=now).state != "held_out"


def test_mixed_ones_are_counted_and_marked(as_user, alice, mixed_lead):
    page = as_user(alice).get(url(Experiment.objects.get()))

    assert [row.mixed for row in page.context["arms"]] == [1, 1]
    assert [row.lead for row in page.context["leads"] if row.is_mixed] == [mixed_lead]
    assert "left out of the comparison" in page.content.decode()


def test_many_mixed_ones_say_what_to_do(as_user, bob, mixed_lead):
    assert "More than 1 in 100 is mixed" in as_user(bob).get(url(Experiment.objects.get())).content.decode()


def test_page_without_mixed_ones_does_not_speak_of_them(as_user, bob, boards, now):
    holdout = running_holdout(boards, now=now)

    assert "left out of the comparison" not in as_user(bob).get(url(holdout)).content.decode()


def test_mixed_person_stays_held_out(mixed_lead, adoption, now):
    Qualification.objects.filter(subject_id=mixed_lead.subject_id).update(state="left", closed_at=now)

    again = make_lead(adoption, subject=Person.objects.get(pk=mixed_lead.subject_id), now=now)

    assert again.state == "held_out"
