"""Runs PostgreSQL's own programs on one data folder: initdb, and pg_ctl to start and stop."""

from __future__ import annotations

import os
import random
import shlex
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

from pqlhub.embedded.account import Account
from pqlhub.embedded.binaries import usable_binaries
from pqlhub.embedded.errors import USE_YOUR_OWN, EmbeddedError
from pqlhub.embedded.state import SUPERUSER

_SOCKET_PATH_LIMIT = 85  # the kernel allows 103 bytes (macOS) for folder + "/.s.PGSQL.12345.lock"
_PORTS = (20000, 32000)  # below the ranges that Linux and macOS hand out to outgoing connections
_START_SECONDS = 120
_STOP_SECONDS = 60
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "shared_buffers": "256MB",
    "max_connections": "100",
    "jit": "off",
    "autovacuum_naptime": "15s",  # plans made without statistics can take a thousand times longer
    "logging_collector": "off",
    "log_min_duration_statement": "-1",
}
_DURABILITY = ("fsync", "synchronous_commit", "full_page_writes")


@dataclass(frozen=True)
class Cluster:
    """A data folder, the account its server runs as, and where the programs are.

    `durable=False` trades safety against a power loss for speed.
    """

    data: Path
    account: Account
    binaries: Path
    durable: bool

    @classmethod
    def of(cls, data: Path, account: Account, shared_folder: Path, *, durable: bool = True) -> Cluster:
        """The cluster, with programs the account can run (copied below `shared_folder` if need be)."""
        return cls(data, account, usable_binaries(account, shared_folder), durable)

    def initialise(self, password: str) -> None:
        """Make the data folder and the superuser with this password; raises EmbeddedError."""
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(mode=0o700)
        self.account.own(self.data)
        password_file = self.data.with_name("initdb-password")
        password_file.unlink(missing_ok=True)
        with os.fdopen(os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(password)
        self.account.own(password_file)
        command = [str(self.binaries / "initdb"), f"--pgdata={self.data}", "--no-instructions"]
        command += [f"--username={SUPERUSER}", f"--pwfile={password_file}", "--auth=scram-sha-256"]
        # the same order and case rules on every system
        command += ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        try:
            result = self.account.run(command if self.durable else [*command, "--no-sync"], timeout=300)
        finally:
            password_file.unlink()
        if result.returncode:
            reason = " / ".join(result.stdout.decode(errors="replace").strip().splitlines()[-3:])
            raise EmbeddedError(f"Could not make a database in {self.data} ({reason}): {USE_YOUR_OWN}.")

    def start(self, port: int, log: Path) -> str:
        """Start the server and wait until it is ready; returns "" or the reason why it did not start."""
        settings = _SETTINGS | dict.fromkeys(_DURABILITY, "on" if self.durable else "off")
        settings |= {"port": str(port), "unix_socket_directories": self._make_socket_folder()}
        options = shlex.join(part for name, value in settings.items() for part in ("-c", f"{name}={value}"))
        command = [str(self.binaries / "pg_ctl"), "start", f"--pgdata={self.data}", "--silent", "--wait"]
        command += [f"--timeout={_START_SECONDS}", f"--options={options}"]
        with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb") as output:
            log_size = log.stat().st_size
            result = self.account.run(command, timeout=_START_SECONDS + 30, output=output)
        return _failure_in(log, log_size) if result.returncode else ""

    def stop(self, mode: str) -> str:
        """Stop the server; returns what pg_ctl says."""
        command = [str(self.binaries / "pg_ctl"), "stop", f"--pgdata={self.data}", f"--mode={mode}", "--wait"]
        result = self.account.run([*command, f"--timeout={_STOP_SECONDS}"], timeout=_STOP_SECONDS + 30)
        return result.stdout.decode(errors="replace").strip()

    def _make_socket_folder(self) -> str:
        """A folder only the server's user can enter; none (TCP only) where its path is too long for a socket.

        Made anew each time, because the lock file of a killed server names a process that may seem alive.
        """
        folder = self.data.with_name("socket")
        if len(os.fsencode(folder)) > _SOCKET_PATH_LIMIT:
            return ""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        self.account.own(folder)
        return f'"{folder}"'  # the setting is a list of folders, so a comma needs quotes


def _failure_in(log: Path, log_size: int) -> str:
    """The last fatal message of a start that was logged after the log had that size."""
    with log.open("rb") as file:
        file.seek(log_size)
        lines = file.read().decode(errors="replace").splitlines()
    fatal = [line for line in lines if "FATAL:" in line or "PANIC:" in line]
    # Processes that outlived a killed server write to the same log when they notice and go.
    failures = [line for line in fatal if "unexpected postmaster exit" not in line] or lines or ["no message"]
    return failures[-1].partition("  ")[2] or failures[-1]


def port_is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback address now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A random free port of the loopback address."""
    for port in random.sample(range(*_PORTS), 200):
        if port_is_free(port):
            return port
    raise EmbeddedError(f"No free port found between {_PORTS[0]} and {_PORTS[1]}: stop some servers.")
