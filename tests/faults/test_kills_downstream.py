"""A worker that is killed while it sends or routes loses no lead, doubles none, and sends again under the same id."""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook

from tests.faults.running_hub import Hub, running_hub
from tests.receiver import Received, Receiver, Reply, receiver

pytestmark = [pytest.mark.prove, pytest.mark.timeout(600)]
ROUTE_TO_A_WEBHOOK = """
import json
from datetime import datetime, UTC
from delivery.operations import create_destination
from routing.operations import RuleLine, add_member, create_pool, save_table
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import BusinessUnit
from tenants.operations import create_user, grant_membership
now = datetime.now(UTC)
with tenant_context({tenant}):
    unit = BusinessUnit.objects.get()
    pool = create_pool(business_unit=unit, name="Sales", by=SYSTEM, now=now)
    for name in ("ann", "ben", "cleo"):
        user = create_user(email=name + "@faults.test", name=name, password=None)
        rep = grant_membership(user=user, business_unit=unit, role="rep", by=SYSTEM, now=now)
        add_member(pool=pool, membership=rep, by=SYSTEM, now=now)
    save_table(business_unit=unit, lines=[RuleLine("All", [], "pool", pool=pool)], by=SYSTEM, now=now)
    destination, secret = create_destination(business_unit=unit, name="CRM", url="{url}", by=SYSTEM, now=now)
print(json.dumps(secret))
"""


@pytest.fixture(scope="module")
def box() -> Iterator[Receiver]:
    with receiver() as box:
        yield box


@pytest.fixture(scope="module")
def hub(tmp_path_factory) -> Iterator[Hub]:
    home = tmp_path_factory.mktemp("hub") / "home"
    with running_hub(home, {"WEBHOOK_ALLOW_PRIVATE_ADDRESSES": "1"}) as hub:
        yield hub


@pytest.fixture(scope="module")
def secret(hub, box) -> str:
    return hub.shell(ROUTE_TO_A_WEBHOOK.format(tenant=hub.tenant_id, url=box.url))


def qualify(hub: Hub, *people: str) -> None:
    """Three exports each make them PQLs."""
    now = datetime.now(UTC).isoformat()
    event = {"type": "track", "event": "Export", "timestamp": now}
    hub.post_until_accepted(
        [event | {"messageId": f"{name}-{place}", "userId": name} for name in people for place in range(3)]
    )


def kill_the_worker(hub: Hub) -> None:
    """kill -9; the supervisor of the demo starts another."""
    os.killpg(hub.child("worker").pid, signal.SIGKILL)


def wait_for(condition, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "It did not happen in time."
        time.sleep(0.1)


def test_killed_while_sending_it_sends_again_under_the_same_id(hub, box, secret):
    released = threading.Event()

    def hold(request: Received) -> Reply:
        released.wait(60)
        return Reply(200)

    box.reply = hold
    people = [f"sent-{number}" for number in range(6)]
    qualify(hub, *people)
    wait_for(lambda: box.received)
    kill_the_worker(hub)
    in_flight = set(box.effects)
    released.set()

    hub.wait_until("SELECT count(*) FROM delivery_delivery WHERE state = 'done'", len(people), seconds=240)

    sent = Counter({name: 2 if name in in_flight else 1 for name in box.effects})
    assert in_flight
    assert box.effects == sent
    verified = [Webhook(secret).verify(request.body, request.headers) for request in box.received]
    by_lead = {body["data"]["lead"]["id"]: body["data"]["subject"]["user_ids"] for body in verified}
    assert sorted(ids for (ids,) in by_lead.values()) == people
    assert len({request.body for request in box.received}) == len(people)  # again means the same bytes
    assert hub.rows("SELECT count(*), count(DISTINCT subject_ref) FROM delivery_delivery") == [(6, 6)]


def test_killed_while_routing_every_pql_is_one_lead_in_turn(hub, box, secret):
    box.reply = Reply(200)
    before = hub.rows("SELECT count(*) FROM routing_lead")[0][0]
    people = [f"routed-{number}" for number in range(12)]
    with hub.held_at("routing_leadevent"):  # the lead is written, its timeline cannot be
        qualify(hub, *people)
        hub.wait_for_somebody_at("routing_leadevent")
        kill_the_worker(hub)
    every = before + len(people)

    hub.wait_until("SELECT count(*) FROM routing_lead", every)
    hub.wait_until("SELECT count(*) FROM delivery_delivery WHERE state = 'done'", every)

    assert hub.rows("SELECT count(DISTINCT qualification_id), count(rep_id) FROM routing_lead") == [
        (every, every)
    ]
    assert hub.rows("SELECT count(*) FROM routing_leadevent WHERE kind = 'assigned'") == [(every,)]
    assert hub.rows("SELECT received FROM routing_poolmember") == [(every // 3,)] * 3
    assert hub.rows("SELECT count(*) FROM routing_routingfailure") == [(0,)]
    assert len(box.effects) == every
