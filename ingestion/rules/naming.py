"""Naming conventions of events and properties, and whether a name keeps to one."""

import re
from functools import lru_cache

_TITLE = re.compile(r"[A-Z0-9][A-Za-z0-9]*(?: [A-Z0-9][A-Za-z0-9]*)*")
_PATTERNS = {
    "title_case": _TITLE,
    "object_action": _TITLE,
    "snake_case": re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*"),
    "camel_case": re.compile(r"[a-z][a-z0-9]*(?:[A-Z0-9][a-z0-9]*)*"),
    "kebab_case": re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*"),
    "lower_case": re.compile(r"[a-z0-9]+(?: [a-z0-9]+)*"),
}
CONVENTIONS = tuple(_PATTERNS)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
# What happened, in the past tense, where it does not end in -ed.
_PAST = frozenset(
    """
    sent paid built made bought sold set read seen begun run left lost won kept held cut put shown given taken written
    chosen drawn found met spent shut split hit let got gone done come become thrown known broken spoken driven hidden
    """.split()  # noqa: SIM905 - a list of words reads better without a hundred quotes
)


@lru_cache(maxsize=4096)
def keeps_to(convention: str, name: str) -> bool:
    """Whether the name is in the convention; "" is none, and names that SDKs give ($…) are nobody's choice.

    object_action is Title Case of two words or more, one of the last two a past tense: “Report Exported”."""
    if not convention or name.startswith("$"):
        return True
    if not _PATTERNS[convention].fullmatch(name):
        return False
    if convention != "object_action":
        return True
    words = name.lower().split(" ")
    return len(words) > 1 and any(word.endswith("ed") or word in _PAST for word in words[-2:])


def words_of(name: str) -> list[str]:
    """The words of a name in any convention, lowercase: contactEmail and contact_email are contact, email."""
    return [word.lower() for word in _WORDS.findall(name)]
