"""The one git-ignored folder where an unconfigured PQL Hub keeps its state. No Django here: settings read it."""

import os
import secrets
from pathlib import Path

from pqlhub.embedded import EmbeddedServer, ServerUrls, default_home


def home_folder() -> Path:
    """PQLHUB_HOME, or `.pqlhub` beside manage.py."""
    return default_home().absolute()


def embedded_urls() -> ServerUrls:
    """URLs of the embedded server, started if it is not running, so that any command works at once."""
    return EmbeddedServer(home_folder()).start()


def local_secret(name: str, *, production: bool) -> str:
    """A secret made on first use and kept in the home folder with mode 0600. Refuses in production, where each process
    would make its own."""
    if production:
        raise RuntimeError(f"Set {name.upper()} in the environment: PRODUCTION=1 takes no generated secrets.")
    path = home_folder() / "secrets" / name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        draft = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(32))
        try:
            os.link(draft, path)  # fails if another process was first: then its secret is the one
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
