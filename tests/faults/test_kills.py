"""Nothing accepted is lost and nothing is doubled, whatever is killed while events stream in."""

import os
import shutil
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from tests.faults.running_hub import Hub, running_hub

pytestmark = [pytest.mark.prove, pytest.mark.timeout(600)]
BATCHES, SIZE, SENDERS = 150, 20, 4


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with running_hub(tmp_path_factory.mktemp("hub") / "home") as hub:
        yield hub


@dataclass
class Stream:
    """Three events for each of a thousand people, spread over batches and senders, for some ten seconds."""

    hub: Hub
    run: str
    batches: int = BATCHES

    def __post_init__(self) -> None:
        self.threads = [threading.Thread(target=self.send, args=[first]) for first in range(SENDERS)]
        for thread in self.threads:
            thread.start()

    def send(self, first: int) -> None:
        for batch in range(first, self.batches, SENDERS):
            self.hub.post_until_accepted([self.event(batch * SIZE + place) for place in range(SIZE)])
            time.sleep(0.2)

    def event(self, number: int) -> dict[str, str]:
        who = f"{self.run}-user-{number % (self.batches * SIZE // 3)}"
        now = datetime.now(UTC).isoformat()
        return {
            "type": "track",
            "event": "Export",
            "messageId": f"{self.run}-{number}",
            "userId": who,
            "timestamp": now,
        }

    def join(self) -> None:
        for thread in self.threads:
            thread.join()

    @property
    def stored(self) -> int:
        mine = f"message_id LIKE '{self.run}-%'"
        return int(self.hub.rows(f"SELECT count(*) FROM ingestion_event WHERE {mine}")[0][0])

    def assert_everything_arrived_once(self) -> None:
        """In the store, counted, scored and a PQL: what was answered 200, all of it, once."""
        hub, mine = self.hub, f"message_id LIKE '{self.run}-%'"
        accepted = sorted(each for each in hub.accepted if each.startswith(f"{self.run}-"))
        assert len(accepted) == self.batches * SIZE
        hub.wait_until(f"SELECT count(*) FROM ingestion_event WHERE {mine}", len(accepted))
        hub.wait_until(
            "SELECT count(*) FROM scoring_qualification q JOIN ingestion_identity i ON i.person_id = q.subject_id"
            f" AND i.tenant_id = q.tenant_id WHERE i.value LIKE '{self.run}-%'",
            len(accepted) // 3,
        )

        assert sorted(hub.rows(f"SELECT message_id FROM ingestion_event WHERE {mine}")) == [
            (e,) for e in accepted
        ]
        assert hub.rows(
            "SELECT count(*), count(DISTINCT a.event_id) FROM ingestion_activity a JOIN ingestion_event e"
            f" ON e.tenant_id = a.tenant_id AND e.id = a.event_id WHERE e.{mine}"
        ) == [(len(accepted), len(accepted))]
        assert hub.rows("SELECT count(*) FROM ingestion_inbox") == [(0,)]
        assert hub.rows("SELECT count(*) FROM ingestion_quarantinedevent") == [(0,)]


def test_a_killed_worker_loses_and_doubles_nothing(hub):
    sent = Stream(hub, "worker")
    for _time in range(3):
        time.sleep(2)
        os.killpg(hub.child("worker").pid, signal.SIGKILL)
    sent.join()

    sent.assert_everything_arrived_once()


def test_a_killed_web_process_loses_and_doubles_nothing(hub):
    sent = Stream(hub, "web")
    for _time in range(3):
        time.sleep(2)
        children = subprocess.run(
            ["pgrep", "-P", str(hub.child("web").pid)], capture_output=True, text=True, check=False
        ).stdout.split()
        os.kill(int(children[0]), signal.SIGKILL)
    sent.join()

    sent.assert_everything_arrived_once()


STAGES = {
    "receive": ("web", "ingestion_inbox"),
    "read": ("worker", "ingestion_event_key"),
    "fold": ("worker", "ingestion_activity"),
    "drain": ("worker", "tenants_sourceusage"),
    "score": ("worker", "scoring_score"),
    "open PQLs": ("worker", "scoring_qualification"),
}


@pytest.mark.parametrize("stage", STAGES)
def test_a_kill_in_the_middle_of_a_stage_loses_and_doubles_nothing(hub, stage):
    process, table = STAGES[stage]
    with hub.held_at(table):
        sent = Stream(hub, f"stage-{stage[:4]}", batches=30)
        hub.wait_for_somebody_at(table)
        os.killpg(hub.child(process).pid, signal.SIGKILL)
    sent.join()

    sent.assert_everything_arrived_once()


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_database_restarted_under_load_loses_and_doubles_nothing(hub, mode):
    sent, refused, stored = Stream(hub, f"db-{mode}"), hub.refused, []
    for _time in range(3):
        time.sleep(2)
        stored.append(sent.stored)
        hub.server.stop(mode=mode)
        time.sleep(1)
        hub.server.start()
    sent.join()

    assert hub.refused - refused >= 3 * SENDERS  # it hurt all of them each time
    assert 0 < stored[0] < stored[-1] < BATCHES * SIZE  # and in the middle of the work
    sent.assert_everything_arrived_once()


def test_two_workers_and_two_beats_double_nothing(hub):
    celery = ["-m", "celery", "-A", "pqlhub"]
    hub.processes.start(
        "worker-2", *celery, "worker", "--pool", "threads", "--concurrency", "2", "--queues", "pulse,long"
    )
    hub.processes.start("beat-2", *celery, "beat", "--pidfile=")

    sent = Stream(hub, "twice")
    sent.join()

    sent.assert_everything_arrived_once()


def test_without_a_broker_everything_is_accepted_and_done_when_it_is_back(hub):
    web, broker, aside = hub.child("web").pid, hub.home / "broker", hub.home / "broker-aside"
    sent = Stream(hub, "broker")
    time.sleep(2)
    broker.rename(aside)
    time.sleep(8)
    shutil.rmtree(broker, ignore_errors=True)  # if somebody made it anew
    aside.rename(broker)
    sent.join()

    assert hub.child("web").pid == web
    sent.assert_everything_arrived_once()
