"""What the demo remembers between starts: log-ins, the write key, and the history's arguments. Mode 0600."""

import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

SEED = 7
DAYS = 120
ACCOUNTS = 340


@dataclass(frozen=True)
class DemoState:
    """Everything `make demo` prints, and what live traffic needs to go on where the history ended."""

    logins: list[dict[str, str]]
    source: str
    write_key: str
    webhook_port: int
    webhook_secret: str
    history_end: str  # ISO, UTC

    @property
    def end(self) -> datetime:
        return datetime.fromisoformat(self.history_end)


def state_file(home: Path) -> Path:
    return home / "demo.json"


def save_state(home: Path, state: DemoState) -> None:
    """Written last, so that an interrupted fill is noticed and begun again."""
    draft = state_file(home).with_suffix(".draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(state), file, indent=2)
    draft.replace(state_file(home))


def load_state(home: Path) -> DemoState:
    """Raises FileNotFoundError before the demo was filled."""
    data: dict[str, Any] = json.loads(state_file(home).read_text())
    return DemoState(**data)
