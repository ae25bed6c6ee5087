"""Start everything, tell the newcomer where to go, and stop everything at Ctrl-C."""

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from pqlhub.demo.processes import Processes
from pqlhub.demo.state import load_state, state_file
from pqlhub.embedded import EmbeddedError, EmbeddedServer
from pqlhub.state import home_folder

ROOT = Path(__file__).resolve().parent.parent.parent
READY_WITHIN = 60.0
HOST = "127.0.0.1"


def main() -> int:
    # A shell that starts us in the background ignores Ctrl-C for us.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupt)
    home, port = home_folder(), os.environ.get("PORT", "8000")
    began = time.monotonic()
    if not port.isdigit() or not 1 <= int(port) <= 65534:
        return _fail(f"PORT={port} is not a port. Use a number from 1 to 65534.")
    if _is_taken(int(port)):
        return _fail(f"Port {port} is in use. Stop what listens there or choose another: make demo PORT=8001")
    os.environ.update(_environment(port))
    server = EmbeddedServer(home)
    processes = Processes(home / "logs", {})
    try:
        _say("PostgreSQL", f"starting in {home}")
        server.start()
        _prepare_database(home)
        _fill(home)
        _start(processes, home, port)
        _wait_until_ready(processes, port)
        _welcome(home, port, time.monotonic() - began)
        _watch(processes)
    except KeyboardInterrupt:
        print("\nStopping …")
    except (EmbeddedError, subprocess.CalledProcessError, TimeoutError) as error:
        return _fail(f"{error}\nLogs: {home / 'logs'}")
    finally:
        processes.stop()
        server.stop()
    print("Stopped. Your data stays in", home)
    return 0


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _environment(port: str) -> dict[str, str]:
    return {
        "PORT": port,
        "PUBLIC_URL": os.environ.get("PUBLIC_URL", f"http://{HOST}:{port}"),
        "WEBHOOK_ALLOW_PRIVATE_ADDRESSES": "1",  # the demo's automation listens on this machine
        "PYTHONUNBUFFERED": "1",
    }


def _prepare_database(home: Path) -> None:
    """Roles and migrations, skipped when nothing changed since last time: a second start is fast."""
    stamp, wanted = home / "schema.stamp", _schema_digest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    _say("Database", "creating roles and tables")
    for command in ("bootstrap", "migrate"):
        _manage(command, "--verbosity", "0")
    stamp.write_text(wanted)


def _schema_digest() -> str:
    digest = hashlib.sha256()
    for pattern in ("*/migrations/*.py", "*/sql/*.sql", "requirements.lock"):
        for path in sorted(ROOT.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _fill(home: Path) -> None:
    if not state_file(home).exists():
        _manage("fill_demo")


def _start(processes: Processes, home: Path, port: str) -> None:
    # Leftovers of the last run; the work itself is in the database.
    shutil.rmtree(home / "broker", ignore_errors=True)
    (home / "broker" / "queue").mkdir(parents=True)
    (home / "broker" / "control").mkdir()
    gunicorn = [
        "--bind",
        f"{HOST}:{port}",
        "--workers",
        "2",
        "--threads",
        "4",
        "--worker-class",
        "gthread",
        "--no-control-socket",
    ]
    processes.start("web", "-m", "gunicorn", "pqlhub.wsgi", *gunicorn, "--access-logfile", "-")
    celery = ["-m", "celery", "-A", "pqlhub"]
    hands = [
        "--pool",
        "threads",
        "--concurrency",
        "3",
        "--queues",
        "pulse,long",
        "--without-gossip",
        "--without-mingle",
    ]
    processes.start("worker", *celery, "worker", *hands, "--loglevel", "WARNING")
    processes.start("beat", *celery, "beat", "--loglevel", "WARNING", "--pidfile=")
    processes.start("automation", "-m", "pqlhub.demo.receiver")
    processes.start("product", "-m", "pqlhub.demo.traffic")


def _wait_until_ready(processes: Processes, port: str) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/ready", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
        processes.restart_dead()
    raise TimeoutError(f"The web process did not become ready within {READY_WITHIN:.0f} seconds.")


def _welcome(home: Path, port: str, seconds: float) -> None:
    demo = load_state(home)
    url = f"http://{HOST}:{port}"
    width = max(len(login["email"]) for login in demo.logins)
    print(f"\nPQL Hub is running (ready after {seconds:.0f} s): {url}\n")
    for login in demo.logins:
        print(f"  {login['email']:{width}}  {login['password']}  {login['role']}")
    print(f"\n  Write key of source “{demo.source}”: {demo.write_key}\n\n  Send an event:\n")
    body = '{"userId": "you", "event": "Signed In", "context": {"groupId": "your-company"}}'
    print(
        f"    curl -u {demo.write_key}: {url}/v1/track -H 'Content-Type: application/json' \\\n      -d '{body}'\n"
    )
    print(f"  API reference: {url}/api/docs/    Logs: {home / 'logs'}    Stop: Ctrl-C\n", flush=True)


def _watch(processes: Processes) -> None:
    while True:
        time.sleep(1)
        for name in processes.restart_dead():
            print(f"The {name} process died and was started again; see its log.", flush=True)


def _manage(*command: str) -> None:
    subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, check=True)


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((HOST, port)) == 0


def _say(what: str, detail: str) -> None:
    print(f"{what}: {detail}", flush=True)


def _fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 1


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
