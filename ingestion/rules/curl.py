"""A received event as a command that sends it again, for whoever wants to try a change of it by hand."""

import json
import shlex
from collections.abc import Mapping
from typing import Any

from ingestion.rules.types import Kind
from ingestion.rules.wire import CONTEXT_NOTES


def item_of_event(
    *,
    kind: int,
    name: str,
    user_id: str | None,
    anonymous_id: str | None,
    account: str | None,
    told: Mapping[str, Any],
    context: Mapping[str, Any],
) -> dict[str, Any]:
    """A stored event as a product sends it, without message id and time: sent again it is a new event of that moment.
    An alias call is not whole: its previous id is kept as a link between persons and not with the event."""
    ids = {"userId": user_id, "anonymousId": anonymous_id}
    item: dict[str, Any] = {"type": Kind(kind).name.lower(), **{key: id for key, id in ids.items() if id}}
    if kind == Kind.TRACK:
        item["event"] = name
    elif kind in (Kind.PAGE, Kind.SCREEN) and name:
        item["name"] = name
    if kind == Kind.GROUP and account:
        item["groupId"] = account
    if told:
        item["traits" if kind in (Kind.IDENTIFY, Kind.GROUP) else "properties"] = dict(told)
    if sent := {key: value for key, value in context.items() if key != CONTEXT_NOTES}:
        item["context"] = sent
    return item


def as_curl(item: Any, host: str) -> str:
    """The command, quoted for a shell. The write key is left out as $WRITE_KEY; `host` has its scheme and no slash at
    the end."""
    body = json.dumps({"batch": [item]}, ensure_ascii=False)
    return f'curl {shlex.quote(host + "/v1/batch")} -u "$WRITE_KEY:" -d {shlex.quote(body)}'
