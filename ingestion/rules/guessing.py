"""Which column of a file is likely which field, by its name."""

import re
from collections.abc import Sequence

# In order of preference: the first name that a column has wins.
_NAMES: dict[str, tuple[str, ...]] = {
    "userId": (
        "userid", "user", "uid", "personid", "memberid", "customeruserid", "contactid", "externalid", "distinctid",
        "actorid", "email", "useremail", "emailaddress",
    ),
    "anonymousId": ("anonymousid", "anonid", "visitorid", "deviceid", "cookieid", "clientid"),
    "groupId": (
        "accountid", "groupid", "companyid", "orgid", "organizationid", "organisationid", "workspaceid", "teamid",
        "tenantid", "customerid", "account", "company", "organization", "organisation", "workspace",
    ),
    "timestamp": (
        "timestamp", "originaltimestamp", "eventtime", "eventtimestamp", "occurredat", "happenedat", "datetime", "time",
        "ts", "at", "createdat", "created", "date", "receivedat",
    ),
    "event": ("event", "eventname", "action", "activity", "eventtype", "name", "type"),
    "messageId": ("messageid", "insertid", "eventid", "eventuuid", "uuid"),
}  # fmt: skip
# What only some kinds of files have; a column may be an id and an e-mail at once.
_MORE_NAMES: dict[str, tuple[str, ...]] = {
    "email": ("email", "emailaddress", "useremail", "contactemail", "workemail"),
    "domain": ("domain", "companydomain", "accountdomain", "website", "companywebsite", "url"),
    "source": ("leadsource", "origin", "source", "utmsource", "campaignsource", "channel", "campaign"),
    "outcome": ("outcome", "leadstatus", "mqlstatus", "disposition", "status"),
    "deal": ("opportunityid", "dealid", "dealname", "opportunity", "deal"),
    "stage": ("stage", "stagename", "dealstage", "opportunitystage", "status"),
    "amount": ("amount", "dealamount", "amountusd", "value", "arr", "mrr", "declaredmonthlyrevenue"),
    "currency": ("currency", "currencyisocode", "currencycode"),
    "timestamp": ("firstcontactdate", "closedate", "closedat", "wondate", "closedate", "createddate", "leadcreatedat"),
}  # fmt: skip
_FIRMOGRAPHIC = frozenset(
    (
        "employees",
        "employeecount",
        "numberofemployees",
        "industry",
        "headcount",
        "companysize",
        "annualrevenue",
    )
)


def guess_more(columns: Sequence[str]) -> dict[str, str]:
    """Field to column, of fields that only files of persons, accounts, leads and deals have."""
    by_name = {_plain(column): column for column in reversed(columns)}
    found = {
        field: next((by_name[n] for n in names if n in by_name), "") for field, names in _MORE_NAMES.items()
    }
    return {field: column for field, column in found.items() if column}


def guess_type(columns: Sequence[str]) -> str:
    """What a row likely is, by the names of the columns."""
    fields, more = guess_fields(columns), guess_more(columns)
    has_time = "timestamp" in fields or "timestamp" in more
    if "stage" in more and ("amount" in more or "deal" in more):
        return "deal"
    names_persons = "email" in more or "userId" in fields
    names_accounts = "domain" in more or "groupId" in fields
    if _FIRMOGRAPHIC & set(map(_plain, columns)) and names_accounts and not names_persons:
        return "account"
    if has_time and "source" in more and "event" not in fields:
        return "lead"
    return "track" if has_time else "identify"


def _plain(column: str) -> str:
    return re.sub(r"[^a-z0-9]", "", column.lower())


def guess_fields(columns: Sequence[str]) -> dict[str, str]:
    """Field of the Segment shape to column; no column is taken twice, and a field without a likely one is left out."""
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(_plain(column), column)
    guesses: dict[str, str] = {}
    for field, names in _NAMES.items():
        found = next((by_name[name] for name in names if name in by_name), None)
        if found is not None and found not in guesses.values():
            guesses[field] = found
    return guesses
