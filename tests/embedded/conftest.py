"""Throwaway clusters; these tests need neither Django nor the project's database."""

import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from pqlhub.embedded import EmbeddedServer


@pytest.fixture(scope="module")
def open_folder() -> Iterator[Path]:
    """A folder every user may enter (pytest's own temporary folders are closed to others)."""
    with tempfile.TemporaryDirectory(prefix="pqlhub-test-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def running(open_folder: Path) -> Iterator[EmbeddedServer]:
    """One running server for tests that change nothing."""
    server = EmbeddedServer(open_folder / "shared", durable=False)
    server.start()
    yield server
    server.destroy()


@pytest.fixture
def server(open_folder: Path) -> Iterator[EmbeddedServer]:
    """A server not started yet, in a home of its own."""
    server = EmbeddedServer(open_folder / uuid.uuid4().hex, durable=False)
    yield server
    server.destroy()
