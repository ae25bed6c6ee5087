"""What tells an erased person or account again without keeping who it was: keyed hashes of ids and addresses. Pure."""

import hmac
import json
from collections.abc import Iterable, Mapping
from typing import Any

from ingestion.rules.types import Kind, Message

ID, EMAIL, ACCOUNT = "id", "email", "account"
Name = tuple[str, str]  # kind, value


def mark_of(name: Name, *, tenant_id: int, key: bytes) -> bytes:
    """The mark of one name. The same name in another tenant has another mark."""
    kind, value = name
    content = f"{tenant_id}|{kind}|{value}".encode("utf-8", "surrogatepass")
    return hmac.digest(key, content, "sha256")


def names_in(message: Message) -> list[Name]:
    """Everything in a message that names somebody: an alias names both of its ends, a group call also its account."""
    ids = (message.user_id, message.anonymous_id, message.previous_id)
    found = [(ID, value) for value in ids if value is not None]
    if message.group_id is not None:
        found.append((ACCOUNT, message.group_id))
    if message.kind != Kind.GROUP and (email := clean_email(message.traits.get("email"))):
        found.append((EMAIL, email))
    return found


def names_in_raw(raw: Any) -> list[Name]:
    """As names_in, of an item that could not be read: what stands in the fields that name somebody."""
    if not isinstance(raw, Mapping):
        return []
    context = raw.get("context")
    holders = [raw, context] if isinstance(context, Mapping) else [raw]
    found = [
        (ID, value) for field in ("userId", "anonymousId", "previousId") if (value := _text(raw.get(field)))
    ]
    found += [(ACCOUNT, value) for holder in holders if (value := _text(holder.get("groupId")))]
    for holder in holders:
        traits = holder.get("traits")
        if isinstance(traits, Mapping) and (email := clean_email(traits.get("email"))):
            found.append((EMAIL, email))
    return found


def clean_email(value: Any) -> str:
    """As e-mails are compared: trimmed, lowercase; "" for what is none."""
    text = value.strip().lower() if isinstance(value, str) else ""
    return text if "@" in text else ""


def raw_marks(
    ids: Iterable[str], emails: Iterable[str], account_keys: Iterable[str], telling: Iterable[str]
) -> list[str]:
    """Texts that stand in a raw event (compact JSON) only when it names them. `telling` are the ids and keys that mean
    their owner wherever they stand alone."""

    def field(name: str, value: str) -> list[str]:
        written = [f'"{name}":{json.dumps(value, ensure_ascii=False)}']
        return [*written, *(f'"{name}":{value}{end}' for end in ",}" if value.isdigit())]

    marks = [
        text
        for value in ids
        for name in ("userId", "anonymousId", "previousId")
        for text in field(name, value)
    ]
    marks += [text for value in account_keys for text in field("groupId", value)]
    marks += [json.dumps(value, ensure_ascii=False) for value in telling]
    return [*marks, *emails]


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).strip()
