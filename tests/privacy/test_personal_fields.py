"""Which fields are personal, and how they look when they are hidden."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.rules.personal_fields import is_personal, masked, masked_label, masked_text

PERSONAL = """
email e_mail_email invitee_email contactEmail phone phoneNumber first_name firstName lastname full-name userName
date_of_birth birthday ip $ip home_address postal_code avatar contact_name
""".split()  # noqa: SIM905
NOT_PERSONAL = "plan seats name title file_name product_name shipping company ref recipe_count trip tip event_name".split()  # noqa: SIM905, E501


@pytest.mark.parametrize("name", PERSONAL)
def test_its_name_says_that_it_is_personal(name):
    assert is_personal(name, {})


@pytest.mark.parametrize("name", NOT_PERSONAL)
def test_its_name_says_nothing(name):
    assert not is_personal(name, {})


def test_a_name_is_personal_where_it_is_a_persons():
    assert is_personal("name", {}, of_person=True)
    assert not is_personal("name", {})


@pytest.mark.parametrize("verdict", [True, False])
def test_what_somebody_decided_goes_before_the_name(verdict):
    assert is_personal("Email", {"email": verdict}, of_person=True) is verdict
    assert is_personal("Plan", {"plan": verdict}) is verdict


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"email": "ada@acme.com"}, {"email": "a…@acme.com"}),
        ({"phone": 4420}, {"phone": "•••"}),
        (
            {"phone": None, "email": "", "email_verified": True},
            {"phone": None, "email": "", "email_verified": True},
        ),
        ({"to": ["ada@acme.com", 7]}, {"to": ["a…@acme.com", 7]}),
        ({"a": {"b": {"firstName": "Ada", "n": 1}}}, {"a": {"b": {"firstName": "•••", "n": 1}}}),
        ({"email": {"home": "ada@acme.com", "x": "no"}}, {"email": {"home": "a…@acme.com", "x": "•••"}}),
        ({"ada@acme.com": 1}, {"a…@acme.com": 1}),
        ({"type": "identify", "traits": {"name": "Ada"}}, {"type": "identify", "traits": {"name": "•••"}}),
        ({"type": "group", "traits": {"name": "Acme"}}, {"type": "group", "traits": {"name": "Acme"}}),
        ({"context": {"traits": {"name": "Ada"}}}, {"context": {"traits": {"name": "•••"}}}),
    ],
)
def test_personal_values_are_hidden_at_any_depth(value, shown):
    assert masked(value, {}) == shown


def test_an_address_in_a_text_is_hidden():
    assert (
        masked_text("from ada@acme.com, to Bob <bob.b+x@mail.acme.com>.")
        == "from a…@acme.com, to Bob <b…@mail.acme.com>."
    )


@pytest.mark.parametrize(
    ("label", "email", "shown"),
    [("Ada", "ada@acme.com", "#7 · acme.com"), ("ada@acme.com", "", "#7 · acme.com"), ("u-1", "", "#7")],
)
def test_a_person_is_called_by_number_and_domain(label, email, shown):
    assert masked_label(7, label, email) == shown


VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just("ada@acme.com")
NAMES = st.sampled_from(["email", "name", "x", "traits"])
JSON = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=10,
)


@given(JSON)
def test_no_address_is_left_wherever_it_stood(value):
    assert "ada@" not in repr(masked(value, {}))
