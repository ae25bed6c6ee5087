"""Every address there is, GET and POST: nobody reaches what is not theirs, and nothing answers a server error.

Addresses are read from the resolver, so a page added in any room is covered the day it is added.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.apps import apps
from django.db.models import Model
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.resolvers import RegexPattern
from uuid6 import uuid7

from tenants.access import MATRIX, MODEL_AREAS, SHARED_DOWNWARD, Area, Level
from tenants.context import tenant_context
from tenants.models import AuditEvent, Role, Tenant
from tenants.permissions import business_unit_of
from tests.factories.any_row import MARK, make_row, tenant_models

REFUSED = {302, 401, 403, 404, 405, 410}
# Open without a log-in or to every log-in, each with its reason. Prefixes of paths.
OPEN = {
    "accounts/": "log-in and one's own account",
    "join/": "invitations: the secret in the address is the key",
    "live": "health",
    "ready": "health",
    "metrics": "health; off unless switched on",
    "v1/": "write keys, not sessions",
    "api/": "API tokens, not sessions; the schema is public",
    "batch": "write keys, not sessions",
    "capture": "write keys, not sessions",
    "e/": "write keys, not sessions",
    "i/v": "write keys, not sessions",
    "flags": "feature flags that SDKs ask for: there are none",
    "decide": "feature flags that SDKs ask for: there are none",
    "array/": "settings that browser SDKs ask for: no data",
    "projects/": "settings that browser SDKs ask for: no data",
    "sourceConfig": "settings that browser SDKs ask for: no data",
    "beacon/": "write keys, not sessions",
    "pixel/": "write keys, not sessions",
    "analytics.js/": "a script for everybody's pages",
    "analytics-next/": "a script for everybody's pages",
    "p.js": "a script for everybody's pages",
    "static/": "files",
    "jsi18n/": "words for scripts",
    "login/": "leads to the log-in",
    "logout/": "leads to the log-out",
}
# Open to every member.
MEMBERS = {
    "": "home, made of what the member may see",
    "search/": "pages the member may see",
    "autocomplete/": "asks for the field's own permission",
    "password_change/": "one's own account",
    "switch/": "one's own session",
    "no-membership/": "sends members home",
    "r/": "leads to an object's own page",
}
MADE_UP = {"uuid": str(uuid7()), "int": "1", "slug": "x", "str": "x", "path": "x"}


@dataclass(frozen=True)
class Address:
    """A path of the resolver with its keys filled in; `model` is whose key the first one is."""

    path: str
    route: str
    model: type[Model] | None
    has_key: bool

    @property
    def area(self) -> Area | None:
        if self.route.startswith("reports/"):
            return Area.REPORTS
        return MODEL_AREAS.get(self.model._meta.label_lower) if self.model else None


def addresses(keys: dict[type[Model], object]) -> list[Address]:
    """Every address, with `keys` where a page takes the key of a row."""
    found = [_address(route, keys) for route in _routes(get_resolver())]
    return sorted(set(found), key=lambda address: address.route)


def _routes(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        text = str(pattern.pattern)
        if isinstance(pattern.pattern, RegexPattern):
            text = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<str:\1>", text)
            text = re.sub(r"\(\?:.*?\)\??|[\^$?]|\\", "", text)
        if isinstance(pattern, URLPattern):
            yield prefix + text
        else:
            yield from _routes(pattern, prefix + text)


def _address(route: str, keys: dict[type[Model], object]) -> Address:
    model = _model_of(route)
    known = [str(keys[model])] if model in keys else []

    def fill(match: re.Match[str]) -> str:
        return known.pop() if known else MADE_UP[match["kind"]]

    path = re.sub(r"<(?:(?P<kind>\w+):)?\w+>", fill, route)
    return Address("/" + path, route, model, has_key="<" in route)


def _model_of(route: str) -> type[Model] | None:
    try:
        return apps.get_model(*route.split("/")[:2])
    except (LookupError, TypeError, ValueError):
        return None


@pytest.fixture
def acmes(acme, boards, alice) -> dict[type[Model], object]:
    """A row of everything in Acme, by model: its key."""
    with tenant_context(acme.pk):
        keys: dict[type[Model], object] = {}
        for model in tenant_models():
            keys[model] = (model.objects.first() or make_row(model)).pk
    return keys | {Tenant: acme.pk}


@pytest.fixture
def history(acme, acmes):
    """Fails the test that did anything in Acme."""

    def events() -> int:
        with tenant_context(acme.pk):
            return AuditEvent.objects.count()

    before = events()
    yield
    assert events() == before


def answers(client, wanted: list[Address]) -> dict[str, int]:
    client.raise_request_exception = False
    found = {}
    for address in wanted:
        found[f"GET {address.path}"] = client.get(address.path).status_code
        found[f"POST {address.path}"] = client.post(address.path).status_code
    return found


def test_without_a_log_in_every_page_asks_for_one(client, acmes, history):
    wanted = [address for address in addresses(acmes) if not address.route.startswith(tuple(OPEN))]

    found = answers(client, wanted)

    assert len(found) > 100
    assert {path: status for path, status in found.items() if status not in REFUSED} == {}


def test_nothing_that_is_open_fails(client, acmes, history):
    wanted = [address for address in addresses(acmes) if address.route.startswith(tuple(OPEN))]

    assert {path: status for path, status in answers(client, wanted).items() if status >= 500} == {}


def test_member_without_the_right_is_refused(client, rita, acmes, history):
    """A rep: most areas are closed to that role."""
    client.force_login(rita)
    wanted = [
        address
        for address in addresses(acmes)
        if address.route
        and not address.route.startswith(tuple(OPEN) + tuple(filter(None, MEMBERS)))
        and (address.area is None or MATRIX[Role.REP][address.area] == Level.NONE)
    ]

    found = answers(client, wanted)

    assert len(found) > 100
    assert {path: status for path, status in found.items() if status not in REFUSED} == {}


def test_rows_of_another_unit_are_refused(client, acme, acmes, bob, history):
    """The rows are the corporate unit's, bob owns Boards: he may read corporate standards and change nothing."""
    client.force_login(bob)
    with tenant_context(acme.pk):
        owned = {
            model for model, key in acmes.items() if model is not Tenant and _unit_of(model, key) is not None
        }
    wanted = [address for address in addresses(acmes) if address.model in owned and address.has_key]

    found = answers(client, [address for address in wanted if address.area not in SHARED_DOWNWARD])
    answers(client, [address for address in wanted if address.area in SHARED_DOWNWARD])

    assert len(found) > 30
    assert {path: status for path, status in found.items() if status not in REFUSED} == {}


def _unit_of(model, key):
    return business_unit_of(model.objects.get(pk=key))


def test_jobs_are_run_by_operators_only(client, acme, alice):
    client.force_login(alice)

    for name in ("admin:pqlhub_run_now", "admin:pqlhub_switch_tick"):
        assert client.post(reverse(name, args=["pulse"])).status_code == 403


def test_another_tenants_rows_cannot_be_reached_by_their_keys(client, acmes, history, charlie):
    client.force_login(charlie)
    wanted = [a for a in addresses(acmes) if a.has_key and not a.route.startswith(tuple(OPEN))]

    found = answers(client, wanted)

    assert len(found) > 80
    assert {path: status for path, status in found.items() if status not in REFUSED} == {}


def test_another_tenants_rows_show_on_no_page(client, acmes, history, charlie):
    client.force_login(charlie)
    client.raise_request_exception = False
    shown = {}
    for address in addresses(acmes):
        if not address.has_key and not address.route.startswith(("logout/", "accounts/logout/")):
            answer = client.get(address.path)
            leaks = re.search(rb"\b" + MARK.encode() + rb"\d+", answer.getvalue())
            if answer.status_code >= 500 or leaks:
                shown[address.path] = (answer.status_code, leaks and leaks[0])

    assert shown == {}


def test_own_pages_open_and_none_fails(client, acmes, alice):
    """A corporate admin gets every list; rows made up by the factory may make no sense, but never an error."""
    client.force_login(alice)
    client.raise_request_exception = False
    lists = [a for a in addresses(acmes) if a.route.endswith("/") and not a.has_key and a.area and a.model]

    found = {a.path: client.get(a.path).status_code for a in lists}

    assert len(found) > 15
    assert {path: status for path, status in found.items() if status >= 500} == {}


@pytest.mark.parametrize("address", ["/api", "/api/", "/api/v1/nothing", "/api/v2/me"])
def test_a_program_is_told_of_a_wrong_address_and_not_sent_to_the_log_in(client, address):
    answer = client.get(address)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert client.post(address).status_code == 404
