"""Names of traits. SDKs write the reserved ones in camelCase, snake_case or capitals; they are one trait here."""

from collections.abc import Mapping
from typing import Any

RESERVED = (
    "address",
    "age",
    "avatar",
    "birthday",
    "company",
    "createdAt",
    "description",
    "email",
    "employees",
    "firstName",
    "gender",
    "id",
    "industry",
    "lastName",
    "name",
    "phone",
    "plan",
    "title",
    "username",
    "website",
)
_CANONICAL = {name.lower(): name for name in RESERVED}


def canonical_name(name: str) -> str:
    """The reserved name this is a spelling of (`created_at` -> `createdAt`), or the name as it is."""
    return _CANONICAL.get(name.replace("_", "").lower(), name)


def canonical_traits(traits: Mapping[str, Any]) -> dict[str, Any]:
    """The traits under their reserved names; the reserved spelling wins over others. First and last name make a name.
    An explicit null stays: it says the trait was emptied."""
    if not traits:
        return {}
    named: dict[str, Any] = {}
    for name, value in traits.items():
        canonical = canonical_name(name)
        if canonical == name or canonical not in traits:
            named[canonical] = value
    if "name" not in named:
        parts = [named.get("firstName"), named.get("lastName")]
        full = " ".join(part.strip() for part in parts if isinstance(part, str) and part.strip())
        if full:
            named["name"] = full
    return named
