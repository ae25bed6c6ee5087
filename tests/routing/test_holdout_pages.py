"""Holdouts in the console."""

import pytest

from experiments.models import Arm, Experiment
from tenants.models import Role
from tests.conftest import member
from tests.factories.experiments import running_holdout

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
