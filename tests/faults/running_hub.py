"""A whole hub of its own in a temporary folder, with durable commits: the processes of the demo, to be killed."""

import http.client
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from pqlhub.demo.processes import Processes
from pqlhub.embedded import EmbeddedServer, ServerUrls
from tests.live import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
FOUND_TENANT = """
import json
from datetime import datetime, UTC
from decimal import Decimal
from ingestion.operations import create_action
from scoring.models import Band, Signal
from scoring.operations import create_definition, create_motion, publish_version, save_draft
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import BusinessUnit
from tenants.operations import create_source, create_tenant, issue_write_key
now = datetime.now(UTC)
tenant = create_tenant(slug="faults", name="Faults", by=SYSTEM, now=now)
with tenant_context(tenant.pk):
    unit = BusinessUnit.objects.get()
    source = create_source(name="Server", kind="server", by=SYSTEM, now=now)
    key, secret = issue_write_key(source=source, by=SYSTEM, now=now)
    action = create_action(business_unit=unit, name="Export", event_kind=1, event_name="Export", filters=[],
                           number_property="", by=SYSTEM, now=now)
    goal = create_action(business_unit=unit, name="Bought", event_kind=1, event_name="Bought", filters=[],
                         number_property="", by=SYSTEM, now=now)
    motion = create_motion(business_unit=unit, name="Buy", goal_action=goal, by=SYSTEM, now=now)
    definition = create_definition(business_unit=unit, motion=motion, name="Exports", level=1, by=SYSTEM, now=now)
    save_draft(version=definition.versions.get(), signals=[Signal(name="3 exports", kind="count", action=action,
               window="days", window_length=7, at_least=Decimal(3), points=5000)],
               bands=[Band(name="hot", minimum=5000), Band(name="cold", minimum=0)], enter_threshold=5000,
               exit_threshold=5000, requalify_after_days=30, by=SYSTEM, now=now)
    publish_version(version=definition.versions.get(), by=SYSTEM, now=now)
print(json.dumps({"tenant": tenant.pk, "key": secret}))
"""


@dataclass
class Hub:
    home: Path
    port: int
    tenant_id: int
    key: str
    server: EmbeddedServer
    processes: Processes
    accepted: list[str] = field(default_factory=list)
    refused: int = 0  # requests that were not answered 200, and sent again

    def shell(self, code: str) -> Any:
        """Run `code` in the hub's own environment. Answers the JSON it printed last."""
        return _shell(self.processes.environment, code)

    def child(self, name: str) -> subprocess.Popen[bytes]:
        return next(child.process for child in self.processes.children if child.name == name)

    def post_until_accepted(self, items: list[dict[str, Any]], key: str = "") -> None:
        """As an SDK: the same body again until the answer is 200. key: of another tenant than the hub's first."""
        body = json.dumps({"batch": items}).encode()
        headers = {"Authorization": "Basic " + b64encode(f"{key or self.key}:".encode()).decode()}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/v1/batch", body, headers)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    assert json.load(answer)["success"] is True
                    self.accepted += [item["messageId"] for item in items]
                    return
            except (OSError, http.client.HTTPException):
                self.refused += 1
                time.sleep(0.2)
        raise TimeoutError("never accepted")

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.server.start().owner_url) as connection:
            connection.execute(f"SET LOCAL app.tenant_id = '{self.tenant_id}'")
            return connection.execute(statement).fetchall()

    @contextmanager
    def held_at(self, table: str) -> Iterator[None]:
        """Whoever writes into the table stands there, in the middle of its transaction."""
        with psycopg.connect(self.server.start().owner_url) as connection:
            connection.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
            yield

    def wait_for_somebody_at(self, table: str) -> None:
        waiting = f"SELECT 1 FROM pg_locks WHERE NOT granted AND relation = '{table}'::regclass"
        deadline = time.monotonic() + 60
        while not self.rows(waiting):
            assert time.monotonic() < deadline, f"Nobody came to write into {table}."
            time.sleep(0.05)

    def wait_until(self, statement: str, expected: int, seconds: float = 150) -> None:
        """Until the count that `statement` gives is `expected`."""
        deadline = time.monotonic() + seconds
        found: Any = None
        while time.monotonic() < deadline:
            found = self.rows(statement)[0][0]
            if found == expected:
                return
            time.sleep(0.5)
        raise AssertionError(f"{statement}: {found} after {seconds:.0f} s, expected {expected}")


def clean_environment(home: Path, port: int) -> dict[str, str]:
    """What a newcomer's shell has: nothing of the test run's database."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DATABASE_", "PQLHUB_", "DJANGO_"))
    }
    return {**kept, "PQLHUB_HOME": str(home), "PORT": str(port)}


@contextmanager
def running_hub(
    home: Path,
    settings: Mapping[str, str] | None = None,
    in_front: Callable[[ServerUrls], AbstractContextManager[Mapping[str, str]]] | None = None,
) -> Iterator[Hub]:
    """`in_front` starts what stands before the database and answers the settings with which the processes find it."""
    port = free_port()
    environment = {**clean_environment(home, port), **(settings or {})}
    server = EmbeddedServer(home)
    server.start()
    try:
        for command in ("bootstrap", "migrate"):
            _manage(environment, command, "--verbosity", "0")
        found = _shell(environment, FOUND_TENANT)
        front = in_front(server.start()) if in_front else nullcontext({})
        with front as found_there, _supervised(home, {**environment, **found_there}, port) as processes:
            yield Hub(home, port, found["tenant"], found["key"], server, processes)
    finally:
        server.stop()
        server.destroy()


@contextmanager
def _supervised(home: Path, environment: dict[str, str], port: int) -> Iterator[Processes]:
    for folder in ("queue", "control"):
        (home / "broker" / folder).mkdir(parents=True)
    processes = Processes(home / "logs", environment)
    processes.environment = environment
    web = [
        "pqlhub.wsgi",
        "--bind",
        f"127.0.0.1:{port}",
        "--workers",
        "2",
        "--threads",
        "2",
        "--worker-class",
        "gthread",
    ]
    celery = ["-m", "celery", "-A", "pqlhub"]
    processes.start("web", "-m", "gunicorn", *web)
    processes.start(
        "worker", *celery, "worker", "--pool", "threads", "--concurrency", "2", "--queues", "pulse,long"
    )
    processes.start("beat", *celery, "beat", "--pidfile=")
    stopping = threading.Event()

    def watch() -> None:
        while not stopping.wait(0.5):
            processes.restart_dead()

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield processes
    finally:
        stopping.set()
        watcher.join()
        processes.stop()


def _shell(environment: dict[str, str], code: str) -> Any:
    return json.loads(_manage(environment, "shell", "--verbosity", "0", "-c", code).splitlines()[-1])


def _manage(environment: dict[str, str], *command: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
