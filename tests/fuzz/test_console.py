"""What no column can hold, in every field of every form and in the address of every page of the console: it is refused
with words or has no effect, and is never a server error."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

import pytest

from tests.architecture.test_urls import OPEN, acmes, addresses  # noqa: F401

FEW = {"NUL": "a\0b"}
MANY = FEW | {
    "first day": "0001-01-01",
    "last day": "9999-12-31",
    "30 digits": "9" * 30,
    "negative": "-1",
    "NaN": "NaN",
    "infinity": "Infinity",
    "1e400": "1e400",
    "70,000 letters": "x" * 70_000,
    "bidi override": "\u202ea",
    "nested 5,000 times": "[" * 5_000,
    "half an emoji in JSON": '{"a": "\\ud800\\u0000"}',
    "a template": "%s %(x)s {0} {{ x }}",
    "nobody's key": "01890000-0000-7000-8000-000000000000",
    "first minute": "0001-01-01T00:00",
}
_LISTS_TAKE = ("q", "name", "state", "kind", "event", "environment", "source", "after", "before", "p")
IN_ADDRESSES = tuple((name, "") for name in _LISTS_TAKE)
NOT_SENT = re.compile(r"/(accounts|logout|switch|password_change)/")
_FIELD = re.compile(r'<(?:input|textarea|select|button)\b[^>]*\sname="([^"]+)"[^>]*>')
_VALUE = re.compile(r'\svalue="([^"]*)"')
_ACTION = re.compile(r'\s(?:hx-post|action)="([^"]+)"')
_STEERS = re.compile(r".*-(TOTAL|INITIAL)_FORMS|do|action|_save")  # decides what a form is taken for


@dataclass(frozen=True)
class Form:
    path: str
    is_post: bool
    fields: tuple[tuple[str, str], ...]

    @property
    def asks(self) -> bool:
        """More than a press of one of its buttons."""
        return self.filled("a") != self.filled("b")

    def filled(self, value: str) -> dict[str, str]:
        return {name: stated if _STEERS.fullmatch(name) and stated else value for name, stated in self.fields}


def forms_of(path: str, page: str) -> Iterator[Form]:
    for opening, inside in re.findall(r"(<form\b[^>]*>)(.*?)</form>", page, re.DOTALL):
        action = _ACTION.search(opening)
        stated = {}
        for field in _FIELD.finditer(inside):
            value = _VALUE.search(field[0])
            stated[unescape(field[1])] = unescape(value[1]) if value else ""
        stated.pop("csrfmiddlewaretoken", None)
        where = unescape(action[1]) if action else path
        if not NOT_SENT.search(where):
            yield Form(where, 'method="post"' in opening, tuple(stated.items()))


@pytest.fixture
def pages(client, acmes, alice) -> dict[str, str]:  # noqa: F811
    """Those that open for a corporate admin, by their paths."""
    client.force_login(alice)
    client.raise_request_exception = False
    found = {}
    for address in addresses(acmes):
        if not address.route.startswith((*OPEN, "static")):
            answer = client.get(address.path)
            if answer.status_code == 200 and "text/html" in answer["Content-Type"]:
                found[address.path] = answer.content.decode()
    assert len(found) > 80
    return found


@pytest.mark.parametrize(
    "values", [pytest.param(FEW, id="few"), pytest.param(MANY, id="many", marks=pytest.mark.prove)]
)
@pytest.mark.timeout(600)
def test_no_form_and_no_address_fails(client, pages, values):
    sent = {Form(path, False, IN_ADDRESSES) for path in pages}
    sent |= {form for path, page in pages.items() for form in forms_of(path, page) if form.asks}
    failed = []
    for form in sorted(sent, key=lambda form: form.path):
        for said, value in values.items():
            answer = (client.post if form.is_post else client.get)(form.path, form.filled(value))
            if answer.status_code >= 500:
                failed.append((form.path, said))

    assert len(sent) > len(pages) + 60
    assert failed == []


def test_a_value_that_is_none_is_refused_with_words_and_saves_nothing(client, alice):
    client.force_login(alice)

    answer = client.get("/ingestion/person/", {"q": "ann\0"})

    assert answer.status_code == 400
    assert b"take it out" in answer.content
