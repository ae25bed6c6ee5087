"""Domains as lists keep them: lowercase, as the name system spells them (IDN as punycode)."""

import re

import idna

from ingestion.rules.builtin_lists import built_in_set

LONGEST = 253
_PLAIN = re.compile(r"(?!.*--)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")


def clean_domain(text: str) -> str:
    """The domain in a domain, an e-mail address or a web address, without a leading “www.” or “*.”. Raises ValueError,
    with words on what to write instead."""
    text = text.strip().lower()
    text = text.partition("://")[2] or text
    text = text.partition("/")[0].rpartition("@")[2].partition(":")[0].strip(".")
    text = text.removeprefix("*.")
    if text.count(".") > 1:  # www.com is a domain of its own
        text = text.removeprefix("www.")
    if "." not in text or any(character.isspace() for character in text):
        raise ValueError("Write a domain, for example acme.com.")
    if len(text) <= LONGEST and _PLAIN.fullmatch(text):  # most are; the full check takes ten times as long
        return text
    try:
        domain = idna.encode(text, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        raise ValueError(f"“{text[:80]}” is not a domain. Write one such as acme.com.") from None
    if domain.rpartition(".")[2].isdigit():
        raise ValueError("Write a domain, not an IP address.")
    return domain


def shown_domain(domain: str) -> str:
    """As people write it: bücher.de for xn--bcher-kva.de."""
    if "xn--" not in domain:
        return domain
    try:
        return idna.decode(domain)
    except (idna.IDNAError, UnicodeError):
        return domain


def covering(domain: str) -> list[str]:
    """The domain and those above it: a row of a list holds for its subdomains too."""
    parts = domain.split(".")
    return [".".join(parts[start:]) for start in range(len(parts))]


def company_domain(email: str) -> str | None:
    """The domain of an e-mail address, as far as it says who somebody works for: none for free mail, for disposable
    addresses, and for what is no address."""
    if "@" not in email:
        return None
    try:
        domain = clean_domain(email)
    except ValueError:
        return None
    return domain if is_of_company(domain) else None


def is_of_company(domain: str) -> bool:
    """Whether the domain (as clean_domain gives it) says who somebody works for: free and disposable mail do not."""
    return all(built_in_set(code).isdisjoint(covering(domain)) for code in ("free_mail", "disposable"))
