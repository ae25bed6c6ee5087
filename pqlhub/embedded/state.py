"""What a home remembers: where the data is, the port, and one password per role."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from pqlhub.embedded.errors import EmbeddedError

SUPERUSER = "postgres"
OWNER_ROLE = "pqlhub_owner"
APP_ROLE = "pqlhub_app"
BACKUP_ROLE = "pqlhub_backup"
ROLES = (SUPERUSER, OWNER_ROLE, APP_ROLE, BACKUP_ROLE)
DATABASE = "pqlhub"


@dataclass(frozen=True)
class ServerUrls:
    """Addresses of one server, one per role; they contain passwords, so do not log them."""

    admin_url: str  # superuser, maintenance database "postgres"; only `bootstrap` uses it
    owner_url: str  # owns the tables: migrations
    app_url: str  # what web and worker use; under row level security
    backup_url: str


@dataclass(frozen=True)
class ServerState:
    """The content of `server.json`. `data_folder` is absolute, or relative to the home."""

    data_folder: str
    port: int
    passwords: dict[str, str]

    def urls(self) -> ServerUrls:
        """The addresses, with token_urlsafe passwords that need no quoting."""

        def url(role: str, database: str = DATABASE) -> str:
            return f"postgresql://{role}:{self.passwords[role]}@127.0.0.1:{self.port}/{database}"

        return ServerUrls(url(SUPERUSER, "postgres"), url(OWNER_ROLE), url(APP_ROLE), url(BACKUP_ROLE))


def new_passwords() -> dict[str, str]:
    """One random password per role."""
    return {role: secrets.token_urlsafe(32) for role in ROLES}


def read_state(path: Path) -> ServerState | None:
    """The remembered state, or None in a home where no server was ever started."""
    try:
        content = json.loads(path.read_text())
        state = ServerState(**content)
        state.urls()
    except FileNotFoundError:
        return None
    except PermissionError:
        raise EmbeddedError(
            f"{path} belongs to another user: run as the user who started this server first, "
            "or choose another folder with PQLHUB_HOME."
        ) from None
    except (ValueError, TypeError, KeyError):
        raise EmbeddedError(
            f"{path} is damaged: restore it from a backup, or start again with an empty database by "
            "`python -m pqlhub.embedded destroy --yes`."
        ) from None
    return state


def write_state(path: Path, state: ServerState) -> None:
    """Replace the state file in one step, readable by its owner only."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(state), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    if os.geteuid() == 0:  # root may serve the home of somebody else, who must still be able to read it
        home = path.parent.stat()
        os.chown(draft, home.st_uid, home.st_gid)
    draft.replace(path)
