"""A live server, the Node packages and a product whose events the SDKs send."""

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingestion.api.keys import cache
from ingestion.models import Event, QuarantinedEvent
from ingestion.operations import fold_inbox
from tenants.context import tenant_context
from tests.ingestion_api.conftest import Product, make_product
from tests.live import live_web

FOLDER = Path(__file__).parent
NEEDED_IN_CI = "CI"  # without Node or Chromium: a loud skip at home, a failure there


def missing(what: str) -> None:
    if os.environ.get(NEEDED_IN_CI):
        pytest.fail(f"{what} is needed and not on PATH.")
    pytest.skip(f"{what} is not on PATH: install it to run this test.")


@pytest.fixture(scope="session")
def node_packages() -> Path:
    """tests/sdk/node_modules as the lock file says, installed once."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        missing("Node.js")
    digest = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
    marker = FOLDER / "node_modules" / f".installed-{digest[:16]}"
    if not marker.exists():
        subprocess.run(["npm", "ci"], cwd=FOLDER, check=True, timeout=600)
        marker.touch()
    return FOLDER / "node_modules"


@pytest.fixture(scope="module")
def web(tmp_path_factory, django_db_setup):
    with live_web(tmp_path_factory.mktemp("web")) as web:
        yield web


@pytest.fixture
def product(acme, now) -> Product:
    cache.clear()
    return make_product(acme, now)


@dataclass(frozen=True)
class Folded:
    """All events of a tenant, and how many copies of them the inbox brought beside."""

    events: list[Event]
    duplicates: int


def fold_all(product: Product) -> Folded:
    """Fold what is in the inbox now; nothing may end in quarantine. An SDK may still be sending."""
    duplicates = 0
    with tenant_context(product.tenant.pk):
        while (result := fold_inbox(now=datetime.now(UTC))).more:
            duplicates += result.duplicates
        assert [(event.code, event.raw) for event in QuarantinedEvent.objects.all()] == []
        return Folded(list(Event.objects.order_by("id")), duplicates + result.duplicates)
