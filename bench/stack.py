"""A throwaway PQL Hub for measuring: embedded PostgreSQL with durable commits, gunicorn, worker and beat."""

import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pqlhub.demo.processes import Processes
from pqlhub.embedded import EmbeddedServer
from pqlhub.embedded.cluster import free_port

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".pqlhub" / "bench"


@dataclass(frozen=True)
class Stack:
    """Where it answers, and how to reach its database."""

    port: int
    owner_url: str
    admin_url: str
    processes: Processes

    def start_worker(self) -> None:
        celery = ["-m", "celery", "-A", "pqlhub"]
        hands = ["--pool", "threads", "--concurrency", "3", "--queues", "pulse,long", "--without-gossip"]
        self.processes.start("worker", *celery, "worker", *hands, "--loglevel", "WARNING")
        self.processes.start("beat", *celery, "beat", "--loglevel", "WARNING", "--pidfile=")


def prepare() -> None:
    """A fresh database under HOME, and Django set up in this process as the app role. Call before importing models."""
    os.environ["PQLHUB_HOME"] = str(HOME)
    HOME.mkdir(parents=True, exist_ok=True)
    server = EmbeddedServer(HOME)
    server.start()
    server.stop()
    server.destroy()
    for command in ("bootstrap", "migrate"):
        subprocess.run([sys.executable, "manage.py", command, "--verbosity", "0"], cwd=ROOT, check=True)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pqlhub.settings")
    import django

    django.setup()


@contextmanager
def running_stack() -> Iterator[Stack]:
    """Web on a free port; the worker only when asked for. Everything is stopped at the end."""
    urls = EmbeddedServer(HOME).start()
    port = free_port()
    shutil.rmtree(HOME / "broker", ignore_errors=True)
    for folder in ("queue", "control"):
        (HOME / "broker" / folder).mkdir(parents=True)
    processes = Processes(
        HOME / "logs", {"PORT": str(port), "PQLHUB_HOME": str(HOME), "LOG_LEVEL": "WARNING"}
    )
    gunicorn = [
        "--bind",
        f"127.0.0.1:{port}",
        "--workers",
        "2",
        "--threads",
        "4",
        "--worker-class",
        "gthread",
    ]
    processes.start("web", "-m", "gunicorn", "bench.wsgi", *gunicorn, "--log-level", "warning")
    try:
        wait_for(f"http://127.0.0.1:{port}/ready")
        yield Stack(port, urls.owner_url, urls.admin_url, processes)
    finally:
        processes.stop()


def wait_for(url: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"{url} did not answer within {seconds:.0f} s")
