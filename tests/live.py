"""A real web server on the test database, for tests that need sockets: SDKs, browsers, chunked bodies, faults.

Use it with `@pytest.mark.django_db(transaction=True)`: the server sees only what is committed.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60


@dataclass
class LiveWeb:
    """A running gunicorn. `url` has no slash at its end; `log` is everything it printed."""

    url: str
    port: int
    process: subprocess.Popen
    log: Path


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def live_web(
    log_folder: Path,
    *,
    application: str = "pqlhub.wsgi",
    port: int | None = None,
    workers: int = 1,
    threads: int = 4,
    environment: Mapping[str, str] | None = None,
) -> Iterator[LiveWeb]:
    """Run the project under gunicorn, as in production, until the block ends."""
    port = port or free_port()
    log = log_folder / f"web-{port}.log"
    command = [sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", str(workers), "--threads", str(threads), "--worker-class", "gthread"]
    command += ["--no-control-socket"]
    with open(log, "ab") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | {"PYTHONUNBUFFERED": "1", **(environment or {})},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    web = LiveWeb(f"http://127.0.0.1:{port}", port, process, log)
    try:
        _wait_until_up(web)
        yield web
    finally:
        stop(process)


def stop(process: subprocess.Popen) -> None:
    """End the server and its workers, by force if it does not go."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=20)


def _wait_until_up(web: LiveWeb) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if web.process.poll() is not None:
            raise RuntimeError(f"The web server ended at its start:\n{web.log.read_text()}")
        try:
            with urllib.request.urlopen(web.url + "/live", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"The web server did not come up in {START_SECONDS} s:\n{web.log.read_text()}")
