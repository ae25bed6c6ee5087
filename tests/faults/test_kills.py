"""Nothing accepted is lost and nothing is doubled, whatever is killed while events stream in."""

import os
import shutil
import signal
import subprocess
import threading
import time
from datetime import UTC, datetime

import pytest

from tests.faults.running_hub import Hub, running_hub

pytestmark = [pytest.mark.prove, pytest.mark.timeout(600)]
BATCHES, SIZE = 150, 20


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with running_hub(tmp_path_factory.mktemp("hub") / "home") as hub:
        yield hub


def stream(hub: Hub, run: str) -> threading.Thread:
    """Three events for each of a thousand people, spread over batches, for some ten seconds."""

    def send() -> None:
        for batch in range(BATCHES):
            now = datetime.now(UTC).isoformat()
            items = [
                {
                    "type": "track",
                    "event": "Export",
                    "messageId": f"{run}-{batch}-{place}",
                    "userId": f"{run}-user-{(batch * SIZE + place) % (BATCHES * SIZE // 3)}",
                    "timestamp": now,
                }
                for place in range(SIZE)
            ]
            hub.post_until_accepted(items)
            time.sleep(0.05)

    thread = threading.Thread(target=send)
    thread.start()
    return thread


def assert_everything_arrived_once(hub: Hub, run: str) -> None:
    sent, people = BATCHES * SIZE, BATCHES * SIZE // 3
    mine = f"message_id LIKE '{run}-%'"
    hub.wait_until(f"SELECT count(*) FROM ingestion_event WHERE {mine}", sent)
    hub.wait_until(
        "SELECT count(*) FROM scoring_qualification q JOIN ingestion_identity i ON i.person_id = q.subject_id"
        f" AND i.tenant_id = q.tenant_id WHERE i.value LIKE '{run}-%'",
        people,
    )

    assert hub.rows(f"SELECT count(DISTINCT message_id) FROM ingestion_event WHERE {mine}") == [(sent,)]
    assert hub.rows(
        "SELECT count(*) FROM ingestion_activity a JOIN ingestion_event e ON e.tenant_id = a.tenant_id"
        f" AND e.id = a.event_id WHERE e.{mine}"
    ) == [(sent,)]
    assert hub.rows("SELECT count(*) FROM ingestion_inbox") == [(0,)]
    assert hub.rows("SELECT count(*) FROM ingestion_quarantinedevent") == [(0,)]


def test_a_killed_worker_loses_and_doubles_nothing(hub):
    sender = stream(hub, "worker")
    for _time in range(3):
        time.sleep(2)
        os.killpg(hub.child("worker").pid, signal.SIGKILL)
    sender.join()

    assert_everything_arrived_once(hub, "worker")


def test_a_killed_web_process_loses_and_doubles_nothing(hub):
    sender = stream(hub, "web")
    for _time in range(3):
        time.sleep(2)
        children = subprocess.run(
            ["pgrep", "-P", str(hub.child("web").pid)], capture_output=True, text=True, check=False
        ).stdout.split()
        os.kill(int(children[0]), signal.SIGKILL)
    sender.join()

    assert_everything_arrived_once(hub, "web")


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_restarted_database_loses_and_doubles_nothing(hub, mode):
    sender = stream(hub, f"db-{mode}")
    time.sleep(3)
    hub.server.stop(mode=mode)
    time.sleep(1)
    hub.server.start()
    sender.join()

    assert_everything_arrived_once(hub, f"db-{mode}")


def test_two_workers_and_two_beats_double_nothing(hub):
    celery = ["-m", "celery", "-A", "pqlhub"]
    hub.processes.start(
        "worker-2", *celery, "worker", "--pool", "threads", "--concurrency", "2", "--queues", "pulse,long"
    )
    hub.processes.start("beat-2", *celery, "beat", "--pidfile=")

    stream(hub, "twice").join()

    assert_everything_arrived_once(hub, "twice")


def test_without_a_broker_everything_is_accepted_and_done_when_it_is_back(hub):
    web, broker, aside = hub.child("web").pid, hub.home / "broker", hub.home / "broker-aside"
    sender = stream(hub, "broker")
    time.sleep(2)
    broker.rename(aside)
    time.sleep(8)
    shutil.rmtree(broker, ignore_errors=True)  # if somebody made it anew
    aside.rename(broker)
    sender.join()

    assert hub.child("web").pid == web
    assert_everything_arrived_once(hub, "broker")
