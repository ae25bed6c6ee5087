"""Every report says of random histories what a naive count of the rows says, in two companies that have the same ones
side by side."""

from datetime import UTC, date, datetime
from random import Random

import pytest

from ingestion.models import Activity, Identity, Person
from reports.reports import REPORTS
from reports.stats import Grain
from scoring.models import Level
from tenants.context import tenant_context
from tests.factories.reports import assign, days, goal, holdout, live_definition, pql, score, sign_up
from tests.factories.scoring import make_action, make_motion, version_of
from tests.reports.asking import ask
from tests.reports.naive import Naive

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
NOW = START + days(70)
QUESTIONS = [
    pytest.param({}, id="everything"),
    pytest.param({"sees_held_out": False}, id="without held-out leads"),
    pytest.param({"definition": None, "grain": Grain.WEEK}, id="all definitions by week"),
    pytest.param({"band": "hot", "window_days": 7}, id="one band"),
    pytest.param(
        {"band": "warm", "sees_held_out": False, "grain": Grain.WEEK}, id="one band without held-out leads"
    ),
    pytest.param(
        {"first": date(2026, 2, 9), "last": date(2026, 2, 22), "grain": Grain.DAY}, id="two weeks by day"
    ),
]


def history(random):
    """Definitions of both levels, with and without a start action, and what happened to everybody."""
    level = {Level.ACCOUNT: [], Level.PERSON: []}
    for kind, subjects in level.items():
        subjects += [sign_up(moment(random), level=kind, exclusion=random.random() < 0.1) for _ in range(40)]
    _merge(random, level[Level.PERSON])
    definitions = []
    for kind in (Level.ACCOUNT, Level.PERSON, Level.ACCOUNT, Level.PERSON):
        start = make_action() if len(definitions) > 1 else None
        motion = make_motion(start_action=start, goal_window_days=random.choice([10, 30]))
        definition = live_definition(level=kind, motion=motion, since=START + days(random.choice([-90, 10])))
        definitions.append(definition)
        _happen(random, definition, level[kind], holdout(definition, START - days(60)))
        if start:
            _begin(random, start, kind, level[kind])
    return definitions


def moment(random):
    """Sometimes before the period and sometimes after now."""
    return START + days(random.uniform(-40, 75))


def _merge(random, persons):
    for index in range(1, len(persons)):
        if random.random() < 0.2:
            Person.objects.filter(pk=persons[index]).update(merged_into_id=persons[index - 1])
    Person.objects.filter(pk__in=random.sample(persons, 5)).update(is_identified=False)


def _happen(random, definition, subjects, arms):
    assigned = set()
    for subject in subjects:
        for at in sorted(moment(random) for _ in range(random.choice([0, 1, 1, 2, 3]))):
            lead = random.choice([None, "held_out", "working", "working", "closed"])
            row = pql(
                definition, subject, at, lead=lead, band=random.choice(["hot", "warm"]),
                state=random.choice(["left", "left", "left", "converted", "merged"]),
                triggered_at=at - days(random.choice([0, 0.01, 5])),
                **_answer(random, lead),
            )  # fmt: skip
            if lead and subject not in assigned:
                assigned.add(subject)
                assign(row, arms[0] if lead == "held_out" else random.choice(arms))
        if random.random() < 0.3:
            pql(
                definition,
                subject,
                START + days(random.uniform(60, 75)),
                lead=random.choice([None, "working"]),
            )
        for _ in range(random.choice([0, 0, 1, 2])):
            at = moment(random)
            goal(definition, subject, at, received_at=at + days(random.choice([0, 3])))
        if random.random() < 0.5:
            score(definition, subject, moment(random), is_qualified=random.random() < 0.5)


def _answer(random, lead):
    if lead in (None, "held_out"):
        return {}
    disposition = random.choice(["", "accepted", "rejected", "won", "lost"])
    return {"disposition": disposition, "reason": random.choice(["Too small", "no budget "])}


def _begin(random, action, kind, subjects):
    """The start action, done by some, once or more often."""
    for subject in subjects:
        who = {"account_id": subject, "identity_id": 0}
        if kind == Level.PERSON:
            identity, _new = Identity.objects.get_or_create(kind=1, value=str(subject), person_id=subject)
            who = {"identity_id": identity.pk}
        for _ in range(random.choice([0, 1, 2])):
            at = moment(random)
            Activity.objects.create(
                event_id=Activity.objects.count() + 1, action_version_id=version_of(action), ts=at, received_at=at,
                local_day=at.date(), exclusion=random.random() < 0.1, **who,
            )  # fmt: skip


@pytest.fixture
def companies(acme, globex):
    found = {}
    for seed, tenant in enumerate((acme, globex)):
        with tenant_context(tenant.pk):
            found[tenant] = history(Random(seed))
    return found


@pytest.mark.parametrize("values", QUESTIONS)
def test_every_report_says_what_a_naive_count_says(companies, values):
    for tenant, definitions in companies.items():
        with tenant_context(tenant.pk):
            for chosen in definitions:
                _agree(
                    ask(
                        *definitions, **{"now": NOW, "first": date(2026, 1, 1), "definition": chosen} | values
                    )
                )


def _agree(question):
    naive, definition = Naive(question), question.definition or question.definitions[0]
    found = {name: report(question) for name, report in REPORTS.items()}

    assert found["trend"].sheet[1:] == naive.trend()
    assert not found["trend"].figures or found["trend"].figures[1].value == str(naive.open_now())
    for name in ("rate", "speed", "conversion", "funnel"):
        assert found[name].sheet[1:] == getattr(naive, name)(definition), name
    assert found["health"].sheet[1:] == naive.health()
    assert found["rate"].notes == _left_out(naive.left_out(definition))
    arms = naive.arm_totals(definition)
    assert _arms(found["conversion"]) == (arms if len(arms) == 2 else {})  # side by side or not at all
    assert found["overview"].sheet == found["health"].sheet
    assert [figure.value for figure in found["overview"].figures] == [
        *(_first(found[name]) for name in ("trend", "rate", "speed", "conversion")),
        str(naive.funnel(definition)[-1][1]),
    ]


def _left_out(reasons):
    early, before = reasons["too early"], reasons["pql before"]
    were = "was a PQL" if before == 1 else "were PQLs"
    return [
        *([f"{early} sign-ups came before the definition went live and are left out."] if early else []),
        *(
            [f"{before} {were} before the sign-up and {'is' if before == 1 else 'are'} left out."]
            if before
            else []
        ),
    ]


def _arms(report):
    """Total, finished and reached of each arm, as the page shows them."""
    tables = [
        section.table
        for section in report.sections
        if section.heading == "Of which held out" and section.table
    ]
    return {
        {"Held out": "held out", "Worked": "worked"}[row[0]]: (int(row[1]), int(row[3]), int(row[4]))
        for table in tables
        for row in table.rows
    }


def _first(report):
    return "Cannot say yet" if report.empty else report.figures[0].value
