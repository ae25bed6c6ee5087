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


def guess_fields(columns: Sequence[str]) -> dict[str, str]:
    """Field of the Segment shape to column; no column is taken twice, and a field without a likely one is left out."""
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(re.sub(r"[^a-z0-9]", "", column.lower()), column)
    guesses: dict[str, str] = {}
    for field, names in _NAMES.items():
        found = next((by_name[name] for name in names if name in by_name), None)
        if found is not None and found not in guesses.values():
            guesses[field] = found
    return guesses
