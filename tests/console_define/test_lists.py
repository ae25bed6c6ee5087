"""Lists: as many queries for 20 rows as for 10, teaching when empty, found by prefix, downloaded safely."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ingestion.models import Account, ImportRun, Person, QuarantinedEvent
from scoring.models import Qualification, ReplayRun
from tests.factories import ingestion
from tests.factories.any_row import make_row
from tests.factories.scoring import make_action, make_draft, make_live, make_motion, signal


@pytest.fixture
def add_rows(acme, in_acme, today):
    """Adds as many rows as asked for to the list of that name."""

    def people(count):
        start = Person.objects.count()
        sent = [
            ingestion.track(
                f"p{start + place}", f"Seen {start + place}", account=f"a{start + place}", ts=today
            )
            for place in range(count)
        ]
        ingestion.send_and_fold(acme, sent, received_at=today)

    makers = {
        "scoring_definition": lambda: make_live(signal(make_action())),
        "scoring_motion": make_motion,
        "scoring_replayrun": lambda: make_row(ReplayRun, version=make_live(signal(make_action()))),
        "ingestion_action": make_action,
        "ingestion_quarantinedevent": lambda: make_row(QuarantinedEvent),
        "ingestion_importrun": lambda: make_row(ImportRun),
    }

    def add(name, count):
        if name in makers:
            for _ in range(count):
                makers[name]()
        else:
            people(count)

    return add


LISTS = [
    "scoring_definition",
    "scoring_motion",
    "scoring_replayrun",
    "ingestion_action",
    "ingestion_account",
    "ingestion_person",
    "ingestion_event",
    "ingestion_eventname",
    "ingestion_quarantinedevent",
    "ingestion_importrun",
]


@pytest.mark.parametrize("name", LISTS)
def test_list_costs_as_many_queries_for_20_rows_as_for_10(as_user, alice, add_rows, name):
    client, address = as_user(alice), reverse(f"admin:{name}_changelist")
    counts = []

    for _ in range(2):
        add_rows(name, 10)
        client.get(address)  # what is read once per process is read here
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(address)
        counts.append(len(queries))

    assert counts[0] == counts[1]
    assert counts[0] < 40


@pytest.mark.parametrize(
    ("name", "teaches"),
    [
        ("scoring_motion", "What do you want to bring about"),
        ("scoring_definition", "Say what a product-qualified lead is"),
        ("scoring_qualification", "No PQLs yet"),
        ("scoring_replayrun", "No replays yet"),
        ("ingestion_action", "No actions yet"),
        ("ingestion_account", "No accounts yet"),
        ("ingestion_person", "No persons yet"),
        ("ingestion_event", "No events yet"),
        ("ingestion_eventname", "The catalogue fills itself"),
        ("ingestion_quarantinedevent", "Nothing is in quarantine"),
        ("ingestion_importrun", "No imports yet"),
    ],
)
def test_empty_list_teaches_the_next_step(as_user, alice, name, teaches):
    assert teaches in as_user(alice).get(reverse(f"admin:{name}_changelist")).content.decode()


@pytest.mark.parametrize(
    ("address", "text", "found"),
    [
        pytest.param("/ingestion/person/", "AN", {"ann"}, id="prefix in any case"),
        pytest.param("/ingestion/person/", "nn", set(), id="not inside a word"),
        pytest.param("/ingestion/person/", "bea@example", {"Bea"}, id="prefix of the e-mail"),
        pytest.param("/ingestion/person/", "u-77", {"Bea"}, id="whole user id"),
        pytest.param("/ingestion/person/", "100%", set(), id="no wildcards"),
        pytest.param("/ingestion/account/", "acme", {"acme-co"}, id="account"),
    ],
)
def test_search_is_by_prefix_or_whole_id(as_user, alice, acme, today, address, text, found):
    sent = [
        ingestion.track("ann", "Seen", account="acme-co", ts=today),
        ingestion.identify("u-77", traits={"name": "Bea", "email": "bea@example.test"}, ts=today),
    ]
    ingestion.send_and_fold(acme, sent, received_at=today)

    rows = as_user(alice).get(address, {"q": text}).context["rows"]

    assert {row["label"] for row in rows} == found


def test_pages_by_key_show_everybody_once(as_user, alice, acme, today):
    sent = [ingestion.track(f"p{n}", "Seen", ts=today - timedelta(minutes=n // 3)) for n in range(120)]
    ingestion.send_and_fold(acme, sent, received_at=today)
    client, seen, cursor = as_user(alice), [], ""

    for _ in range(3):
        context = client.get("/ingestion/person/", {"after": cursor} if cursor else {}).context
        seen += [row["label"] for row in context["rows"]]
        cursor = context["next"]

    assert sorted(seen) == sorted(f"p{n}" for n in range(120))
    assert cursor == ""


@pytest.mark.parametrize(
    "cursor", ["x", "2026-01-01_", "2026-01-01T00:00:00_5", "_", "2026-13-01T00:00:00+00:00_1"]
)
def test_cursor_that_names_no_place_is_not_found(as_user, alice, cursor):
    assert as_user(alice).get("/ingestion/person/", {"after": cursor}).status_code == 404


@pytest.mark.parametrize("bad", [{"before": "x"}, {"before": "-1"}, {"before": "9" * 30}, {"source": "x"}])
def test_stream_address_that_makes_no_sense_is_not_found(as_user, alice, bad):
    assert as_user(alice).get("/ingestion/event/", bad).status_code == 404


def test_csv_of_persons_runs_nothing_in_a_spreadsheet(as_user, alice, acme, today):
    evil = {"name": "=HYPERLINK(1)", "email": "+a@example.test"}
    ingestion.send_and_fold(acme, [ingestion.identify("u1", traits=evil, ts=today)], received_at=today)

    response = as_user(alice).get("/ingestion/person/", {"format": "csv"})

    text = response.content.decode("utf-8-sig")
    assert response["Content-Type"].startswith("text/csv")
    assert '"\'=HYPERLINK(1)"' in text
    assert '"\'+a@example.test"' in text


def test_csv_of_a_list_holds_its_columns_as_text(as_user, alice, in_acme):
    draft = make_draft(signal(make_action()), name="=Keen")
    data = {"action": "download_csv", "_selected_action": [str(draft.definition_id)]}

    response = as_user(alice).post("/scoring/definition/", data)

    lines = response.content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith('"name","owned by","motion"')
    assert lines[1].startswith('"\'=Keen","Corporate"')


def test_account_search_key_without_name(as_user, alice, acme, in_acme, today):
    ingestion.send_and_fold(
        acme, [ingestion.track("ann", "Seen", account="Acme-Co", ts=today)], received_at=today
    )

    rows = as_user(alice).get("/ingestion/account/", {"q": "Acme-Co"}).context["rows"]

    assert [row["subject"] for row in rows] == list(Account.objects.all())


def test_a_pql_in_the_list_leads_to_its_page(as_user, alice, in_acme):
    pql = make_row(Qualification)

    page = as_user(alice).get(reverse("admin:scoring_qualification_changelist")).content.decode()

    assert reverse("admin:scoring_qualification_change", args=[pql.pk]) in page


@pytest.mark.parametrize(
    ("days", "found"),
    [
        ({"from": "2026-03-02", "to": "2026-03-02"}, True),  # in Berlin; it was still the first in UTC
        ({"from": "2026-03-03"}, False),
        ({"to": "2026-03-01"}, False),
        ({"from": "0001-01-01", "to": "9999-12-31"}, True),
    ],
)
def test_pqls_of_some_days_are_those_of_the_companys_calendar(as_user, alice, in_acme, days, found):
    pql = make_row(Qualification)
    Qualification.objects.update(opened_at="2026-03-01T23:30:00Z")

    asked = {f"opened_at_{end}": day for end, day in days.items()}
    page = as_user(alice).get(reverse("admin:scoring_qualification_changelist"), asked).content.decode()

    assert (str(pql.pk) in page) == found
