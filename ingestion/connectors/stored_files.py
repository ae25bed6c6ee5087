"""Where uploaded files wait for their import: a folder a tenant, random names, nothing of the user's name in it."""

import hashlib
import os
import secrets
import time
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from django.conf import settings

from ingestion.connectors.unpacking import FileError

MEGABYTE = 1024 * 1024


def path_of(tenant_id: int, stored_as: str) -> Path:
    """Where a tenant's file is kept. `stored_as` is a name made by `store`."""
    return _folder(tenant_id) / Path(stored_as).name


def store(tenant_id: int, chunks: Iterable[bytes]) -> tuple[Path, str, int]:
    """Write a file piece by piece. Returns its path, the SHA-256 of its bytes, and how many there are. Raises FileError
    when there are more than the limit; then nothing is kept."""
    folder = _folder(tenant_id)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / secrets.token_hex(16)
    digest, size = hashlib.sha256(), 0
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for chunk in chunks:
            size += len(chunk)
            if size > settings.IMPORT_MAX_MB * MEGABYTE:
                path.unlink()
                raise FileError(too_large())
            digest.update(chunk)
            file.write(chunk)
    return path, digest.hexdigest(), size


def too_large() -> str:
    """What is said of a file over the limit."""
    return (
        f"The file is larger than {settings.IMPORT_MAX_MB:,} MB. Pack it by gzip or Zstandard, split it, or import it "
        "with manage.py import_events, which has no limit. (An operator can raise IMPORT_MAX_MB.)"
    )


def remove(tenant_id: int, stored_as: str) -> None:
    """Delete a file, if it is there."""
    path_of(tenant_id, stored_as).unlink(missing_ok=True)


def remove_old(*, keep: timedelta) -> int:
    """Delete every tenant's files that were written longer than `keep` ago, whatever became of them: also those that
    nothing points to any more. Returns how many."""
    oldest = time.time() - keep.total_seconds()
    removed = 0
    for path in _root().glob("*/*"):
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def _root() -> Path:
    return Path(settings.HOME) / "imports"


def _folder(tenant_id: int) -> Path:
    return _root() / str(int(tenant_id))
