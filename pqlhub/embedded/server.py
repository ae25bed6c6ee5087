"""Starts, finds again and stops one PostgreSQL server that belongs to a home folder."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pqlhub.embedded import postmaster
from pqlhub.embedded.account import Account, account_for
from pqlhub.embedded.binaries import MAJOR_VERSION, usable_binaries
from pqlhub.embedded.cluster import Cluster, free_port, port_is_free
from pqlhub.embedded.errors import USE_YOUR_OWN, EmbeddedError
from pqlhub.embedded.state import SUPERUSER, ServerState, ServerUrls, new_passwords, read_state, write_state

SHARED_FOLDER = Path("/var/lib/pqlhub")  # used by root only, when the home is closed to the service account
_START_EMPTY = "start again with an empty database by `python -m pqlhub.embedded destroy --yes`"
_FREE_MEGABYTES = 300
_LOG_LIMIT = 20 * 1024 * 1024
_START_ATTEMPTS = 20
_PASSING_FAILURES = (
    "shared memory block",  # the last processes of a killed server are still going away
    "TCP/IP socket",  # somebody took the port since we looked
)


def default_home() -> Path:
    """PQLHUB_HOME, else `.pqlhub` next to the package (the root of the repository)."""
    return Path(os.environ.get("PQLHUB_HOME") or Path(__file__).parents[2] / ".pqlhub")


@contextmanager
def running_server(home: Path | None = None, *, durable: bool = True) -> Iterator[ServerUrls]:
    """Start the server for a block of code; stop it afterwards, unless it ran before.

    Turn SIGTERM into an exception if the block should also stop the server then.
    """
    server = EmbeddedServer(home, durable=durable)
    was_running = server.is_running()
    urls = server.start()
    try:
        yield urls
    finally:
        if not was_running:
            server.stop()


class EmbeddedServer:
    """One PostgreSQL server per home folder; it outlives the process that started it.

    `durable=False` is for throwaway test clusters: fast, and lost when the machine loses power.
    """

    def __init__(self, home: Path | None = None, *, durable: bool = True) -> None:
        self.home = (home or default_home()).expanduser().resolve()
        self.durable = durable
        self.log = self.home / "postgres.log"
        self._state_file = self.home / "server.json"
        self._folder_elsewhere = SHARED_FOLDER / hashlib.sha256(str(self.home).encode()).hexdigest()[:16]

    def start(self) -> ServerUrls:
        """Make sure the server of this home runs and return its addresses; safe to call from anywhere.

        Raises EmbeddedError with a sentence that says what to do.
        """
        try:
            self._make_home()
            with self._lock():
                return self._start()
        except (OSError, subprocess.SubprocessError) as error:
            raise EmbeddedError(
                f"PostgreSQL in {self.home} could not be started ({error}): choose another folder with "
                f"PQLHUB_HOME, or {USE_YOUR_OWN}."
            ) from error

    def stop(self, mode: Literal["fast", "smart", "immediate"] = "fast") -> None:
        """Stop the server if it runs, in PostgreSQL's shutdown mode of that name."""
        if self.home.exists():
            with self._lock():
                self._stop(mode)

    def destroy(self) -> None:
        """Stop the server and delete its data, passwords and log for good."""
        if not self.home.exists():
            return
        with self._lock():
            self._stop("immediate")
            data = self.data_folder()
            if data.is_relative_to(SHARED_FOLDER):
                shutil.rmtree(data.parent, ignore_errors=True)
            for name in ("data", "data.new", "socket"):
                shutil.rmtree(self.home / name, ignore_errors=True)
            for name in ("server.json", "postgres.log", "postgres.log.1"):
                (self.home / name).unlink(missing_ok=True)

    def urls(self) -> ServerUrls | None:
        """The addresses, also of a stopped server; None before the first start."""
        state = read_state(self._state_file)
        return state.urls() if state else None

    def is_running(self) -> bool:
        """Whether a server process of this home is alive."""
        return postmaster.is_running(self.data_folder())

    def data_folder(self) -> Path:
        """Where the data is (or would be looked for)."""
        return self._data(read_state(self._state_file))

    def binaries(self) -> Path:
        """The folder with `psql` and `pg_dump`, for the current user."""
        return usable_binaries(Account(os.geteuid(), os.getegid(), switch=False), SHARED_FOLDER)

    def _start(self) -> ServerUrls:
        state = read_state(self._state_file)
        if state and postmaster.is_ready(self._data(state), self.log):
            return state.urls()
        self._check_free_disk()
        if state is None:
            state = self._initialise()
        data = self._data(state)
        _finish_initialising(data)
        _check_version(data)
        if not data.is_relative_to(self.home):
            print(
                f"PostgreSQL data is in {data}, because {self.home} is closed to its user.", file=sys.stderr
            )
        return self._launch(state, data).urls()

    def _launch(self, state: ServerState, data: Path) -> ServerState:
        account = account_for(data)
        cluster = Cluster.of(data, account, SHARED_FOLDER, durable=self.durable)
        postmaster.disown_stale_pid(data, account)
        self._rotate_log()
        reason = ""
        for _attempt in range(_START_ATTEMPTS):
            if not port_is_free(state.port):
                state = replace(state, port=free_port())
                write_state(self._state_file, state)
            reason = cluster.start(state.port, self.log)
            # The second question: a start whose Python process was killed may have got there first.
            if not reason or postmaster.is_ready(data, self.log):
                return state
            if not any(text in reason for text in _PASSING_FAILURES):
                break
            time.sleep(0.5)
        raise EmbeddedError(
            f"PostgreSQL did not start: {reason}. The log is {self.log}; the data is in {data}. "
            f"Restore the data from a backup, {_START_EMPTY}, or {USE_YOUR_OWN}."
        )

    def _stop(self, mode: str) -> None:
        data = self.data_folder()
        if postmaster.is_running(data):
            answer = Cluster.of(data, account_for(data), SHARED_FOLDER).stop(mode)
            if postmaster.is_running(data):
                raise EmbeddedError(f"PostgreSQL did not stop ({answer}): try again with --mode immediate.")

    def _initialise(self) -> ServerState:
        """Make a database in `data.new`; it counts from the moment its passwords are written."""
        data = self._data(None)
        if data.exists():
            raise EmbeddedError(
                f"{data} holds a database, but its passwords in {self._state_file} are gone: "
                f"restore that file, or {_START_EMPTY}."
            )
        account = account_for(data)
        if account.can_enter(self.home):
            folder, remembered = self.home, "data"
        else:
            folder = self._make_folder_elsewhere(account)
            remembered = str(folder / "data")
        state = ServerState(data_folder=remembered, port=free_port(), passwords=new_passwords())
        cluster = Cluster.of(folder / "data.new", account, SHARED_FOLDER, durable=self.durable)
        cluster.initialise(state.passwords[SUPERUSER])
        write_state(self._state_file, state)
        return state

    def _data(self, state: ServerState | None) -> Path:
        if state:
            return self.home / state.data_folder
        elsewhere = self._folder_elsewhere / "data"
        return elsewhere if os.geteuid() == 0 and elsewhere.exists() else self.home / "data"

    def _make_home(self) -> None:
        if set(str(self.home)) & set('"$`\\\n'):  # pg_ctl hands the path to a shell without quoting these
            raise EmbeddedError(
                f"{self.home} contains a character PostgreSQL cannot start from: set PQLHUB_HOME."
            )
        if self.home.is_dir():
            return
        self.home.mkdir(parents=True, exist_ok=True)
        # As root the service account has to pass through to its data; it still cannot list the home.
        self.home.chmod(0o711 if os.geteuid() == 0 else 0o700)
        (self.home / ".gitignore").write_text("*\n")

    def _make_folder_elsewhere(self, account: Account) -> Path:
        for folder in (SHARED_FOLDER, self._folder_elsewhere):
            if not folder.exists():
                folder.mkdir(parents=True, exist_ok=True)
                folder.chmod(0o711)
        if not account.can_enter(self._folder_elsewhere):
            raise EmbeddedError(
                f"PostgreSQL refuses to run as root, and its own user gets neither into {self.home} nor into "
                f"{self._folder_elsewhere}: choose an open folder with PQLHUB_HOME, or {USE_YOUR_OWN}."
            )
        return self._folder_elsewhere

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Let one process at a time start, stop or delete the server of this home."""
        try:
            descriptor = os.open(self.home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise EmbeddedError(
                f"Cannot write in {self.home} ({error.strerror}): run as the user who started this server "
                "first, or choose another folder with PQLHUB_HOME."
            ) from None
        with os.fdopen(descriptor):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield

    def _check_free_disk(self) -> None:
        free = shutil.disk_usage(self.home).free // 2**20
        if free < _FREE_MEGABYTES:
            raise EmbeddedError(
                f"Only {free} MB are free below {self.home}, PostgreSQL needs {_FREE_MEGABYTES}: free some "
                f"space, choose another folder with PQLHUB_HOME, or {USE_YOUR_OWN}."
            )

    def _rotate_log(self) -> None:
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT:
            self.log.replace(self.log.with_name("postgres.log.1"))


def _finish_initialising(data: Path) -> None:
    """Give a new data folder its name; also when the process that made it was killed before it could."""
    draft = data.with_name("data.new")
    if draft.exists() and not data.exists():
        draft.rename(data)


def _check_version(data: Path) -> None:
    try:
        version = (data / "PG_VERSION").read_text().strip()
    except (FileNotFoundError, NotADirectoryError):
        raise EmbeddedError(
            f"{data} is missing or damaged (no PG_VERSION): restore it from a backup, or {_START_EMPTY}."
        ) from None
    if version != str(MAJOR_VERSION):
        raise EmbeddedError(
            f"{data} was written by PostgreSQL {version} and the built-in server is {MAJOR_VERSION}: dump it "
            f"with version {version} and load it into a new home, or {USE_YOUR_OWN}."
        )
