"""Reads `postmaster.pid`: is a server process of this data folder alive, and is it ready?"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from pqlhub.embedded.account import Account
from pqlhub.embedded.errors import EmbeddedError

_PID_FILE = "postmaster.pid"
_STATUS_LINE = 7  # counted from 0; see PostgreSQL's src/include/utils/pidfile.h


def is_running(data: Path) -> bool:
    """Whether the process in the pid file is alive and is the server of this data folder.

    The command line is compared, because the number may belong to another process after a restart of the
    machine, and a dead process nobody waited for still has its number.
    """
    pid = _pid(data)
    return pid is not None and f" -D {data} " in _command_line(pid)


def is_ready(data: Path, log: Path, seconds: float = 120) -> bool:
    """Whether the server takes connections; waits while it is starting, recovering or stopping.

    Raises EmbeddedError when that takes too long.
    """
    deadline = time.monotonic() + seconds
    while is_running(data):
        lines = _lines(data)
        if len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready":
            return True
        if time.monotonic() > deadline:
            raise EmbeddedError(
                f"PostgreSQL has been starting or stopping for {seconds:.0f} seconds: see {log}."
            )
        time.sleep(0.1)
    return False


def disown_stale_pid(data: Path, account: Account) -> None:
    """Make a dead server's pid file harmless when its number is in use again, else PostgreSQL will not start.

    Only the number is replaced (by one no system gives out): PostgreSQL uses the other lines to find
    left-over processes that still write to the data. The new file replaces the old by renaming, which follows
    no symlink that the server's account might have put there.
    """
    pid = _pid(data)
    if is_running(data) or (pid is not None and not _exists(pid)):
        return
    lines = _lines(data)
    if pid is None:
        (data / _PID_FILE).unlink(missing_ok=True)  # empty: the disk was full, or the machine lost power
        return
    draft = data.with_name("postmaster.pid.new")
    draft.unlink(missing_ok=True)
    draft.write_text("\n".join([str(2**30), *lines[1:]]) + "\n")
    draft.chmod(0o600)
    account.own(draft)
    draft.replace(data / _PID_FILE)


def _lines(data: Path) -> list[str]:
    try:
        return (data / _PID_FILE).read_text().splitlines()
    except OSError:
        return []


def _pid(data: Path) -> int | None:
    lines = _lines(data)
    return int(lines[0]) if lines and lines[0].strip().isdigit() else None


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _command_line(pid: int) -> str:
    if sys.platform == "linux":
        try:
            return (
                Path(f"/proc/{pid}/cmdline")
                .read_bytes()
                .replace(b"\0", b" ")
                .decode(errors="surrogateescape")
            )
        except OSError:
            return ""
    result = subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return result.stdout
