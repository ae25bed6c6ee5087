"""A CRM on this machine that answers HubSpot's searches and Salesforce's queries over the records it was given."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import orjson

from ingestion.models import CrmConnection
from ingestion.operations import CrmSettings, create_crm_connection, switch_crm_connection
from tenants.audit import SYSTEM
from tests.receiver import Received, Receiver, Reply, receiver

SECRET = "sesame-4711"
TOKEN = "00Dxx!fresh"
MAPPING = [{"path": "employees", "trait": "employees"}, {"path": "industry", "trait": "industry"}]


@dataclass
class Crm:
    """Records by id, as {"changed": datetime, field: value}. `replies` come first, one a question."""

    box: Receiver
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    replies: list[Reply] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.box.url.removesuffix("/hook")

    def put(self, id: str, changed: datetime, **fields: Any) -> None:
        self.records[id] = {"changed": changed, **fields}

    @property
    def questions(self) -> list[Received]:
        return [request for request in self.box.received if "oauth2" not in request.path]

    def answer(self, request: Received) -> Reply:
        if self.replies and "oauth2" not in request.path:
            return self.replies.pop(0)
        if request.path == "/services/oauth2/token":
            return self._token(request)
        wanted = f"Bearer {TOKEN if 'SELECT' in unquote(request.path) else SECRET}"
        if request.headers.get("authorization") != wanted:
            return Reply(401, orjson.dumps({"message": "Authentication credentials not found."}))
        return self._soql(request) if "/query" in request.path else self._search(request)

    def _token(self, request: Received) -> Reply:
        said = parse_qs(request.body.decode())
        if said.get("client_secret") != [SECRET] or said.get("grant_type") != ["client_credentials"]:
            return Reply(
                400, orjson.dumps({"error": "invalid_client", "error_description": "invalid client"})
            )
        return Reply(body=orjson.dumps({"access_token": TOKEN, "instance_url": self.url}))

    def _search(self, request: Received) -> Reply:
        asked = orjson.loads(request.body)
        assert asked["sorts"] == [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
        filters = {each["propertyName"]: each["value"] for each in asked["filterGroups"][0]["filters"]}
        changed = next((int(value) for name, value in filters.items() if name.endswith("modifieddate")), 0)
        rows = [
            (id, row)
            for id, row in sorted(self.records.items(), key=lambda item: int(item[0]))
            if int(id) > int(filters["hs_object_id"]) and row["changed"].timestamp() * 1000 >= changed
        ]
        results = [
            {"id": id, "properties": {name: row.get(name) for name in asked["properties"]} | _changed(row)}
            for id, row in rows[: asked["limit"]]
        ]
        return Reply(body=orjson.dumps({"total": len(rows), "results": results}))

    def _soql(self, request: Received) -> Reply:
        soql = parse_qs(urlsplit(request.path).query)["q"][0]
        assert re.search(r"ORDER BY Id LIMIT \d+$", soql)
        after = re.search(r"Id > '(\w+)'", soql)
        since = re.search(r"SystemModstamp >= (\S+)", soql)
        names = [name.strip() for name in soql.removeprefix("SELECT ").partition(" FROM ")[0].split(",")]
        rows = [
            {"Id": id} | {name: row.get(name) for name in names if name != "Id"} | _changed(row)
            for id, row in sorted(self.records.items())
            if (not after or id > after[1])
            and (not since or row["changed"] >= datetime.fromisoformat(since[1]))
        ]
        limit = int(soql.rpartition(" ")[2])
        return Reply(body=orjson.dumps({"done": True, "records": rows[:limit]}))


def _changed(row: dict[str, Any]) -> dict[str, str]:
    text = row["changed"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000")
    return {
        "hs_lastmodifieddate": f"{text}Z",
        "lastmodifieddate": f"{text}Z",
        "SystemModstamp": f"{text}+0000",
    }


@contextmanager
def crm() -> Iterator[Crm]:
    with receiver() as box:
        found = Crm(box)
        box.reply = found.answer
        yield found


def settings_of(of: Crm, **changes: Any) -> CrmSettings:
    usual = {
        "name": "CRM",
        "kind": "hubspot",
        "about": "account",
        "url": of.url,
        "client_id": "app" if changes.get("kind") == "salesforce" else "",
        "secret": SECRET,
        "match_field": "",
        "mapping": MAPPING,
        "every_minutes": 15,
    }
    return CrmSettings(**(usual | changes))


def make_connection(of: Crm, now: datetime, **changes: Any) -> CrmConnection:
    """Switched on."""
    row = create_crm_connection(said=settings_of(of, **changes), by=SYSTEM, now=now)
    switch_crm_connection(connection=row, is_enabled=True, by=SYSTEM, now=now)
    row.refresh_from_db()
    return row
