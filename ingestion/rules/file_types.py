"""Rows that are not what a product sends: accounts, marketing leads and deals of a CRM, as items of the Segment shape.

A lead is the event “Marketing lead” of a person, a deal the event “Opportunity” in an account, with its stage, so that
actions count them and a motion's goal can be one ("Opportunity, stage is won"): its amount and currency then become an
outcome's. An account's row tells traits and nothing happened. Who has only an e-mail or a domain here is found by it
later, where the database is (`email` and `domain` stay on the item). Pure.
"""

from decimal import Decimal, InvalidOperation
from typing import Any

from ingestion.rules.domains import clean_domain
from ingestion.rules.money import currency_code
from ingestion.rules.types import Rejection, shown

ACCOUNT, LEAD, DEAL = "account", "lead", "deal"
FILE_TYPES = (ACCOUNT, LEAD, DEAL)
TOLD_TYPES = ("identify", "group", ACCOUNT)  # whose other columns are traits
LEAD_EVENT, DEAL_EVENT = "Marketing lead", "Opportunity"
NOBODY = "$account"  # stands for the person that an account's row does not have; never stored


def shape(type: str, item: dict[str, Any]) -> Rejection | None:
    """Turn a mapped row of this type into an item, in place. Returns why it cannot be one."""
    wrong = _clean_contact(item)
    if wrong is None and type in _SHAPES:
        wrong = _SHAPES[type](item)
    return wrong


def _clean_contact(item: dict[str, Any]) -> Rejection | None:
    """E-mail in lowercase, domain as lists spell it."""
    email = str(item.pop("email", None) or "").strip().lower()
    if email and ("@" not in email or " " in email):
        return Rejection("invalid_email", f"{shown(email)} is no e-mail address.")
    domain = str(item.pop("domain", None) or "").strip()
    if domain:
        try:
            item["domain"] = clean_domain(domain)
        except ValueError as error:
            return Rejection("invalid_domain", str(error))
    if email:
        item["email"] = email
    if email and item["type"] == "identify":
        item.setdefault("traits", {}).setdefault("email", email)
    return None


def _account(item: dict[str, Any]) -> Rejection | None:
    item |= {"type": "group", "anonymousId": NOBODY}
    if domain := item.get("domain"):
        item["traits"].setdefault("domain", domain)
    if not item.get("groupId") and not domain:
        return Rejection("missing_account", "The row names no account: neither an id nor a domain.")
    return None


def _lead(item: dict[str, Any]) -> Rejection | None:
    properties = item["properties"]
    source, outcome = item.pop("source", None), item.pop("outcome", None)
    if source:
        properties["source"] = source
        item.setdefault("context", {})["campaign"] = {"source": str(source)}
    if outcome:
        properties["outcome"] = outcome
    item |= {"type": "track", "event": LEAD_EVENT}
    if email := item.get("email"):
        item.setdefault("context", {})["traits"] = {"email": email}
    return None


def _deal(item: dict[str, Any]) -> Rejection | None:
    properties = item["properties"]
    stage, deal = str(item.pop("stage", "") or "").strip(), item.pop("deal", None)
    if not stage:
        return Rejection("missing_stage", "The row has no stage, for example won, lost or proposal.")
    properties["stage"] = stage.lower()
    if deal not in (None, ""):
        properties["deal"] = str(deal)
        if not item.get("messageId"):  # the next export tells the deal again; only a new stage is news
            item["messageId"] = f"deal-{deal}-{stage.lower()}"
    item |= {"type": "track", "event": DEAL_EVENT}
    account = item.get("context", {}).get("groupId") or item.get("domain")
    if account and not item.get("userId") and not item.get("email"):
        item["anonymousId"] = f"$account_{account}"  # nobody did it: the account's placeholder, as PostHog's
    return _money(item, properties)


def _money(item: dict[str, Any], properties: dict[str, Any]) -> Rejection | None:
    amount, currency = item.pop("amount", None), item.pop("currency", None)
    if currency not in (None, ""):
        code = currency_code(currency)
        if not code:
            return Rejection("invalid_currency", f"{shown(currency)} is no currency. Write EUR, USD, …")
        properties["currency"] = code
    if amount in (None, ""):
        return None
    try:
        number = Decimal(str(amount).strip().replace(" ", ""))
        if not number.is_finite():
            raise InvalidOperation
    except InvalidOperation:
        return Rejection("invalid_amount", f"{shown(amount)} is no amount. Write 12500.50, with a point.")
    properties["amount"] = int(number) if number == number.to_integral_value() else float(number)
    return None


_SHAPES = {ACCOUNT: _account, LEAD: _lead, DEAL: _deal}
