"""Makes any JSON value one that PostgreSQL stores and every reader can read.

What can be mended is mended and noted (NUL, lone surrogates, over-long texts and keys); what cannot without changing
its meaning rejects the event (nesting, numbers beyond any column, sheer size).
"""

import re
from typing import Any

from ingestion.rules.types import Rejected

MAX_DEPTH = 30
MAX_VALUES = 20_000
TEXT_LIMIT = 8_192  # characters
KEY_LIMIT = 255
NUMBER_LIMIT = 10**29  # numeric(38, 9) has 29 digits before the point
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """The text without NUL and lone surrogates."""
    return text if text.isprintable() else _UNSTORABLE.sub("", text)


class Cleaner:
    """Cleans one item. `notes` names what was changed, as `what:key`."""

    __slots__ = ("notes", "values")
    most_values = MAX_VALUES

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.values = 0

    def text(self, value: str, key: str) -> str:
        """The text without NUL and lone surrogates, cut at TEXT_LIMIT."""
        value = self._storable(value, key)
        if len(value) > TEXT_LIMIT:
            self.note("text_truncated", key)
            return value[:TEXT_LIMIT]
        return value

    def value(self, value: Any, key: str, depth: int = 1) -> Any:
        """A clean copy. Raises Rejected."""
        kind = type(value)
        if kind is str:
            return self.text(value, key)
        if kind is dict or kind is list:
            if depth > MAX_DEPTH:
                words = f"“{key[:40]}” is nested more than {MAX_DEPTH} levels deep. Flatten it."
                return self.give_up("too_deep", words, key)
            self.values += len(value)
            if self.values > self.most_values:
                words = f"The event has more than {self.most_values} values. Split it."
                return self.give_up("too_many_values", words, key)
            if kind is list:
                return [self.value(element, key, depth + 1) for element in value]
            return self._object(value, depth)
        if kind is int or kind is float:
            return self._number(value, key)
        return value

    def _object(self, value: dict[str, Any], depth: int) -> dict[str, Any]:
        """The inner loop of ingestion: what is plainly clean is seen here, without a call for each value."""
        clean: dict[str, Any] = {}
        for name, element in value.items():
            key = name if len(name) <= KEY_LIMIT and name.isprintable() else self.key(name)
            if type(element) is str and len(element) <= TEXT_LIMIT and element.isprintable():
                clean[key] = element
            else:
                clean[key] = self.value(element, key, depth + 1)
        return clean

    def key(self, key: str) -> str:
        """Any text is a key, also the empty one and those with dots, but not a long or unstorable one."""
        key = self._storable(key, key)
        if len(key) > KEY_LIMIT:
            key = key[:KEY_LIMIT]
            self.note("key_truncated", key)
        return key

    def note(self, what: str, key: str) -> None:
        if len(self.notes) < 20:
            self.notes.append(f"{what}:{_UNSTORABLE.sub('', key)[:40]}")

    def _storable(self, value: str, key: str) -> str:
        if value.isascii() and "\0" not in value:
            return value
        cleaned = _UNSTORABLE.sub("", value)
        if len(cleaned) != len(value):
            self.note("characters_removed", key)
        return cleaned

    def _number(self, value: float, key: str) -> float | None:
        if value != value:  # NaN
            return None
        if not -NUMBER_LIMIT < value < NUMBER_LIMIT:
            words = f"“{key[:40]}” must lie between -10^29 and 10^29. Send it as text."
            return self.give_up("number_out_of_range", words, key)
        return value

    def give_up(self, code: str, words: str, key: str) -> Any:
        """What stands for a value that cannot be mended. Raises Rejected."""
        raise Rejected(code, words)


class SharedCleaner(Cleaner):
    """Cleans what a batch says for all of its events: a value that cannot be mended there is left out and noted, and
    costs none of them."""

    __slots__ = ()
    most_values = MAX_VALUES // 2  # the event's own come on top

    def give_up(self, code: str, words: str, key: str) -> Any:
        self.note(code, f"batch.{key}")
        return None
