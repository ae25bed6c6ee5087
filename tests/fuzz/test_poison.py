"""What breaks JSON readers and databases, at any place of any event, over HTTP and through the fold: each event is
stored or kept in quarantine with its reason, its neighbours are stored, and what is stored can be read again."""

import json
from itertools import count

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from ingestion.api.body import MAX_CONTAINERS
from ingestion.models import Account, Event, Identity, Person, QuarantinedEvent, TraitValue
from tests.factories.ingestion import fold
from tests.ingestion_api.conftest import TRACK, make_product, send  # noqa: F401
from tests.ingestion_api.test_bodies import POISON

ODD_TIMES = [
    "infinity",
    "-infinity",
    "10000-01-01T00:00:00Z",
    "0000-00-00",
    "99999-12-31",
    "2026-02-30T25:61:61Z",
]
BEYOND = [
    b"-9223372036854775809",
    b"1e308",
    b"-1e308",
    b"Infinity",
    b"-Infinity",
    b"1e-400",
    b"-0.0",
    b'""',
    b"{}",
]
VALUES = [
    *POISON.values(),
    *BEYOND,
    *(json.dumps(each).encode() for each in ODD_TIMES),
    json.dumps(
        "".join(chr(0x4E00 + n * 7 % 20_000) for n in range(9_000))
    ).encode(),  # beyond any index entry
    json.dumps({"\0": 1, "\ud800": 2, "": 3, "a.b": 4, "$set": 5, "k" * 5_000: 6}).encode(),
]
FIELDS = [
    "type",
    "event",
    "name",
    "userId",
    "anonymousId",
    "previousId",
    "groupId",
    "messageId",
    "timestamp",
    "sentAt",
]
FIELDS += [
    "originalTimestamp",
    "properties",
    "traits",
    "context",
    "integrations",
    "category",
    "traitsOnce",
    "extra",
]
INSIDE = [
    "properties.revenue",
    "traits.email",
    "traits.plan",
    "context.groupId",
    "context.traits",
    "context.ip",
]
INSIDE += ["context.library", "context.userAgent", "properties.deep", "traits.company", "context.campaign"]
TYPES = ["track", "identify", "group", "page", "screen", "alias"]
WHOLE = {"event": "Poured", "userId": "who", "groupId": "where", "previousId": "before", "name": "Pour"}


def poisoned(type, places):
    """An event as bytes: json.dumps would mend some of the poison."""
    fields = {name: json.dumps(value).encode() for name, value in (WHOLE | {"type": type}).items()}
    for place, value in places.items():
        name, _dot, inner = place.partition(".")
        fields[name] = b'{"%s": %s}' % (inner.encode(), value) if inner else value
    return b"{" + b", ".join(b'"%s": %s' % (name.encode(), value) for name, value in fields.items()) + b"}"


EVENTS = st.builds(
    poisoned,
    st.sampled_from(TYPES),
    st.dictionaries(st.sampled_from(FIELDS + INSIDE), st.sampled_from(VALUES), min_size=1, max_size=3),
)
# More containers than one body may hold are refused whole, with 413: tests/ingestion_api has that.
BATCHES = st.lists(EVENTS, min_size=1, max_size=4).filter(
    lambda events: sum(each.count(b"[") + each.count(b"{") for each in events) < MAX_CONTAINERS
)
few, many = pytest.param(25, id="few"), pytest.param(400, id="many", marks=pytest.mark.prove)


@pytest.fixture
def product(acme, now):
    return make_product(acme, now)


@pytest.mark.parametrize("examples", [few, many])
def test_no_poison_costs_a_neighbour_or_goes_missing(send, product, in_acme, examples):  # noqa: F811
    numbers = count()

    @seed(1)
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(events=BATCHES)
    def run(events):
        good = [f"good-{next(numbers)}" for _each in range(2)]
        first, last = (json.dumps(TRACK | {"messageId": each}).encode() for each in good)
        before = Event.objects.count(), QuarantinedEvent.objects.count()

        answer = send(b'{"batch": [' + b", ".join([first, *events, last]) + b"]}")
        result = fold(in_acme)

        assert answer.status_code == 200
        assert all(each["code"] and each["message"] for each in answer.said["rejected"])
        stored = Event.objects.count() - before[0]
        kept = QuarantinedEvent.objects.count() - before[1]
        assert stored + kept + result.duplicates == len(events) + 2
        assert set(Event.objects.filter(message_id__in=good).values_list("message_id", flat=True)) == set(
            good
        )

    run()

    assert not QuarantinedEvent.objects.filter(code__in=["not_storable", "not_understood"]).exists()
    for model in (Event, QuarantinedEvent, Person, Account, Identity, TraitValue):
        assert list(model.objects.values())  # every column of every row comes back as Python
