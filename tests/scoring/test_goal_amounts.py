"""What a goal was worth is recorded with it."""

from decimal import Decimal

import pytest

from ingestion.models import Outcome
from ingestion.rules.money import currency_code, minor_units
from scoring.operations import score_due
from tests.factories import ingestion
from tests.factories.scoring import make_live, make_motion, signal


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("12.5", "EUR", 1250),
        ("12.005", "USD", 1201),
        ("-12.005", "USD", -1201),
        ("1500", "JPY", 1500),
        ("1.2345", "KWD", 1235),
        ("1e17", "EUR", None),
        ("9e28", "EUR", None),
    ],
)
def test_minor_units_are_those_of_the_currency(amount, currency, minor):
    assert minor_units(Decimal(amount), currency) == minor


@pytest.mark.parametrize(("sent", "code"), [(" eur", "EUR"), ("Euro", ""), ("€", ""), (978, ""), (None, "")])
def test_only_iso_codes_are_currencies(sent, code):
    assert currency_code(sent) == code


@pytest.mark.parametrize(
    ("properties", "recorded"),
    [
        ({"revenue": 49.9, "currency": "usd"}, (Decimal("49.9"), 4990, "USD")),
        ({"revenue": "120"}, (Decimal(120), None, "")),
        ({"revenue": 5, "currency": {"code": "USD"}}, (Decimal(5), None, "")),
        ({"currency": "EUR"}, (None, None, "")),
    ],
)
@pytest.mark.parametrize("level", [1, 2])
def test_outcome_has_the_number_of_the_goals_action(level, properties, recorded, in_acme):
    buy = ingestion.make_action("bought", number_property="revenue")
    make_live(signal(ingestion.make_action("login")), level=level, motion=make_motion(goal_action=buy))
    ingestion.send_and_fold(
        in_acme, [ingestion.track("ann", "bought", account="firm", properties=properties)]
    )

    score_due(now=ingestion.RECEIVED)

    outcome = Outcome.objects.get()
    assert (outcome.number, outcome.amount_minor, outcome.currency) == recorded
