"""What lists show of a person or an account, from its ids and current traits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

SHOWN = 200  # characters; longer texts do not fit an index and no list


@dataclass(frozen=True)
class Profile:
    """`search` is lowercase and starts with the label."""

    label: str
    email: str
    search: str


def of_person(user_ids: Iterable[str], traits: Mapping[str, Any]) -> Profile:
    """Label: name, else e-mail, else user id, else empty (nobody knows them)."""
    email = _text(traits.get("email"))
    label = _text(traits.get("name")) or email or _text(min(user_ids, default=""))
    return Profile(label, email, f"{label} {email}".strip().lower())


def of_account(key: str, traits: Mapping[str, Any]) -> Profile:
    """Label: name, else empty (lists then show the key). Search: label and key."""
    label = _text(traits.get("name"))
    return Profile(label, "", f"{label} {_text(key)}".strip().lower())


def _text(value: Any) -> str:
    return " ".join(value.split())[:SHOWN] if isinstance(value, str) else ""
