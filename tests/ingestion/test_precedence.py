"""Several origins tell one trait: whose word holds, now and at any moment of history."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.models import Account, PrecedenceSweep, TraitValue
from ingestion.operations import (
    drop_precedence,
    precedence_sweep,
    set_precedence,
    sort_traits_out,
)
from ingestion.operations.arrivals import Arrival, Request
from ingestion.operations.fold import to_arrival
from ingestion.operations.history import add_traits
from ingestion.operations.marks import exclusion_rules
from ingestion.rules.precedence import CRM, ENRICHMENT, PRODUCT, USUAL, ranks
from scoring.models import Score
from scoring.operations import score_due
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tests.factories.ingestion import START, group, make_source, send_and_fold
from tests.factories.scoring import make_live, signal

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def tell(acme, in_acme):
    """Say a trait of the account a1, valid from a day on."""
    source = make_source(acme)

    def say(origin, value, day=0, name="employees"):
        request = Request(source.pk, "server", START + 30 * DAY, {}, {}, origin)
        item = group("ann", "a1", ts=START + day * DAY, traits={name: value})
        arrival = to_arrival(item, request, exclusion_rules())
        assert isinstance(arrival, Arrival)
        add_traits([arrival], score_at=START)

    return say


def employees():
    return Account.objects.get(key="a1").traits["employees"]


def believe(*origins, trait=""):
    set_precedence(trait=trait, origins=list(origins), by=SYSTEM, now=START)
    while sort_traits_out(now=START):
        pass


def test_the_crm_goes_before_the_product_and_a_vendor_only_fills_gaps(tell):
    tell(ENRICHMENT, 10)
    seen = [employees()]
    tell(PRODUCT, 20)
    seen.append(employees())
    tell(CRM, 30)
    tell(PRODUCT, 40, day=9)
    tell(ENRICHMENT, 50, day=10)

    assert [*seen, employees()] == [10, 20, 30]


def test_of_one_origin_the_latest_holds(tell):
    tell(CRM, 30, day=2)
    tell(CRM, 20, day=1)

    assert employees() == 30


def test_another_order_is_worked_out_over_all_of_history(tell):
    tell(CRM, 30)
    tell(PRODUCT, 40, day=1)
    before = employees()
    believe(PRODUCT, CRM)

    assert (before, employees(), PrecedenceSweep.objects.exists()) == (30, 40, False)


def test_one_trait_may_have_its_own_order_and_lose_it_again(tell):
    for name in ("employees", "plan"):
        tell(CRM, 1, name=name)
        tell(PRODUCT, 2, day=1, name=name)
    believe(PRODUCT, CRM, trait="plan")
    own = dict(Account.objects.get().traits)
    row = set_precedence(trait="plan", origins=[PRODUCT], by=SYSTEM, now=START)
    drop_precedence(row=row, by=SYSTEM, now=START)
    while sort_traits_out(now=START):
        pass

    assert (own, Account.objects.get().traits) == ({"employees": 1, "plan": 2}, {"employees": 1, "plan": 1})


def test_the_sweep_goes_on_slice_by_slice(tell, acme, monkeypatch):
    monkeypatch.setattr(precedence_sweep, "SLICE", 1)
    tell(CRM, 30)
    tell(PRODUCT, 40, day=1)
    set_precedence(trait="", origins=[PRODUCT], by=SYSTEM, now=START)
    steps = 0
    while sort_traits_out(now=START):
        steps += 1

    assert (steps, employees()) == (2, 40)


def test_events_of_the_product_that_are_folded_do_not_win_over_the_crm(acme, tell):
    tell(CRM, 30)
    send_and_fold(acme, [group("ann", "a1", ts=START + 5 * DAY, traits={"employees": 99})])

    assert employees() == 30
    assert TraitValue.objects.get(origin=PRODUCT).is_shadowed


def test_scores_read_the_word_that_holds(tell, now):
    make_live(signal(kind="trait", trait_name="employees", trait_operator="gte", trait_value="100"), level=2)
    tell(CRM, 30)
    tell(PRODUCT, 200, day=1)
    score_due(now=now)
    before = list(Score.objects.values_list("points", flat=True))
    believe(PRODUCT)
    score_due(now=now)

    assert (before, Score.objects.get().points) == ([], 5000)


def test_another_company_is_not_touched(tell, globex):
    tell(CRM, 30)
    with tenant_context(globex.pk):
        assert sort_traits_out(now=START) is False


TOLD = st.lists(
    st.tuples(st.sampled_from(USUAL), st.integers(0, 6)), min_size=1, max_size=8, unique_by=lambda x: x
)


def naive(told, order, day):
    """The value of the first origin that had spoken by then, its latest."""
    place = ranks(order)
    known = [(place[origin], -at, number) for number, (origin, at) in enumerate(told) if at <= day]
    return min(known)[2] if known else None


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=TOLD, order=st.permutations(USUAL))
def test_at_every_moment_the_word_of_the_first_origin_holds(tell, told, order):
    TraitValue.objects.all().delete()
    for number, (origin, day) in enumerate(told):
        tell(origin, number, day=day)
    believe(*order)

    for day in range(7):
        valid = TraitValue.objects.filter(is_shadowed=False, valid_from__lte=START + day * DAY)
        latest = valid.order_by("-valid_from", "-message_id").first()
        assert (latest and latest.value) == naive(told, order, day)
