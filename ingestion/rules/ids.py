"""Whose an event is: the ids of a person and an account, and those that clients send for nobody."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from ingestion.rules.types import Kind, Rejected, shown

ID_LIMIT = 512
EXACT_INTEGER = 2**53  # beyond it a float no longer names one integer
_ZEROS = re.compile(r"[0-]*")
_BLOCKED = frozenset(
    (
        *("-1", "nan", "nil", "none", "null", "undefined", "true", "false", "[object object]"),
        *("anonymous", "guest", "distinctid", "distinct_id", "email", "id", "not_authenticated"),
    )
)


class Ids(NamedTuple):
    """Each a text or None."""

    user: str | None
    anonymous: str | None
    previous: str | None
    group: str | None


def ids_of(
    kind: Kind, item: Mapping[str, Any], context: Mapping[str, Any], note: Callable[[str, str], None]
) -> Ids:
    """Whose the event is. An id that stands for nobody counts as absent and is noted, as long as another id says whose
    it is: it joins nobody, and nothing is lost. Raises Rejected."""
    nobody: list[tuple[str, str]] = []
    user_id = _id(item, "userId", nobody)
    anonymous_id = _id(item, "anonymousId", nobody)
    previous_id = _id(item, "previousId", nobody) if kind is Kind.ALIAS else None
    group_id = _id(item, "groupId", nobody) or _id(context, "groupId", nobody)
    if user_id is None and anonymous_id is None:
        _refuse_nobody(nobody, "userId", "anonymousId")
        near = next((name for name in ("user_id", "userID", "anonymous_id") if item.get(name)), None)
        hint = f" Not `{near}`: names are camelCase." if near else ""
        raise Rejected("missing_user_id", "Send `userId` (a text or a number) or `anonymousId`." + hint)
    if kind is Kind.GROUP and group_id is None:
        _refuse_nobody(nobody, "groupId")
        raise Rejected("missing_group_id", "A group call needs `groupId`, the account's id in your product.")
    if kind is Kind.ALIAS and (user_id is None or previous_id is None):
        _refuse_nobody(nobody, "userId", "previousId")
        raise Rejected("missing_previous_id", "An alias call needs `userId` and `previousId`.")
    for field, _text in nobody:
        note("stands_for_nobody", field)
    return Ids(user_id, anonymous_id, previous_id, group_id)


def stands_for_nobody(text: str, *, is_group: bool = False) -> bool:
    """Whether clients send this id for nobody in particular. 0 may be a first account; a person 0 is everybody who was
    not logged in."""
    return not (is_group and text == "0") and _stands_for_nobody(text)


def _refuse_nobody(nobody: Iterable[tuple[str, str]], *fields: str) -> None:
    for field, text in nobody:
        if field in fields:
            raise Rejected(
                "blocked_id",
                f"`{field}` is {shown(text)}, which clients send for nobody in particular. "
                "It would join strangers into one. Leave the field out until you know the id.",
            )


def _id(holder: Mapping[str, Any], field: str, nobody: list[tuple[str, str]]) -> str | None:
    """The id as text; None for absent, null, empty and blank, and for one that stands for nobody, which is added to
    `nobody`. Raises Rejected."""
    value = holder.get(field)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Rejected("invalid_id", f"`{field}` is {shown(value)}. Send a text or a number.")
    if isinstance(value, float):
        if not value.is_integer() or abs(value) >= EXACT_INTEGER:
            raise Rejected(
                "invalid_id", f"`{field}` is {value}: this number is not exact. Send it as a text."
            )
        value = int(value)
    text = str(value) if isinstance(value, int) else value
    if not text.strip():
        return None
    if len(text) > ID_LIMIT:
        raise Rejected("invalid_id", f"`{field}` has {len(text)} characters. {ID_LIMIT} are allowed.")
    if stands_for_nobody(text, is_group=field == "groupId"):
        nobody.append((field, text))
        return None
    return text


@lru_cache(maxsize=65_536)  # the same people come again and again
def _stands_for_nobody(text: str) -> bool:
    return _ZEROS.fullmatch(text) is not None or text.strip("'\" ").lower() in _BLOCKED
