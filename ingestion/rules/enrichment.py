"""What an enrichment asks, and what the answer tells. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from ingestion.rules.cleaning import Cleaner
from ingestion.rules.domains import clean_domain, is_of_company
from ingestion.rules.json_text import JsonError, parse_json
from ingestion.rules.traits import canonical_name
from ingestion.rules.types import Rejected

PLACE = "{domain}"
DOMAIN_TRAITS = ("domain", "website", "email")  # which name the domain of an account, the first that does
MOST_TRAITS, LONGEST_NAME = 50, 255
MOST_ATTEMPTS = 5  # for one domain, when the vendor fails; then it is left alone for a while
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_NOT_OURS = {"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"}
_NOBODY = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
_ABOUT_THE_DOMAIN = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}
_MISSING = object()


class Outcome(StrEnum):
    """What an answer means for the account."""

    FOUND = "found"
    UNKNOWN = "unknown"  # the vendor does not know the company
    FAILED = "failed"  # asking again soon brings the same
    LATER = "later"  # nothing was learned: the vendor is down, busy, or does not take the key


@dataclass(frozen=True)
class Reading:
    """An answer, understood. `is_vendors`: it failed for whoever asks, so it says nothing about this domain."""

    outcome: Outcome
    words: str = ""
    traits: dict[str, Any] = field(default_factory=dict)
    is_vendors: bool = False


def first_company_domain(texts: Iterable[str]) -> str:
    """The first that names the domain of a company, as clean_domain gives it; "" when none does."""
    for text in texts:
        try:
            domain = clean_domain(text)
        except ValueError:
            continue
        if is_of_company(domain):
            return domain
    return ""


def read_mapping(text: str) -> list[dict[str, str]]:
    """Lines of “path = trait”. Raises ValueError, with words on what to write instead."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    mapping = [_read_line(line) for line in lines]
    traits = [canonical_name(row["trait"]) for row in mapping]
    if not mapping:
        raise ValueError(
            "Say at least one: what is where in the answer, such as company.employees = employees."
        )
    if len(mapping) > MOST_TRAITS:
        raise ValueError(f"At most {MOST_TRAITS} traits.")
    for trait in traits:
        if traits.count(trait) > 1:
            raise ValueError(f"“{trait}” is filled twice. Keep one of the lines.")
        if trait in DOMAIN_TRAITS:
            raise ValueError(f"“{trait}” says which domain to ask about, so no answer may change it.")
    return mapping


def show_mapping(mapping: Iterable[Mapping[str, str]]) -> str:
    """As read_mapping reads it."""
    return "\n".join(f"{row['path']} = {row['trait']}" for row in mapping)


def _read_line(line: str) -> dict[str, str]:
    path, _equals, trait = (part.strip() for part in line.partition("="))
    if not path or not trait:
        raise ValueError(f"“{line[:80]}” is no “path = trait”, such as company.employees = employees.")
    if max(len(path), len(trait)) > LONGEST_NAME:
        raise ValueError(f"“{line[:80]}…” is too long: {LONGEST_NAME} characters a side.")
    return {"path": path, "trait": trait}


def problem_with_template(url: str) -> str:
    """Why nothing can be asked by this URL, or ""."""
    try:
        host = urlsplit(url).netloc
    except ValueError:
        return "This is not a URL. It should look like https://api.vendor.com/companies?domain={domain}."
    if not url.isascii() or any(ord(character) <= 32 for character in url):
        return "A URL has plain characters only: write others with their % code."
    if PLACE in host:
        return "{domain} may not stand in the host: your vendor's server is asked, not the account's."
    return "" if url.count(PLACE) == 1 else "Write {domain} once, where the domain of the account belongs."


def problem_with_header(name: str, secret: str) -> str:
    """Why this header cannot be sent, or ""."""
    if name and (not _HEADER.fullmatch(name) or name.lower() in _NOT_OURS):
        return "This is no name of a header that can be set, such as Authorization."
    if secret and not (secret.isascii() and secret.isprintable()):
        return "The value of a header has plain characters only, and no line breaks."
    return ""


def value_at(answer: Any, path: str) -> Any:
    """What stands in the answer where the dotted path leads (numbers count list items from 0); None when nothing."""
    for step in path.split("."):
        if isinstance(answer, Mapping):
            answer = answer.get(step, _MISSING)
        elif isinstance(answer, list) and step.isascii() and step.isdigit() and int(step[:9]) < len(answer):
            answer = answer[int(step[:9])]
        else:
            return None
    return None if answer is _MISSING else answer


def traits_of(answer: Any, mapping: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """By trait what the answer says. What it leaves out or says null of is not known to the vendor: nothing is said."""
    found = {row["trait"]: value_at(answer, row["path"]) for row in mapping}
    return {trait: value for trait, value in found.items() if value not in (None, "", [], {})}


def read_answer(status: int | None, body: str, error: str, mapping: Sequence[Mapping[str, str]]) -> Reading:
    """What an answer tells. `error` says why there is none."""
    if status is None:
        is_too_large = "larger than" in error
        return Reading(Outcome.FAILED if is_too_large else Outcome.LATER, error)
    if status in _NOBODY:
        return Reading(Outcome.UNKNOWN, "The vendor does not know this domain.")
    if status in _ABOUT_THE_DOMAIN:
        return Reading(Outcome.FAILED, f"HTTP {status}: the vendor does not take this domain.")
    if status != HTTPStatus.OK:
        return Reading(Outcome.LATER, _words_for(status), is_vendors=300 <= status < 500)
    try:
        answer = parse_json(body.encode())
    except JsonError:
        return Reading(Outcome.FAILED, "The answer is not JSON.")
    if not isinstance(answer, dict | list):
        return Reading(Outcome.FAILED, "The answer is JSON, but no object to find traits in.")
    try:
        return Reading(Outcome.FOUND, traits=Cleaner().value(traits_of(answer, mapping), "answer"))
    except Rejected as refusal:
        return Reading(Outcome.FAILED, str(refusal))


def _words_for(status: int) -> str:
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return f"HTTP {status}: the vendor does not take the key."
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return f"HTTP {status}: the vendor asks us to slow down."
    if 300 <= status < 400:
        return f"HTTP {status}: it answers from another address, which is not followed. Write that one."
    return f"HTTP {status}"


def pause_after(failures: int, asked: timedelta | None) -> timedelta:
    """How long the vendor is left alone after so many failures in a row; at least as long as it asks for."""
    usual = min(_FIRST_PAUSE * 2 ** min(failures - 1, 10), _LONGEST_PAUSE)
    return max(usual, asked or usual)
