"""Which traits and properties tell who somebody is, and how they look to whom that is none of their business. Pure."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from ingestion.rules.naming import words_of

HIDDEN = "•••"
# A field is personal if one of these is a word of its name: email, invitee_email, contactPhone.
_PERSONAL_WORDS = frozenset(
    """
    email emails mail phone phones mobile tel telephone fax firstname lastname fullname surname username nickname avatar
    photo birthday birthdate dob gender ssn iban passport password street postcode zip ip lat lng latitude longitude
    """.split()  # noqa: SIM905 - a list of words reads better without a hundred quotes
)
_PERSONAL_PAIRS = frozenset(
    {
        ("first", "name"), ("last", "name"), ("full", "name"), ("given", "name"), ("family", "name"),
        ("middle", "name"), ("display", "name"), ("user", "name"), ("nick", "name"), ("contact", "name"),
        ("postal", "code"), ("birth", "date"), ("date", "birth"), ("tax", "id"), ("home", "address"),
    }
)  # fmt: skip
_PERSONAL_OF_PERSONS = frozenset({"name", "address", "age"})
EMAIL = re.compile(r"([\w.!#$%&'*+/=?^`{|}~-]+)@([\w-]+(?:\.[\w-]+)+)")


Verdicts = Mapping[str, bool]  # lowercase name of a field -> somebody said that it is personal, or is not


def is_personal(name: str, verdicts: Verdicts, *, of_person: bool = False) -> bool:
    """Whether a trait or property of this name is personal: what somebody decided, else what its name says. Names of
    persons are personal, names of companies and files are not, so it matters whose trait it is."""
    said = verdicts.get(name.lower())
    if said is not None:
        return said
    return _says_personal(name) or (of_person and name.lower() in _PERSONAL_OF_PERSONS)


@lru_cache(maxsize=4096)
def _says_personal(name: str) -> bool:
    """Whether the words of a name say that the field tells who somebody is."""
    words = words_of(name)
    if not _PERSONAL_WORDS.isdisjoint(words) or "".join(words) in _PERSONAL_WORDS:
        return True
    pairs = zip(words, [word for word in words[1:] if word != "of"] or words[1:], strict=False)
    return not _PERSONAL_PAIRS.isdisjoint(pairs)


def masked(value: Any, verdicts: Verdicts, *, of_person: bool = False) -> Any:
    """The value without what tells who somebody is, at any depth: personal fields hidden, e-mail addresses anywhere
    down to their first letter and domain. Shape, keys, numbers elsewhere, true, false and null stay as they are."""
    if isinstance(value, str):
        return masked_text(value)
    if isinstance(value, Mapping):
        traits_of_person = "traits" if value.get("type") != "group" else ""
        return {
            masked_text(name): _hidden(each)
            if is_personal(name, verdicts, of_person=of_person)
            else masked(each, verdicts, of_person=of_person or name == traits_of_person)
            for name, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [masked(each, verdicts, of_person=of_person) for each in value]
    return value


def masked_text(text: str) -> str:
    """The text with each e-mail address as its first letter and domain: a…@acme.com. What sales may know of a company
    stays, the person does not."""
    return EMAIL.sub(lambda found: f"{found[1][0]}…@{found[2]}", text) if "@" in text else text


def masked_label(key: int, label: str, email: str = "") -> str:
    """What to call a person whose name is not to be seen: the number of the person, and the domain of the e-mail."""
    found = EMAIL.search(email or label)
    return f"#{key} · {found[2]}" if found else f"#{key}"


def _hidden(value: Any) -> Any:
    """A personal value. Whether there is one, and an address's domain, can still be seen."""
    if value is None or value == "" or isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        return {masked_text(name): _hidden(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(each) for each in value]
    return masked_text(value) if isinstance(value, str) and EMAIL.fullmatch(value.strip()) else HIDDEN
