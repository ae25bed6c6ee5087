"""Reads the JSON that real clients send, which is not always JSON, and writes it back.

orjson reads almost everything. What it refuses but SDKs do send is read by the standard library: NaN and Infinity
(Python SDKs), lone surrogates (half an emoji, from any of them), raw control characters, a byte order mark.
"""

import json
import math
import re
from typing import Any

import orjson

PRUNE_DEPTH = 100  # deeper than cleaning allows, so that what was cut here is still rejected there
MAX_PRUNE_TOKENS = 2_000_000
TOO_LARGE = 10**400  # stands for a number that no machine type holds; cleaning rejects the event it is in
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)


class JsonError(ValueError):
    """The text is not JSON. The message says where and why."""


class NotUtf8(JsonError):
    """It may be JSON in another encoding."""


def parse_json(raw: bytes) -> Any:
    """The value of a JSON text. Raises JsonError.

    NaN and Infinity become None. Integers beyond 64 bits may come back as floats. Structures nested deeper than any
    parser bears are cut at PRUNE_DEPTH, so that one such event does not cost its batch the others.
    """
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return _parse_leniently(raw)


def dump_json(value: Any) -> bytes:
    """Compact UTF-8 JSON of anything parse_json returns."""
    try:
        return orjson.dumps(value)
    except TypeError:  # a lone surrogate, an integer beyond 64 bits, or deeper than orjson writes
        return json.dumps(pruned(value), separators=(",", ":"), default=str).encode()


def pruned(value: Any, depth: int = PRUNE_DEPTH) -> Any:
    """The value with None for what is nested deeper: orjson reads a thousand levels, which nobody can write again."""
    if not isinstance(value, dict | list):
        return value
    if not depth:
        return None
    if isinstance(value, dict):
        return {key: pruned(each, depth - 1) for key, each in value.items()}
    return [pruned(each, depth - 1) for each in value]


def canonical_json(value: Any) -> bytes:
    """JSON with sorted keys, the same for equal values: what digests are made of."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def _parse_leniently(raw: bytes) -> Any:
    text = _decode(raw)
    try:
        return _load(text)
    except RecursionError:
        return _load(_prune(text))


def _decode(raw: bytes) -> str:
    """Surrogates encoded on their own pass, to be stripped by cleaning; other broken UTF-8 does not."""
    if not raw.strip():
        raise JsonError("The body is empty. Send a JSON object.")
    try:
        return raw.decode("utf-8", "surrogatepass").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise NotUtf8(f"The body is not UTF-8: byte {error.start} is {raw[error.start]:#04x}.") from error


def _load(text: str) -> Any:
    try:
        return json.loads(
            text, strict=False, parse_constant=_no_number, parse_float=_float, parse_int=_integer
        )
    except json.JSONDecodeError as error:
        raise JsonError(
            f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from error


def _no_number(token: str) -> None:
    return None


def _float(digits: str) -> float | int:
    value = float(digits)
    return value if math.isfinite(value) else _too_large(digits)


def _integer(digits: str) -> int:
    return int(digits) if len(digits) <= 400 else _too_large(digits)


def _too_large(digits: str) -> int:
    return -TOO_LARGE if digits.startswith("-") else TOO_LARGE


def _prune(text: str) -> str:
    """The same text with every structure below PRUNE_DEPTH replaced by null."""
    pieces, depth, kept_to = [], 0, 0
    for count, match in enumerate(_TOKEN.finditer(text)):
        if count > MAX_PRUNE_TOKENS:
            raise JsonError("The body is nested too deeply to be read. Flatten the event.")
        bracket = match.group()
        if bracket in "[{":
            depth += 1
            if depth == PRUNE_DEPTH + 1:
                pieces.append(text[kept_to : match.start()])
        elif bracket in "]}":
            if depth == PRUNE_DEPTH + 1:
                pieces.append("null")
                kept_to = match.end()
            depth -= 1
    if depth > PRUNE_DEPTH:
        raise JsonError("The body is not JSON: it ends inside a deeply nested structure.")
    return "".join([*pieces, text[kept_to:]])
