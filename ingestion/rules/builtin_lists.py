"""The domains of the lists that ship with the product: data of the package, as time zones are."""

from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "builtin"


@cache
def built_in_domains(code: str) -> tuple[str, ...]:
    """In bytewise order. Raises FileNotFoundError for a code that no list has."""
    return tuple(sorted((_FOLDER / f"{code}.txt").read_text().split()))


@cache
def built_in_set(code: str) -> frozenset[str]:
    """The same, to ask whether a domain is in it."""
    return frozenset(built_in_domains(code))
