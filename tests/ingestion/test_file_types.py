"""Files of accounts, persons, marketing leads and opportunities."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core.management import call_command

from ingestion.models import Account, Activity, Event, Outcome, Person, QuarantinedEvent, TraitValue
from ingestion.rules.file_types import shape
from ingestion.rules.guessing import guess_type
from scoring.operations import score_due
from tests.factories.ingestion import group, identify, make_action, send_and_fold
from tests.factories.scoring import make_live, make_motion, signal

pytestmark = pytest.mark.django_db


@pytest.fixture
def load(in_acme, tmp_path, capsys):
    def run(text: str, type: str, maps: dict, *options: str) -> str:
        path = tmp_path / "rows.csv"
        path.write_text(text)
        words = [word for field, column in maps.items() for word in ("--map", f"{field}={column}")]
        call_command("import_events", str(path), "--tenant", "acme", "--type", type, *words, *options)
        return capsys.readouterr().out

    return run


ACCOUNTS = "website,employees,industry\nhttps://www.Acme.com/about,250,Energy\nglobex.com,9,Media\n"


def test_accounts_take_traits_by_their_domain_without_a_person(acme, load):
    send_and_fold(acme, [group("ann", "a1", traits={"domain": "acme.com", "plan": "free"})])

    load(ACCOUNTS, "account", {"domain": "website"}, "--origin", "crm")

    rows = {row.key: row.traits for row in Account.objects.all()}
    assert rows["a1"] == {"domain": "acme.com", "plan": "free", "employees": 250, "industry": "Energy"}
    assert rows["globex.com"]["employees"] == 9
    assert (Person.objects.count(), Event.objects.count()) == (1, 1)
    assert set(TraitValue.objects.filter(name="employees").values_list("origin", flat=True)) == {2}


def test_the_same_file_again_adds_nothing(acme, load):
    load(ACCOUNTS, "account", {"domain": "website"})
    before = TraitValue.objects.count()

    assert "0 added, 2 known before" in load(ACCOUNTS, "account", {"domain": "website"}, "--again")
    assert TraitValue.objects.count() == before


def test_persons_are_found_by_their_mail(acme, load):
    send_and_fold(acme, [identify("u1", traits={"email": "Ann@Acme.com"})])

    load("mail,seniority\nann@acme.com,VP\nbea@acme.com,CEO\n", "identify", {"email": "mail"})

    found = {row.email.lower(): (row.label, row.traits["seniority"]) for row in Person.objects.all()}
    assert (len(found), found["ann@acme.com"][1], found["bea@acme.com"][1]) == (2, "VP", "CEO")


def test_a_mail_that_two_persons_share_is_refused(acme, load):
    send_and_fold(acme, [identify(user, traits={"email": "team@acme.com"}) for user in ("u1", "u2")])

    load("mail,x\nteam@acme.com,1\nbea@acme.com,2\n", "identify", {"email": "mail"})

    assert QuarantinedEvent.objects.get().code == "shared_email"


def test_marketing_leads_are_events_of_their_persons(acme, load):
    send_and_fold(acme, [identify("u1", traits={"email": "ann@acme.com"})])
    rows = "mail,at,origin,result\nann@acme.com,2026-03-01,paid_search,won\n"

    load(rows, "lead", {"email": "mail", "timestamp": "at", "source": "origin", "outcome": "result"})

    event = Event.objects.get(name="Marketing lead")
    assert event.properties == {"source": "paid_search", "outcome": "won"}
    assert event.context["campaign"] == {"source": "paid_search"}
    assert (event.ts, Person.objects.count()) == (datetime(2026, 3, 1, tzinfo=UTC), 1)


DEALS = "id,account,closed,stage,sum\nd1,a1,2026-03-02,Won,12500.50\nd2,a1,2026-03-03,Lost,\n"
DEAL = {"groupId": "account", "timestamp": "closed", "deal": "id", "stage": "stage", "amount": "sum"}


def test_a_won_opportunity_is_the_goal_of_a_motion_with_its_money(acme, load, now):
    send_and_fold(acme, [group("ann", "a1")])
    is_won = [{"property": "stage", "op": "eq", "value": "won"}]
    won = make_action("Opportunity", name="Won", filters=is_won, number_property="amount")
    make_live(signal(make_action("login")), motion=make_motion(goal_action=won), level=2)

    load(DEALS, "deal", DEAL, "--map", "currency:=EUR")
    score_due(now=now)

    outcome = Outcome.objects.get()
    assert (outcome.number, outcome.amount_minor, outcome.currency) == (Decimal("12500.5"), 1_250_050, "EUR")
    assert (outcome.subject_kind, outcome.subject_id) == (2, Account.objects.get().pk)
    assert Activity.objects.count() == 1


def test_the_next_export_adds_only_what_reached_a_new_stage(acme, load):
    load(DEALS, "deal", DEAL)
    said = load(DEALS + "d2,a1,2026-03-09,Won,7\n", "deal", DEAL)

    assert "1 added, 2 known before" in said


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"type": "deal", "stage": "", "properties": {}}, "missing_stage"),
        ({"type": "deal", "stage": "won", "amount": "12,5", "properties": {}}, "invalid_amount"),
        ({"type": "deal", "stage": "won", "amount": "NaN", "properties": {}}, "invalid_amount"),
        ({"type": "deal", "stage": "won", "currency": "Euro", "properties": {}}, "invalid_currency"),
        ({"type": "account", "traits": {}}, "missing_account"),
        ({"type": "account", "domain": "nowhere", "traits": {}}, "invalid_domain"),
        ({"type": "lead", "email": "ann at acme", "properties": {}}, "invalid_email"),
    ],
)
def test_rows_that_cannot_be_read_say_why(row, code):
    assert shape(row["type"], row).code == code


def test_a_refused_row_is_kept_as_it_was_read(load):
    load("id,account,closed,stage,sum\nd1,a1,2026-03-02,Won,1\nd2,a1,2026-03-02,Won,lots\n", "deal", DEAL)

    kept = QuarantinedEvent.objects.get()
    assert (kept.code, kept.row_number) == ("invalid_amount", 2)
    assert '"amount":"lots"' in kept.raw
    assert '"deal":"d2"' in kept.raw


@pytest.mark.parametrize(
    ("columns", "type"),
    [
        ("user_id,event,timestamp", "track"),
        ("user_id,name,plan", "identify"),
        ("Website,Industry,Employees", "account"),
        ("mql_id,first_contact_date,landing_page_id,origin", "lead"),
        ("Opportunity ID,Account ID,Stage,Amount,Close Date", "deal"),
    ],
)
def test_what_a_row_is_is_guessed_from_the_columns(columns, type):
    assert guess_type(columns.split(",")) == type
