"""The editor of a routing table: rearrange without saving, refuse with words, try on real leads."""

import pytest

from routing.models import RoutingRule, RoutingTable
from routing.operations import RuleLine, save_table
from tenants.audit import SYSTEM
from tests.factories.delivery import make_destination
from tests.factories.routing import condition, make_lead, make_pool

LINE = {"l-0-name": "Hot ones", "l-0-target": "nurture"}
HOT = {"c-0-0-field": "band", "c-0-0-op": "eq", "c-0-0-value": "hot"}
HTMX = {"HX-Request": "true"}


@pytest.fixture
def table(boards, now) -> RoutingTable:
    return save_table(business_unit=boards, lines=[], by=SYSTEM, now=now)


@pytest.fixture
def url(table) -> str:
    return f"/routing/routingtable/{table.pk}/change/"


def test_save_stores_lines_in_order(as_user, bob, url, table):
    second = {"l-1-name": "Rest", "l-1-target": "hold"}

    answer = as_user(bob).post(
        url, LINE | HOT | second | {"default_target": "hold", "do": "save"}, headers=HTMX
    )

    assert "Saved" in answer.content.decode()
    rules = RoutingRule.objects.filter(table=table).order_by("position")
    assert list(rules.values_list("name", "target")) == [("Hot ones", "nurture"), ("Rest", "hold")]
    assert rules[0].conditions == [condition("band", "eq", "hot")]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (LINE | HOT | {"l-0-name": " "}, "Line 1 (unnamed): give it a name"),
        (LINE | HOT | {"l-0-target": "pool"}, "Line 1 (Hot ones): choose the pool."),
        (LINE | HOT | {"l-0-target": "rep", "l-0-rep": "x"}, "choose the rep."),
        (LINE | HOT | {"l-0-target": "automation"}, "choose the destination"),
        (LINE | HOT | {"l-0-target": "moon"}, "choose where to send"),
        (LINE | HOT | {"c-0-0-value": ""}, "condition 1: give a value"),
        (LINE | HOT | {"c-0-0-field": "mood"}, "condition 1: choose what to look at"),
        (LINE | {"c-0-0-field": "points", "c-0-0-op": "gte", "c-0-0-value": "many"}, "need a number"),
        (LINE | {"c-0-0-field": "account_trait", "c-0-0-op": "eq", "c-0-0-value": "x"}, "name the trait"),
        ({"default_target": "pool"}, "Otherwise: choose the pool"),
        ({"default_target": "automation"}, "Otherwise: choose a pool, nurture or hold"),
    ],
)
def test_save_refused_names_line_and_problem(as_user, bob, url, table, fields, said):
    answer = as_user(bob).post(url, {"default_target": "hold"} | fields | {"do": "save"}, headers=HTMX)

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not RoutingRule.objects.exists()


def test_doubt_about_unknown_band_is_said_and_does_not_refuse(as_user, bob, url, adoption):
    answer = as_user(bob).post(
        url, LINE | HOT | {"c-0-0-value": "hto", "default_target": "hold", "do": "save"}, headers=HTMX
    )

    assert "Band “hto” is not known. Did you mean “hot”?" in answer.content.decode()
    assert RoutingRule.objects.count() == 1


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("add", ["A", "B", ""]),
        ("up-1", ["B", "A"]),
        ("down-0", ["B", "A"]),
        ("up-0", ["A", "B"]),
        ("remove-0", ["B"]),
        ("remove-9", ["A", "B"]),
        ("nonsense", ["A", "B"]),
    ],
)
def test_rearrange_does_not_save(as_user, bob, url, command, names):
    fields = {"l-0-name": "A", "l-0-target": "hold", "l-1-name": "B", "l-1-target": "hold", "do": command}

    text = as_user(bob).post(url, fields, headers=HTMX).content.decode()

    assert [text.count(f'name="l-{place}-name"') for place in range(len(names) + 1)] == [1] * len(names) + [0]
    for place, name in enumerate(names):
        assert f'name="l-{place}-name" value="{name}"' in text
    assert not RoutingRule.objects.exists()


def test_conditions_are_added_and_removed(as_user, bob, url):
    client = as_user(bob)

    added = client.post(url, LINE | HOT | {"do": "condition-0"}, headers=HTMX).content.decode()
    removed = client.post(url, LINE | HOT | {"do": "uncondition-0-0"}, headers=HTMX).content.decode()

    assert 'name="c-0-1-field"' in added
    assert 'name="c-0-0-field"' not in removed


def test_field_changed_offers_its_comparisons(as_user, bob, url):
    text = (
        as_user(bob)
        .post(url, LINE | HOT | {"c-0-0-field": "points", "do": "refresh"}, headers=HTMX)
        .content.decode()
    )

    assert '<option value="gte" selected>' in text
    assert '<option value="contains"' not in text


def test_choices_are_real_names(as_user, bob, url, adoption):
    text = as_user(bob).get(url).content.decode()

    for name in ("Invited a colleague", "Team adoption", "hot"):
        assert f'<option value="{name}">' in text


def test_pools_and_destinations_of_other_units_cannot_be_chosen(as_user, bob, url, insights, now):
    pool = make_pool(insights, [], now=now, name="Insights pool")
    destination, _secret = make_destination(insights, now=now)
    client = as_user(bob)

    text = client.get(url).content.decode()
    fields = LINE | {"l-0-target": "pool", "l-0-pool": str(pool.pk), "l-0-destination": str(destination.pk)}
    answer = client.post(url, fields | {"default_target": "hold", "do": "save"}, headers=HTMX)

    assert "Insights pool" not in text
    assert answer.status_code == 422


def test_try_it_tells_which_line_and_whose_turn(as_user, bob, boards, sales, adoption, now):
    lead = make_lead(adoption, now=now)
    url = f"/routing/routingtable/{RoutingTable.objects.get(business_unit=boards).pk}/try/"
    typed = LINE | HOT | {"c-0-0-value": "cold", "default_target": "pool", "default_pool": str(sales.pk)}

    text = as_user(bob).post(url, typed | {"lead": str(lead.pk)}, headers=HTMX).content.decode()

    assert "Boards sales, next in turn: Rita" in text
    assert "does not hold" in text
    assert "was hot" in text


def test_try_it_without_lead_says_so(as_user, bob, url):
    assert "Choose a lead" in as_user(bob).post(url.replace("change", "try")).content.decode()


def test_readers_may_look_and_not_save(as_user, analyst, manager, rita, charlie, url):
    for user, seen in ((analyst, 200), (manager, 200), (rita, 404), (charlie, 404)):
        client = as_user(user)
        assert client.get(url).status_code == seen
        assert client.post(url, {"do": "save"}).status_code == (403 if seen == 200 else 404)


def test_add_makes_a_table_for_a_unit_once(as_user, alice, boards, now):
    client = as_user(alice)

    answer = client.post("/routing/routingtable/add/", {"business_unit": str(boards.pk)})
    again = client.post("/routing/routingtable/add/", {"business_unit": str(boards.pk)})

    assert answer["Location"] == f"/routing/routingtable/{RoutingTable.objects.get().pk}/change/"
    assert again.status_code == 200
    assert RoutingTable.objects.count() == 1


def test_stored_table_is_shown_as_saved(as_user, bob, boards, url, now):
    stored = condition("account_trait", "in", ["pro", "team"], "plan")
    save_table(business_unit=boards, lines=[RuleLine("Paying", [stored], "hold")], by=SYSTEM, now=now)

    text = as_user(bob).get(url).content.decode()

    assert 'value="pro, team"' in text
    assert 'value="plan"' in text
