"""Two hours of GitHub and a month of a music service over HTTP, shuffled and twice: the counts are the data's own."""

import gzip
import json
from collections import Counter
from random import Random

import pytest

from ingestion.models import Account, Event, EventKey, Identity, Inbox, Person, QuarantinedEvent
from tenants.context import tenant_context
from tests.ingestion_api.conftest import make_product
from tests.replays import DATA, fold_all, send_all

GITHUB = DATA / "gharchive" / "gharchive_2015-01-01_00-01.redacted.ndjson.gz"
MUSIC = DATA / "sparkify" / "sparkify_log_2018-11.ndjson.gz"

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.prove,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(600),
    pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data beside the repository"),
]


def read(path):
    with gzip.open(path) as lines:
        return [json.loads(line) for line in lines]


def github_event(row):
    """An actor in an organisation, ids as the numbers they are."""
    context = {"groupId": row["org"]["id"]} if "org" in row else {}
    return {
        "type": "track",
        "event": row["type"],
        "messageId": row["id"],
        "userId": row["actor"]["id"],
        "timestamp": row["created_at"],
        "properties": {"repository": row["repo"]["id"], **row["payload"]},
        "context": context,
    }


def page_seen(row):
    """A page of a session, by nobody while logged out. It has no message id: what it says is its id."""
    told = ("level", "status", "method", "itemInSession", "artist", "song", "length")
    return {
        "type": "page",
        "name": row["page"],
        "userId": row["userId"],
        "anonymousId": f"session-{row['sessionId']}",
        "timestamp": row["ts"],
        "properties": {name: row[name] for name in told},
    }


@pytest.fixture
def replay(acme, now, settings, tmp_path, figure):
    """Sends all events twice, shuffled together, half of them before the first fold, and opens the tenant."""
    settings.TENANT_REBIND_IN_SAVEPOINT = False
    product = make_product(acme, now)

    def run(name, events):
        rng, twice = Random(1), events * 2
        rng.shuffle(twice)
        for half in (twice[: len(events)], twice[len(events) :]):
            seconds = send_all(half, rng, product.secret, tmp_path)
            fold_all()
        figure(
            f"{name}, {len(twice):,} events: the second half accepted {len(half) / seconds:,.0f}/s over HTTP"
        )

    with tenant_context(acme.pk):
        yield run


def test_two_hours_of_github_are_counted_once(replay):
    rows = read(GITHUB)
    replay("GitHub archive", [github_event(row) for row in rows])

    assert (len(rows), Event.objects.count(), EventKey.objects.count()) == (15_129, 15_129, 15_129)
    assert (Person.objects.count(), Account.objects.count()) == (6_208, 1_414)
    assert (Inbox.objects.count(), QuarantinedEvent.objects.count()) == (0, 0)
    actors = dict(Identity.objects.values_list("id", "value"))
    stored = Event.objects.values_list("message_id", "name", "identity_id", "properties__repository")
    assert {(message, name, int(actors[who]), repo) for message, name, who, repo in stored} == {
        (row["id"], row["type"], row["actor"]["id"], row["repo"]["id"]) for row in rows
    }
    keys = dict(Account.objects.values_list("id", "key"))
    stored_in = dict(Event.objects.values_list("message_id", "account_id"))
    assert all(keys[stored_in[row["id"]]] == str(row["org"]["id"]) for row in rows if "org" in row)


def test_a_month_of_a_music_service_is_counted_once_for_whom_it_was(replay):
    """A session that logs in is its user's from its first page on; thirty sessions never say whose they are."""
    rows = read(MUSIC)
    replay("Sparkify", [page_seen(row) for row in rows])

    assert (len(rows), Event.objects.count(), EventKey.objects.count()) == (8_056, 8_056, 8_056)
    assert (Person.objects.filter(is_identified=True).count(), Account.objects.count()) == (97, 0)
    assert Person.objects.filter(merged_into_id=None).count() == 97 + 30
    assert (Inbox.objects.count(), QuarantinedEvent.objects.count()) == (0, 0)
    owner = {row["sessionId"]: row["userId"] for row in rows if row["userId"]}
    truth = Counter(owner.get(row["sessionId"], f"session-{row['sessionId']}") for row in rows)
    assert pages_by_person() == truth


def pages_by_person():
    """User id, or anonymous id of who never logged in -> events."""
    names, person_of = {}, {}
    for identity, value, person, kind in Identity.objects.values_list("id", "value", "person_id", "kind"):
        person_of[identity] = person
        if kind == Identity.Kind.USER or person not in names:
            names[person] = value
    return Counter(
        names[person_of[identity]] for identity in Event.objects.values_list("identity_id", flat=True)
    )
