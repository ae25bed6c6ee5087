"""`python -m pqlhub.embedded ...` as people and Makefiles call it."""

import subprocess
import sys

from pqlhub.embedded import EmbeddedServer


def run(server: EmbeddedServer, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pqlhub.embedded", name, "--home", str(server.home), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_start_status_stop(server):
    urls = run(server, "start", "--not-durable").stdout
    assert urls == f"DATABASE_URL={server.urls().app_url}\nDATABASE_OWNER_URL={server.urls().owner_url}\n"
    assert run(server, "status").returncode == 0
    assert run(server, "stop").returncode == 0
    assert run(server, "status").returncode == 3


def test_url_of_one_role(running):
    assert run(running, "url", "--role", "backup").stdout == f"{running.urls().backup_url}\n"


def test_url_before_the_first_start_says_what_to_do(server):
    result = run(server, "url")
    assert result.returncode == 1
    assert "python -m pqlhub.embedded start" in result.stderr


def test_psql_runs_a_query(running):
    assert run(running, "psql", "--role", "admin", "--", "-Atc", "select 6 * 7").stdout == "42\n"


def test_destroy_asks_for_yes(running):
    result = run(running, "destroy")
    assert result.returncode == 1
    assert "--yes" in result.stderr
    assert running.is_running()
