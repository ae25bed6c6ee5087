"""A source with a write key in each of two tenants, and a way to send."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from django.test import Client

from ingestion.api.keys import cache
from ingestion.models import Inbox, QuarantinedEvent
from ingestion.rules import parse_json
from tenants.audit import SYSTEM
from tenants.context import tenant_context
from tenants.models import Source, Tenant, WriteKey
from tenants.operations import create_source, issue_write_key

TRACK = {"type": "track", "userId": "u1", "event": "Report Exported", "messageId": "m1"}


@dataclass
class Product:
    """A product of a tenant that sends events."""

    tenant: Tenant
    source: Source
    key: WriteKey
    secret: str

    def inbox(self) -> list[dict[str, Any]]:
        """Every event waiting to be folded, in order."""
        with tenant_context(self.tenant.pk):
            rows = Inbox.objects.order_by("id").values_list("payload", flat=True)
            return [item for row in rows for item in parse_json(bytes(row))["batch"]]

    def quarantined(self) -> list[QuarantinedEvent]:
        with tenant_context(self.tenant.pk):
            return list(QuarantinedEvent.objects.order_by("id"))


def make_product(tenant: Tenant, now: Any, *, kind: str = "server", name: str = "App") -> Product:
    with tenant_context(tenant.pk):
        source = create_source(name=name, kind=kind, by=SYSTEM, now=now)
        key, secret = issue_write_key(source=source, by=SYSTEM, now=now)
    return Product(tenant, source, key, secret)


@pytest.fixture(autouse=True)
def _fresh_keys():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def product(acme, now) -> Product:
    return make_product(acme, now)


@pytest.fixture
def stranger(globex, now) -> Product:
    return make_product(globex, now)


@pytest.fixture
def send(client: Client, product: Product) -> Callable[..., Any]:
    """POST a body (bytes, or a value sent as JSON) as a real client does: key in Basic, no cookies."""

    def post(body: Any, path: str = "/v1/batch", *, secret: str | None = None, **headers: str) -> Any:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        options: dict[str, Any] = {"content_type": "application/json", "headers": headers}
        if "authorization" not in headers:
            headers["X-Write-Key"] = secret or product.secret
        response = client.post(path, raw, **options)
        response.said = orjson.loads(response.content)
        return response

    return post
