"""A message id is stored once, whichever door it comes through again, in whichever month, and whatever became of the
month it first came in."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from ingestion.api import views
from ingestion.models import Event
from ingestion.operations import drop_partitions, make_partitions
from ingestion.operations.imports import FileImport, import_file
from ingestion.queries.storage import months_with_partition
from ingestion.rules.mapping import make_plan
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import Tenant
from tests.factories.ingestion import fold
from tests.ingestion_api.conftest import TRACK

EDGE = datetime(2031, 2, 1, tzinfo=UTC)
SIDES = (EDGE - timedelta(seconds=1), EDGE + timedelta(seconds=1))


@pytest.fixture
def doors(product, stranger, send, tmp_path, monkeypatch):
    """Ways to bring the same message at a moment: events added, to the product or to the stranger."""

    def http(at: datetime, to=product) -> int:
        monkeypatch.setattr(views, "timezone", SimpleNamespace(now=lambda: at))
        assert send({"batch": [TRACK]}, secret=to.secret).status_code == 200
        return fold(to.tenant, now=at).events

    def file(at: datetime, to=product) -> int:
        path = tmp_path / f"{at.timestamp()}.jsonl"  # each a file of its own, as its bytes tell files apart
        path.write_text(
            json.dumps(TRACK | {"timestamp": "2031-01-15T00:00:00Z", "properties": {"at": str(at)}})
        )
        plan = make_plan(type=None, maps=[], payload=None, time_zone="UTC", columns=None)
        return import_file(FileImport(to.tenant, to.source, path, plan, at), by=SYSTEM).events

    return {"http": http, "import": file}


def stored(tenant: Tenant) -> int:
    with tenant_context(tenant.pk):
        return Event.objects.count()


@pytest.mark.parametrize("first", ["http", "import"])
@pytest.mark.parametrize("then", ["http", "import"])
def test_the_same_message_in_two_months_is_stored_once(product, stranger, doors, first, then):
    make_partitions(now=SIDES[0])

    assert [doors[first](SIDES[0]), doors[then](SIDES[1])] == [1, 0]

    assert stored(product.tenant) == 1
    assert doors[then](SIDES[1] + timedelta(hours=1), stranger) == 1


@pytest.mark.parametrize("first", ["http", "import"])
@pytest.mark.parametrize("then", ["http", "import"])
def test_nor_does_it_come_back_when_its_month_was_dropped(product, doors, first, then):
    make_partitions(now=SIDES[0])
    assert doors[first](SIDES[0]) == 1
    Tenant.objects.update(events_kept_since=EDGE.date())
    drop_partitions(now=EDGE)
    assert EDGE.date() == min(months_with_partition())

    assert doors[then](SIDES[1]) == 0

    assert stored(product.tenant) == 0
