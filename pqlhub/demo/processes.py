"""The processes of a running PQL Hub, started together, watched, and stopped together. No Django in here."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

STOP_PATIENCE = 15.0  # seconds a process may take to finish what it is doing
RESTART_PAUSE = 1.0


@dataclass
class Child:
    """One process and its log file."""

    name: str
    command: list[str]
    log: IO[bytes]
    process: subprocess.Popen[bytes]
    restarts: int = 0
    started_at: float = field(default_factory=time.monotonic)


class Processes:
    """Starts children in their own process groups, so that Ctrl-C reaches us alone and we stop them in order."""

    def __init__(self, log_folder: Path, environment: Mapping[str, str]) -> None:
        self.log_folder = log_folder
        self.environment = {**os.environ, **environment}
        self.children: list[Child] = []
        log_folder.mkdir(parents=True, exist_ok=True)

    def start(self, name: str, *command: str) -> None:
        """Run a Python module or program of this environment as `name`; its output goes to `<name>.log`."""
        log = (self.log_folder / f"{name}.log").open("ab")
        full = [sys.executable, *command]
        self.children.append(Child(name, full, log, self._spawn(full, log)))

    def _spawn(self, command: list[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command, env=self.environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )

    def restart_dead(self) -> list[str]:
        """Start again what has died, and say which. Work was in the database, so nothing was lost with it."""
        restarted = []
        for child in self.children:
            if child.process.poll() is None or time.monotonic() - child.started_at < RESTART_PAUSE:
                continue
            child.process = self._spawn(child.command, child.log)
            child.started_at = time.monotonic()
            child.restarts += 1
            restarted.append(child.name)
        return restarted

    def stop(self) -> None:
        """Ask all to stop, the last started first; kill what has not after STOP_PATIENCE."""
        for child in reversed(self.children):
            self._signal(child, signal.SIGTERM)
        deadline = time.monotonic() + STOP_PATIENCE
        for child in reversed(self.children):
            try:
                child.process.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self._signal(child, signal.SIGKILL)
                child.process.wait()
            child.log.close()
        self.children.clear()

    def _signal(self, child: Child, number: signal.Signals) -> None:
        if child.process.poll() is None:
            os.killpg(child.process.pid, number)
