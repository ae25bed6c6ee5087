"""Who may not see held-out leads cannot learn from any page, list, search or export that somebody qualifies and is held
out: every address there is, asked as a rep and as a unit owner, against what an admin gets to see there."""

import re
from datetime import datetime, timedelta
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from django.urls import reverse
from django.utils import timezone

from experiments.models import Arm, Assignment, Experiment
from ingestion.models import Account, Person
from reports.reports import PARTS
from routing.models import Lead
from routing.operations import route_new
from scoring.models import Definition, Level, Qualification, ReplayRun
from scoring.operations import request_replay, resume_replay, run_replay, score_due
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import Role
from tenants.operations import grant_membership
from tests.architecture.test_urls import OPEN, addresses
from tests.console_define.drafts import posted
from tests.factories import ingestion
from tests.factories.experiments import running_holdout
from tests.factories.scoring import make_draft, make_live, signal

NAMES = ["Kim Kept", "Kept Co"]
POINTS = {Level.PERSON: "77.77", Level.ACCOUNT: "76.66"}  # of kim and of her company, and of nobody else


@pytest.fixture
def today() -> datetime:
    return timezone.now().replace(microsecond=0)


@pytest.fixture
def world(acme, boards, sales, today):
    """Kim and her company are PQLs and held out, Wes and his are PQLs and Rita's. A replay and a draft copy of the
    definition find both."""
    _tell_history(acme, today)
    holdout = running_holdout(boards, now=today)
    for key, is_control in (("kept-co", True), ("worked-co", False)):
        _assign(holdout, Account.objects.get(key=key), is_control, today)
    keen = make_live(*_signals(3666), business_unit=boards, name="Keen")
    teams = make_live(*_signals(3555), business_unit=boards, name="Keen teams", level=Level.ACCOUNT)
    copy = make_draft(*_signals(3666), business_unit=boards, name="Copy")
    score_due(now=today)
    route_new(now=today)
    return SimpleNamespace(
        holdout=holdout,
        definitions=[keen.definition, teams.definition, copy.definition],
        copy=copy.definition,
        replays=[_replay(version, today) for version in (keen, teams)],
        kept=list(Lead.objects.filter(state="held_out").order_by("subject_kind")),
    )


def _tell_history(acme, today) -> None:
    hour_ago = today - timedelta(hours=1)
    ingestion.make_action("Alpha"), ingestion.make_action("Beta"), ingestion.make_action("Gamma")
    sent = []
    for name, company, events in (("Kim Kept", "Kept Co", ["Alpha", "Beta"]),
                                  ("Wes Worked", "Worked Co", ["Alpha", "Gamma"])):  # fmt: skip
        account = company.lower().replace(" ", "-")
        sent.append(ingestion.identify(name[:3], traits={"name": name}, ts=hour_ago))
        sent.append(ingestion.group(name[:3], account, traits={"name": company}, ts=hour_ago))
        sent += [ingestion.track(name[:3], event, account=account, ts=hour_ago) for event in events]
    ingestion.send_and_fold(acme, sent, received_at=today)


def _signals(beta: int):
    """Alpha gives 41.11 points, Gamma 20, Beta as asked."""
    from ingestion.models import Action

    given = {"Alpha": 4111, "Beta": beta, "Gamma": 2000}
    return [signal(Action.objects.get(name=name), name=name, points=points) for name, points in given.items()]


def _assign(holdout: Experiment, account: Account, is_control: bool, today) -> None:
    """The row is the truth: who is in which arm does not hang on a hash here."""
    arm = Arm.objects.get(experiment=holdout, is_control=is_control)
    Assignment.objects.create(
        experiment=holdout, arm=arm, unit_kind=2, unit_id=account.pk, bucket=1, propensity=arm.weight, assigned_at=today
    )  # fmt: skip


def _replay(version, today) -> ReplayRun:
    day = timezone.localdate(today)
    run = request_replay(
        version=version, first_day=day - timedelta(days=1), last_day=day, by=SYSTEM, now=today
    )
    run_replay(replay=resume_replay(run=run), now=today)
    return run


def everywhere(world) -> list[str]:
    """Every address with the keys of what is held out, and the searches and exports of what names subjects."""
    found = set()
    for lead, run in zip(world.kept, world.replays, strict=True):
        for definition in world.definitions:
            keys = {
                Lead: lead.pk,
                Qualification: lead.qualification_id,
                Definition: definition.pk,
                ReplayRun: run.pk,
                Experiment: world.holdout.pk,
                Person: world.kept[0].subject_id,
                Account: world.kept[1].subject_id,
            }
            found |= {row.path for row in addresses(keys) if not row.route.startswith(tuple(OPEN))}
    return sorted(found | set(_asked(world)))


def _asked(world):
    day = timezone.localdate().isoformat()
    for lead, run, definition, kind in zip(
        world.kept, world.replays, world.definitions, ("person", "account"), strict=False
    ):
        yield f"/ingestion/{kind}/?format=csv"
        yield f"/ingestion/{kind}/?q=k"
        yield f"/ingestion/{kind}/?q=k&format=csv"
        yield f"/ingestion/{kind}/{lead.subject_id}/change/explain/?definition={definition.pk}&day={day}"
        yield f"/scoring/replayrun/{run.pk}/change/?format=csv"
        yield f"/scoring/qualification/?q=k&definition__id__exact={definition.pk}"
        for part in PARTS:
            query = {"part": part, "definition": definition.pk, "period": "90d"}
            yield f"/reports/rows/?{urlencode(query)}"
            yield f"/reports/rows/?{urlencode(query | {'format': 'csv'})}"
    yield from ("/routing/lead/?show=all", "/routing/lead/?q=k&show=all", "/routing/lead/export/?show=all")
    yield from ("/routing/lead/?state__exact=held_out", "/search/?s=kim", "/search/?s=kept")
    yield from (f"/reports/{name}/?format=csv&period=90d" for name in ("pqls", "funnel", "conversion"))


def shown_to(client, world) -> dict[str, list[str]]:
    """Address -> what it says there of kim and her company that only those who prove may know. Their names alone say
    something everywhere but among all persons, accounts, events and values of traits."""
    client.raise_request_exception = False
    secrets = [*POINTS.values(), *(str(lead.pk) for lead in world.kept)]
    secrets += [str(lead.qualification_id) for lead in world.kept]
    preview = reverse("admin:scoring_definition_preview", args=[world.copy.pk])
    answers = [(path, client.get(path)) for path in everywhere(world)]
    answers.append((preview, client.post(preview, _draft_of(world.copy))))
    found = {}
    for path, answer in answers:
        text = answer.getvalue().decode(errors="replace") if answer.status_code in (200, 422) else ""
        # What somebody asked for by its key and did not get tells them nothing new.
        text = re.sub("with ID “.*?” doesn’t exist", "", text).replace(path.split("?")[0], "")
        names_all = path.startswith("/ingestion/") or path.endswith("/draft/")
        looked_for = secrets if names_all else [*secrets, *NAMES]
        if leaks := [secret for secret in looked_for if secret in text]:
            found[path] = leaks
    return found


def _draft_of(definition: Definition) -> dict[str, str]:
    rows = [
        {"name": name, "kind": "count", "action": name, "at_least": "1", "window": "days", "window_length": "7",
         "points": points, "points_mode": "fixed"}
        for name, points in (("Alpha", "41.11"), ("Beta", "36.66"))
    ]  # fmt: skip
    return posted(definition, *rows)


def test_an_admin_sees_it_everywhere_so_the_search_finds_what_it_looks_for(as_user, alice, world):
    shown = shown_to(as_user(alice), world)

    person, account = world.kept
    for path, what in {
        "/ingestion/person/": POINTS[Level.PERSON],
        "/ingestion/person/?format=csv": POINTS[Level.PERSON],
        "/ingestion/account/": POINTS[Level.ACCOUNT],
        f"/ingestion/person/{person.subject_id}/change/": POINTS[Level.PERSON],
        f"/ingestion/account/{account.subject_id}/change/": POINTS[Level.ACCOUNT],
        "/scoring/qualification/": str(person.qualification_id),
        f"/scoring/qualification/{account.qualification_id}/change/": POINTS[Level.ACCOUNT],
        f"/scoring/replayrun/{world.replays[0].pk}/change/": "Kim Kept",
        f"/scoring/replayrun/{world.replays[1].pk}/change/?format=csv": "Kept Co",
        f"/scoring/definition/{world.copy.pk}/publish/": "Kim Kept",
        f"/scoring/definition/{world.copy.pk}/preview/": "Kim Kept",
        f"/routing/lead/{person.pk}/change/": POINTS[Level.PERSON],
        f"/experiments/experiment/{world.holdout.pk}/change/": "Kept Co",
    }.items():
        assert what in shown.get(path, []), path
    explained = [path for path in shown if "/explain/?" in path]
    behind_numbers = [path for path in shown if path.startswith("/reports/rows/")]
    assert (len(explained), len(behind_numbers) > 10) == (2, True)


@pytest.mark.parametrize("who", ["bob", "rita"])
def test_who_could_act_on_it_sees_it_nowhere(as_user, request, world, who):
    assert shown_to(as_user(request.getfixturevalue(who)), world) == {}


def test_a_unit_owner_sees_all_of_that_for_who_is_worked(as_user, bob, world):
    """What is hidden above is not hidden from everybody about everybody."""
    client = as_user(bob)
    wes = Person.objects.get(label="Wes Worked")

    assert "61.11" in client.get(f"/ingestion/person/{wes.pk}/change/").content.decode()
    assert "Wes Worked" in client.get(f"/scoring/replayrun/{world.replays[0].pk}/change/").content.decode()
    assert "Wes Worked" in client.get(f"/scoring/definition/{world.copy.pk}/publish/").content.decode()


def test_a_held_out_person_looks_like_one_without_a_score(as_user, bob, world, today):
    """A page that says less than of a stranger would say that there is something to hide."""
    stranger = Person.objects.create(label="Kim Kept", first_seen_at=today, last_seen_at=today)
    client = as_user(bob)

    def panels(person_id):
        context = client.get(f"/ingestion/person/{person_id}/change/").context
        return [panel["now"].score for panel in context["scores"]], context["explain_form"], context["pqls"]

    assert panels(world.kept[0].subject_id) == panels(stranger.pk) == ([None], None, [])


def test_who_proves_in_one_unit_and_sells_in_another_sees_only_the_first(
    as_user, acme, insights, bob, world, now
):
    with tenant_context(acme.pk):
        grant_membership(user=bob, business_unit=insights, role=Role.ANALYST, by=SYSTEM, now=now)

    page = as_user(bob).get(f"/ingestion/person/{world.kept[0].subject_id}/change/").content.decode()

    assert POINTS[Level.PERSON] not in page
    assert "Times it was a PQL" not in page
