"""What a newcomer does: starts the demo, logs in, sends an event, sees it qualify, stops, starts again."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from base64 import b64encode
from pathlib import Path

import pytest

from pqlhub.embedded import EmbeddedServer
from tests.faults.running_hub import ROOT, clean_environment
from tests.live import free_port

pytestmark = [pytest.mark.prove, pytest.mark.timeout(900)]


class Demo:
    """One `python -m pqlhub.demo`, with what it printed."""

    def __init__(self, home: Path, port: int) -> None:
        self.home, self.port = home, port
        self.log = home.parent / f"demo-{time.monotonic_ns()}.log"
        self.began = time.monotonic()
        with self.log.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "pqlhub.demo"],
                cwd=ROOT,
                env=clean_environment(home, port),
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait_until_ready(self, seconds: float) -> float:
        while time.monotonic() - self.began < seconds:
            if "PQL Hub is running" in self.log.read_text():
                return time.monotonic() - self.began
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.2)
        raise AssertionError(f"not ready after {seconds:.0f} s:\n{self.log.read_text()}")

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)

    @property
    def state(self) -> dict:
        return json.loads((self.home / "demo.json").read_text())

    def send(self, **event: object) -> None:
        headers = {"Authorization": "Basic " + b64encode(f"{self.state['write_key']}:".encode()).decode()}
        url = f"http://127.0.0.1:{self.port}/v1/track"
        with urllib.request.urlopen(
            urllib.request.Request(url, json.dumps(event).encode(), headers)
        ) as answer:
            assert answer.status == 200


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("newcomer") / "home"
    yield home
    server = EmbeddedServer(home)
    server.stop()
    server.destroy()


@pytest.fixture(scope="module")
def demo(home, figure):
    demo = Demo(home, free_port())
    figure(f"Demo, first start without packages: {demo.wait_until_ready(600):.0f} s")
    yield demo
    if demo.process.poll() is None:
        demo.stop()


def test_the_demo_prints_address_logins_and_a_ready_curl(demo):
    printed = demo.log.read_text()

    assert f"http://127.0.0.1:{demo.port}" in printed
    assert all(login["password"] in printed for login in demo.state["logins"])
    assert f"curl -u {demo.state['write_key']}:" in printed


def test_an_event_becomes_a_qualification_within_seconds(demo, figure):
    import psycopg

    person = f"newcomer-{time.time_ns()}"
    began = time.monotonic()
    for name in ("Invite Sent", "Invite Sent", "Integration Connected"):
        demo.send(userId=person, event=name)
    with psycopg.connect(EmbeddedServer(demo.home).start().owner_url) as connection:
        while time.monotonic() - began < 60:
            connection.execute("SET LOCAL app.tenant_id = '1'")
            found = connection.execute(
                "SELECT 1 FROM scoring_qualification q JOIN ingestion_identity i ON i.tenant_id = q.tenant_id"
                " AND i.person_id = q.subject_id WHERE i.value = %s",
                [person],
            ).fetchone()
            connection.rollback()
            if found:
                figure(f"Demo, event to qualification: {time.monotonic() - began:.1f} s")
                return
            time.sleep(0.1)
    raise AssertionError("no qualification within a minute; see the worker's log")


def test_a_killed_worker_is_started_again(demo):
    pids = subprocess.run(
        ["pgrep", "-P", str(demo.process.pid), "-f", "celery -A pqlhub worker"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split()
    os.kill(int(pids[0]), signal.SIGKILL)

    deadline = time.monotonic() + 30
    while "The worker process died and was started again" not in demo.log.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_second_start_is_fast_and_keeps_the_data(demo, figure):
    before = demo.state
    assert demo.stop() == 0

    again = Demo(demo.home, free_port())
    try:
        figure(f"Demo, second start: {again.wait_until_ready(120):.1f} s")
        assert again.state == before
    finally:
        assert again.stop() == 0


def test_stopping_leaves_no_process_behind(home):
    left = subprocess.run(
        ["pgrep", "-f", str(home)], capture_output=True, text=True, check=False
    ).stdout.split()

    assert left == []
    assert not EmbeddedServer(home).is_running()
