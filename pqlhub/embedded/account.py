"""The operating-system account PostgreSQL runs as: ourselves, or a service account when we are root."""

from __future__ import annotations

import os
import pwd
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pqlhub.embedded.errors import USE_YOUR_OWN, EmbeddedError

SERVICE_USER = "pqlhub"


@dataclass(frozen=True)
class Account:
    """A user and group of this machine, and whether we must switch to it (only root can)."""

    uid: int
    gid: int
    switch: bool

    def run(
        self, command: list[str], *, timeout: float, output: IO[bytes] | int = subprocess.PIPE
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command as this account, stderr in stdout, without PG* and LC_* variables."""
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))
        }
        environment |= {"LC_ALL": "C", "TZ": "UTC"}
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=timeout,
            cwd="/",  # the current folder may be closed to the account
            env=environment,
            user=self.uid if self.switch else None,
            group=self.gid if self.switch else None,
            extra_groups=[] if self.switch else None,
            check=False,
        )

    def can_enter(self, folder: Path) -> bool:
        """Whether the account gets through to this folder, asked of the kernel."""
        return self.run(["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)], timeout=30).returncode == 0

    def own(self, path: Path) -> None:
        """Give a file or folder we made to the account."""
        if self.switch:
            os.chown(path, self.uid, self.gid)


def account_for(data: Path) -> Account:
    """The account that owns an existing data folder, else ourselves, else (as root) the service account."""
    if os.geteuid() != 0:
        if data.exists() and data.stat().st_uid != os.geteuid():
            raise EmbeddedError(
                f"{data} belongs to another user: run as the user who started this server first, "
                "or choose another folder with PQLHUB_HOME."
            )
        return Account(os.geteuid(), os.getegid(), switch=False)
    if data.exists() and data.stat().st_uid != 0:
        owner = data.stat()
        return Account(owner.st_uid, owner.st_gid, switch=True)
    return _service_account()


def _service_account() -> Account:
    """The system user `pqlhub`, made when missing; `nobody` where users cannot be made."""
    for name, create in ((SERVICE_USER, True), ("nobody", False)):
        entry = _find_user(name)
        if entry is None and create:
            _create_user(name)
            entry = _find_user(name)
        if entry is not None:
            return Account(entry.pw_uid, entry.pw_gid, switch=True)
    raise EmbeddedError(
        "PostgreSQL refuses to run as root and this machine has neither a user pqlhub nor nobody: "
        f"run as an ordinary user, or {USE_YOUR_OWN}."
    )


def _find_user(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _create_user(name: str) -> None:
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    command += ["--shell", "/usr/sbin/nologin", name]
    with suppress(OSError):  # no useradd here (macOS): the caller falls back
        subprocess.run(command, capture_output=True, check=False, timeout=30)
