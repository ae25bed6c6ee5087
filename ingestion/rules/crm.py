"""What a CRM is asked, and what its answer says: HubSpot's search and Salesforce's SOQL, as one. Pure.

Both are read in rounds: records changed since a moment, by ascending record id, each question beginning after the last
id of the answer before. So a page that is asked for again is the same page, no page is too far, and a record that
changes while a round goes on is found by the next one.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from ingestion.rules.cleaning import Cleaner
from ingestion.rules.enrichment import traits_of
from ingestion.rules.json_text import JsonError, parse_json
from ingestion.rules.timestamps import parse_instant
from ingestion.rules.types import Rejected

HUBSPOT, SALESFORCE = "hubspot", "salesforce"
ACCOUNT, PERSON = "account", "person"
HUBSPOT_URL = "https://api.hubapi.com"
SALESFORCE_VERSION = "v62.0"
PAGE_SIZE = {HUBSPOT: 100, SALESFORCE: 500}
# A CRM's index of what changed lags behind, so a round begins a little before the one before it began.
OVERLAP = timedelta(minutes=5)
USUAL_MATCH = {  # the field that says whose record it is, where none is chosen: domain or e-mail
    (HUBSPOT, ACCOUNT): "domain",
    (HUBSPOT, PERSON): "email",
    (SALESFORCE, ACCOUNT): "Website",
    (SALESFORCE, PERSON): "Email",
}
_OBJECT = {
    (HUBSPOT, ACCOUNT): "companies",
    (HUBSPOT, PERSON): "contacts",
    (SALESFORCE, ACCOUNT): "Account",
    (SALESFORCE, PERSON): "Contact",
}
_CHANGED = {(HUBSPOT, ACCOUNT): "hs_lastmodifieddate", (HUBSPOT, PERSON): "lastmodifieddate"}
_FIELD = {
    HUBSPOT: re.compile(r"[a-z][a-z0-9_]{0,99}"),
    SALESFORCE: re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}(\.[A-Za-z][A-Za-z0-9_]{0,79}){0,4}"),
}
_RECORD_ID = re.compile(r"[A-Za-z0-9]{1,40}")
_LONGEST_WORDS = 300


class CrmTrouble(Exception):
    """Nothing was learned. `pause` is how long to leave the CRM alone at least; None: as usual after failures."""

    def __init__(self, words: str, *, pause: timedelta | None = None) -> None:
        super().__init__(words[:_LONGEST_WORDS])
        self.pause = pause


@dataclass(frozen=True)
class Question:
    """A request to the CRM. `path` begins with /; with a body it is a POST."""

    path: str
    body: bytes | None = None
    content_type: str = "application/json"


@dataclass(frozen=True)
class Record:
    """One record. `match` says whose it is; `problem` why it cannot be kept, "" mostly."""

    id: str
    changed_at: datetime | None
    match: str
    traits: dict[str, Any]
    problem: str = ""


@dataclass(frozen=True)
class PageRead:
    """Records by ascending id. `last_id`: where the next question begins; None at the end of the round."""

    records: Sequence[Record]
    last_id: str | None


def problem_with_fields(kind: str, fields: Sequence[str]) -> str:
    """Why these cannot be asked for, or ""."""
    for name in fields:
        if not _FIELD[kind].fullmatch(name):
            example = "numberofemployees" if kind == HUBSPOT else "NumberOfEmployees or Owner.Name"
            return f"“{name[:80]}” is no API name of a field, such as {example}."
    return ""


def question(
    kind: str, about: str, fields: Sequence[str], *, since: datetime | None, after_id: str, limit: int
) -> Question:
    """Ask for the next records that changed since a moment (None: all), beginning after a record id."""
    if kind == HUBSPOT:
        return _hubspot_question(about, fields, since, after_id, limit)
    return _salesforce_question(about, fields, since, after_id, limit)


def token_question(client_id: str, secret: str) -> Question:
    """Salesforce's client-credentials flow: a form, not JSON."""
    said = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    return Question("/services/oauth2/token", urlencode(said).encode(), "application/x-www-form-urlencoded")


def read_token(status: int | None, body: str, error: str) -> str:
    """The access token. Raises CrmTrouble."""
    answer = _answer(status, body, error)
    token = answer.get("access_token") if isinstance(answer, Mapping) else None
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise CrmTrouble(
            "The CRM answered without an access token. Is the client-credentials flow switched on?"
        )
    return token


def read_page(
    kind: str,
    about: str,
    status: int | None,
    body: str,
    error: str,
    *,
    match_field: str,
    mapping: Sequence[Mapping[str, str]],
    limit: int,
) -> PageRead:
    """What an answer says. A record that cannot be kept is one of the records, with its problem. Raises CrmTrouble."""
    answer = _answer(status, body, error)
    rows = answer.get("results" if kind == HUBSPOT else "records") if isinstance(answer, Mapping) else None
    if not isinstance(rows, list):
        raise CrmTrouble("The CRM answered JSON without records.")
    records = [_record(kind, about, row, match_field, mapping) for row in rows]
    return PageRead(records, records[-1].id if len(rows) >= limit else None)


def fields_asked(match_field: str, mapping: Sequence[Mapping[str, str]]) -> list[str]:
    """Every field once, the one that says whose record it is first."""
    return list(dict.fromkeys([match_field, *(row["path"] for row in mapping)]))


def _hubspot_question(
    about: str, fields: Sequence[str], since: datetime | None, after_id: str, limit: int
) -> Question:
    changed = _CHANGED[HUBSPOT, about]
    filters = [{"propertyName": "hs_object_id", "operator": "GT", "value": after_id or "0"}]
    if since is not None:
        milliseconds = str(int(since.timestamp() * 1000))
        filters.append({"propertyName": changed, "operator": "GTE", "value": milliseconds})
    body = {
        "filterGroups": [{"filters": filters}],
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        "properties": list(dict.fromkeys([*fields, changed])),
        "limit": limit,
    }
    return Question(f"/crm/v3/objects/{_OBJECT[HUBSPOT, about]}/search", json.dumps(body).encode())


def _salesforce_question(
    about: str, fields: Sequence[str], since: datetime | None, after_id: str, limit: int
) -> Question:
    asked = ", ".join(name for name in dict.fromkeys(["Id", "SystemModstamp", *fields]))
    conditions = []
    if since is not None:
        conditions.append(f"SystemModstamp >= {since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
    if after_id:
        conditions.append(f"Id > '{after_id}'")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    soql = f"SELECT {asked} FROM {_OBJECT[SALESFORCE, about]}{where} ORDER BY Id LIMIT {limit}"
    return Question(f"/services/data/{SALESFORCE_VERSION}/query?q={quote(soql)}")


def _record(
    kind: str, about: str, row: Any, match_field: str, mapping: Sequence[Mapping[str, str]]
) -> Record:
    if not isinstance(row, Mapping):
        raise CrmTrouble("The CRM answered records that are no objects.")
    id = str(row.get("id" if kind == HUBSPOT else "Id") or "")
    if not _RECORD_ID.fullmatch(id):
        raise CrmTrouble("The CRM answered a record without an id.")
    said = row.get("properties") if kind == HUBSPOT else row
    said = said if isinstance(said, Mapping) else {}
    changed = said.get(_CHANGED.get((kind, about), "SystemModstamp")) or row.get("updatedAt")
    match = traits_of(said, [{"path": match_field, "trait": "match"}]).get("match", "")
    try:
        traits = Cleaner().value(traits_of(said, mapping), "record")
    except Rejected as refusal:
        return Record(id, None, "", {}, str(refusal))
    return Record(id, parse_instant(changed), match if isinstance(match, str) else "", traits)


def _answer(status: int | None, body: str, error: str) -> Any:
    """The JSON of a good answer. Raises CrmTrouble, in words for the page."""
    if status is None:
        raise CrmTrouble(error or "No answer.")
    words = _words_of(body)
    if status == HTTPStatus.TOO_MANY_REQUESTS or "REQUEST_LIMIT_EXCEEDED" in body[:2000]:
        pause = None if status == HTTPStatus.TOO_MANY_REQUESTS else timedelta(hours=1)
        raise CrmTrouble(f"HTTP {status}: the CRM asks us to slow down.", pause=pause)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise CrmTrouble(f"HTTP {status}: the CRM does not take the key. {words}")
    if 300 <= status < 400:
        raise CrmTrouble(
            f"HTTP {status}: it answers from another address, which is not followed. Write that one."
        )
    if 400 <= status < 500:
        raise CrmTrouble(
            f"HTTP {status}: {words or 'the CRM does not take the question.'}", pause=timedelta(hours=1)
        )
    if status != HTTPStatus.OK:
        raise CrmTrouble(f"HTTP {status}")
    try:
        return parse_json(body.encode())
    except JsonError as failure:
        raise CrmTrouble("The answer is not JSON.") from failure


def _words_of(body: str) -> str:
    """The CRM's own words about what is wrong: HubSpot's message, Salesforce's list of errors, OAuth's description."""
    try:
        answer = parse_json(body.encode())
    except JsonError:
        return ""
    first = answer[0] if isinstance(answer, list) and answer else answer
    if not isinstance(first, Mapping):
        return ""
    words = first.get("message") or first.get("error_description") or ""
    return " ".join(words.split())[:200] if isinstance(words, str) else ""
