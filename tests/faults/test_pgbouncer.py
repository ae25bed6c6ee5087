"""Web, worker and beat behind PgBouncer in transaction mode: two companies at once over three server connections."""

import os
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import psycopg
import pytest
from standardwebhooks import Webhook

from pqlhub.embedded import ServerUrls
from tests.faults.bouncer import PROGRAM, pgbouncer
from tests.faults.running_hub import FOUND_TENANT, Hub, running_hub
from tests.faults.test_kills_downstream import ROUTE_TO_A_WEBHOOK
from tests.receiver import Receiver, receiver

pytestmark = [
    pytest.mark.prove,
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        PROGRAM is None and not os.environ.get("CI"), reason="NO PGBOUNCER: install it (Debian: pgbouncer)"
    ),
]
SERVER_CONNECTIONS = 3
PEOPLE, SENDERS, READERS = 40, 3, 2
PAGES = ("/routing/lead/", "/ingestion/person/", "/ingestion/event/", "/delivery/delivery/")
PASSWORD = "correct horse battery staple"
ADD_AN_ADMIN = """
import json
from datetime import datetime, UTC
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import BusinessUnit
from tenants.operations import create_user, grant_membership
user = create_user(email="admin@{name}.test", name="{name}", password="{password}")
with tenant_context({tenant}):
    grant_membership(user=user, business_unit=BusinessUnit.objects.get(), role="corporate_admin", by=SYSTEM,
                     now=datetime.now(UTC))
print(json.dumps("made"))
"""


@dataclass
class Company:
    """One tenant with its own receiver. Everything of it is named after it, so that what leaks is seen."""

    name: str
    tenant_id: int
    key: str
    secret: str
    box: Receiver
    pages_read: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def people(self) -> list[str]:
        return [f"{self.name}-user-{number:02}" for number in range(PEOPLE)]


@contextmanager
def bounced(urls: ServerUrls) -> Iterator[Mapping[str, str]]:
    with pgbouncer(urls.app_url, pool_size=SERVER_CONNECTIONS) as url:
        yield {"DATABASE_URL": url, "PGBOUNCER": "1"}


@pytest.fixture(scope="module")
def hub(tmp_path_factory) -> Iterator[Hub]:
    home = tmp_path_factory.mktemp("bounced") / "home"
    with running_hub(home, {"WEBHOOK_ALLOW_PRIVATE_ADDRESSES": "1"}, bounced) as hub:
        yield hub


@pytest.fixture(scope="module")
def companies(hub) -> Iterator[list[Company]]:
    made = []
    with receiver() as acmes, receiver() as globexes:
        for name, box in (("acme", acmes), ("globex", globexes)):
            code = FOUND_TENANT.replace('slug="faults", name="Faults"', f'slug="{name}", name="{name}"')
            found = hub.shell(code)
            names = {"ann": f"ann-{name}", "ben": f"ben-{name}", "cleo": f"cleo-{name}"}
            code = ROUTE_TO_A_WEBHOOK.format(tenant=found["tenant"], url=box.url)
            secret = hub.shell(re.sub("|".join(names), lambda match, names=names: names[match[0]], code))
            hub.shell(ADD_AN_ADMIN.format(name=name, tenant=found["tenant"], password=PASSWORD))
            made.append(Company(name, found["tenant"], found["key"], secret, box))
        yield made


def send_events(hub: Hub, company: Company, share: int) -> None:
    """Every person exports three times, one small request after another."""
    for name in company.people[share::SENDERS]:
        for place in range(3):
            now = datetime.now(UTC).isoformat()
            event = {"type": "track", "event": "Export", "userId": name, "timestamp": now}
            hub.post_until_accepted([event | {"messageId": f"{name}-{place}"}], company.key)


@contextmanager
def logged_in(hub: Hub, company: Company) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://127.0.0.1:{hub.port}", follow_redirects=True, timeout=60) as client:
        client.get("/accounts/login/")
        form = {"login": f"admin@{company.name}.test", "password": PASSWORD}
        token = {"csrfmiddlewaretoken": client.cookies["csrftoken"]}
        assert client.post("/accounts/login/", data=form | token).url.path == "/"
        yield client


def read_pages(hub: Hub, company: Company, stranger: Company, stop: threading.Event) -> None:
    """Look at every list over and over; note what is not ours."""
    with logged_in(hub, company) as client:
        while not stop.is_set():
            for page in PAGES:
                answer = client.get(page)
                company.pages_read += 1
                if answer.status_code != 200 or f"{stranger.name}-user" in answer.text:
                    company.problems.append(f"{page}: {answer.status_code}")


def look_without_a_tenant(hub: Hub, found: list[int], stop: threading.Event) -> None:
    """On connections that a tenant has just used: the wall must be closed again."""
    url = hub.processes.environment["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
        while not stop.is_set():
            found.append(connection.execute("SELECT count(*) FROM ingestion_event").fetchone()[0])
            time.sleep(0.01)


def everything_is_there(hub: Hub, company: Company) -> bool:
    """Counted by the owner, directly, as this tenant."""
    with psycopg.connect(hub.server.start().owner_url) as connection:
        connection.execute(f"SET LOCAL app.tenant_id = '{company.tenant_id}'")
        row = connection.execute(
            "SELECT (SELECT count(*) FROM ingestion_event), (SELECT count(*) FROM routing_lead),"
            " (SELECT count(*) FROM delivery_delivery WHERE state = 'done')"
        ).fetchone()
    return row == (PEOPLE * 3, PEOPLE, PEOPLE)


@pytest.fixture(scope="module")
def seen_without_a_tenant(hub, companies) -> list[int]:
    """Both companies send and read at once until all of it is delivered."""
    acme, globex = companies
    stop, found = threading.Event(), []
    pairs = ((acme, globex), (globex, acme))
    readers = [threading.Thread(target=look_without_a_tenant, args=(hub, found, stop))]
    readers += [
        threading.Thread(target=read_pages, args=(hub, company, stranger, stop))
        for company, stranger in pairs
        for _reader in range(READERS)
    ]
    senders = [
        threading.Thread(target=send_events, args=(hub, company, share))
        for share in range(SENDERS)
        for company in companies
    ]
    for thread in [*readers, *senders]:
        thread.start()
    for thread in senders:
        thread.join()
    deadline = time.monotonic() + 120
    while not all(everything_is_there(hub, company) for company in companies):
        if time.monotonic() > deadline:
            break
        time.sleep(0.5)
    stop.set()
    for thread in readers:
        thread.join()
    return found


def test_events_sent_over_http_are_folded_scored_routed_and_delivered(hub, companies, seen_without_a_tenant):
    for company in companies:
        assert everything_is_there(hub, company), company.name
        bodies = [Webhook(company.secret).verify(got.body, got.headers) for got in company.box.received]
        told = sorted(body["data"]["subject"]["user_ids"][0] for body in bodies)
        assert told == company.people  # everybody once, and nobody of the other company


def test_no_page_shows_another_tenants_rows(hub, companies, seen_without_a_tenant):
    for company in companies:
        assert company.problems == []
        assert company.pages_read > READERS * len(PAGES)
        with logged_in(hub, company) as client:
            assert f"{company.name}-user" in client.get("/routing/lead/").text


def test_a_shared_connection_remembers_no_tenant(hub, seen_without_a_tenant):
    assert len(seen_without_a_tenant) > 100
    assert set(seen_without_a_tenant) == {0}


def test_the_connections_are_shared_and_keep_the_roles_timeouts(hub, seen_without_a_tenant):
    with psycopg.connect(hub.server.start().admin_url) as connection:
        used = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = 'pqlhub_app'"
        ).fetchone()
    with psycopg.connect(hub.processes.environment["DATABASE_URL"], prepare_threshold=None) as connection:
        timeout = connection.execute("SHOW statement_timeout").fetchone()

    assert 1 <= used[0] <= SERVER_CONNECTIONS
    assert timeout == ("1min",)
