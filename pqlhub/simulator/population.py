"""Who exists: accounts and persons, with everything about them that their behaviour does not change.

Each account is drawn from its own random stream, so account 17 is the same whether 60 or 6,000 are asked for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TypeVar

from pqlhub.simulator import names
from pqlhub.simulator.rhythm import DAY, HOUR, MINUTE, local_day, local_midnight, working_moment

Choice = TypeVar("Choice", names.Country, names.SignupSource)
NEVER_DORMANT = 10_000  # days


@dataclass(frozen=True, slots=True)
class Window:
    """The simulated time, half-open [start, end) in milliseconds."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Person:
    user_id: str
    anonymous_id: str
    first_name: str
    last_name: str
    email: str
    title: str
    role: str  # admin, member or guest, in the account that lists this person
    user_agent: str
    activity: float  # relative to team mates
    invited_at: int | None
    joined_at: int | None  # None: never accepted


@dataclass(frozen=True, slots=True)
class Account:
    number: int
    account_id: str
    name: str
    domain: str
    country: names.Country
    industry: str
    employees: int
    source: names.SignupSource
    signed_up_at: int
    existing_plan: str | None  # set for customers from before the window; they have no conversion to observe
    engagement: float  # hidden: drives activity, never the hazard directly
    analytics_interest: float  # hidden: drives use of reports and Insights
    life_days: int  # days after sign-up until the account goes dormant unless it converts
    bursts: tuple[tuple[int, int], ...]  # local days [from, to) of project kick-offs: more activity
    persuadable: bool  # an outreach changes its hazard
    dark_mode: bool  # placebo, drawn at sign-up independently of everything else
    help_views: int  # placebo, drawn likewise
    crm_lag_days: int | None  # when CRM enrichment arrives; None: never
    persons: tuple[Person, ...]  # the owner first


def _weighted(rng: Random, options: Sequence[Choice]) -> Choice:
    return rng.choices(options, weights=[option.weight for option in options])[0]


def _slug(text: str) -> str:
    plain = text.lower().replace("é", "e").replace("ö", "o").replace("ç", "c")
    return "".join(letter for letter in plain if letter.isalnum())


def _company(number: int, realm: str) -> tuple[str, str]:
    """A name and domain for an account number; unique without looking at the others."""
    pairs = len(names.COMPANY_FIRST) * len(names.COMPANY_SECOND)
    pick = number * 1_009 % pairs  # a stride that shares no factor with `pairs` visits every pair once
    first = names.COMPANY_FIRST[pick % len(names.COMPANY_FIRST)]
    second = names.COMPANY_SECOND[pick % len(names.COMPANY_SECOND)]
    suffix = f" {number // pairs + 1}" if number >= pairs else ""
    return f"{first} {second}{suffix}", f"{_slug(first + second + suffix + realm)}.example"


def _sign_up_moment(rng: Random, window: Window, zone: str) -> int:
    """A working-hours moment, more of them towards the end: the business grows."""
    while True:
        at = window.start + int((window.end - window.start) * rng.random() ** 0.8)
        day = local_day(zone, at)
        at = local_midnight(zone, day) + working_moment(rng)
        weekend = (day - 1) % 7 >= 5
        if window.start <= at < window.end and (not weekend or rng.random() < 0.25):
            return at


def _person(rng: Random, account_id: str, domain: str, position: int, **fields: object) -> Person:
    first, last = rng.choice(names.FIRST_NAMES), rng.choice(names.LAST_NAMES)
    mailbox = f"{_slug(first)}.{_slug(last)}"
    if domain in names.FREE_MAIL:  # real providers: keep the mailboxes clearly made up
        mailbox += f".nwdemo.{account_id.removeprefix('acc-').replace('-', '')}"
    return Person(
        user_id=account_id.replace("acc", "usr", 1) + f"-{position:02d}",
        anonymous_id=account_id.replace("acc", "anon", 1) + f"-{position:02d}",
        first_name=first,
        last_name=last,
        email=f"{mailbox}{position or ''}@{domain}",
        user_agent=rng.choices(names.BROWSERS, weights=(50, 30, 8, 12))[0],
        **fields,  # type: ignore[arg-type]
    )


def _team(rng: Random, account_id: str, domain: str, signed_up_at: int, size: int) -> tuple[Person, ...]:
    owner = _person(
        rng, account_id, domain, 0, title=rng.choice(names.OWNER_TITLES), role="admin",
        activity=1.0, invited_at=None, joined_at=signed_up_at,
    )  # fmt: skip
    team, invited_at = [owner], signed_up_at
    for position in range(1, size):
        invited_at += int(rng.expovariate(1 / (2 + 1.3 * position)) * DAY) + 20 * MINUTE
        accepted = rng.random() < 0.84
        delay = int(rng.lognormvariate(2.2, 1.3) * HOUR) + 3 * MINUTE
        person = _person(
            rng, account_id, domain, position, title=rng.choice(names.TITLES),
            role="admin" if rng.random() < 0.15 else "member", activity=0.1 + 1.1 * rng.random(),
            invited_at=invited_at, joined_at=invited_at + delay if accepted else None,
        )  # fmt: skip
        team.append(person)
    return tuple(team)


def _life_days(rng: Random, engagement: float) -> int:
    """Many try once, some stay for weeks, the engaged stay."""
    if rng.random() < 1 / (1 + math.exp(2.7 - 1.5 * engagement)):
        return NEVER_DORMANT
    return 1 + int(rng.expovariate(1 / 3) if rng.random() < 0.5 else rng.expovariate(1 / 25))


def _bursts(rng: Random, window: Window, first_day: int) -> tuple[tuple[int, int], ...]:
    bursts, day = [], first_day
    last_day = first_day + (window.end - window.start) // DAY
    while (day := day + 3 + int(rng.expovariate(1 / 40))) < last_day:
        bursts.append((day, day + 6 + int(rng.random() * 8)))
    return tuple(bursts)


def build_account(
    seed: int, number: int, window: Window, signed_up_at: int | None = None, realm: str = ""
) -> Account:
    """One account with its planned team.

    `signed_up_at` overrides the drawn moment; `realm` becomes part of ids and domain and keeps the accounts of
    different live runs apart.
    """
    rng = Random(f"{seed}:account:{realm}{number}")
    account_id = f"acc-{realm}{number:05d}"
    country = _weighted(rng, names.COUNTRIES)
    employees = max(1, int(rng.lognormvariate(3.6, 1.5)))
    existing = signed_up_at is None and number % 8 == 3
    if existing:
        at = window.start - int((40 + 400 * rng.random()) * DAY)
    else:
        at = signed_up_at if signed_up_at is not None else _sign_up_moment(rng, window, country.zone)
    name, domain = _company(number, realm)
    if employees < 8 and rng.random() < 0.6:
        domain = rng.choice(names.FREE_MAIL)
    engagement = math.exp(0.75 * rng.gauss(0, 1) - 0.1) * (1.25 if existing else 1.0)
    growth = min(rng.expovariate(1 / (5.6 + 3.0 * engagement)), 30)
    size = max(3, 2 + int(growth * 1.3)) if existing else 1 + int(growth)
    first_day = local_day(country.zone, max(at, window.start))
    return Account(
        number=number,
        account_id=account_id,
        name=name,
        domain=domain,
        country=country,
        industry=rng.choices([i[0] for i in names.INDUSTRIES], weights=[i[1] for i in names.INDUSTRIES])[0],
        employees=max(employees, size),
        source=_weighted(rng, names.SIGNUP_SOURCES),
        signed_up_at=at,
        existing_plan=rng.choices(("team", "business", "free"), weights=(6, 2, 2))[0] if existing else None,
        engagement=engagement,
        analytics_interest=rng.lognormvariate(-0.3, 0.9),
        life_days=NEVER_DORMANT if existing else _life_days(rng, engagement),
        bursts=_bursts(rng, window, first_day),
        persuadable=rng.random() < 0.40,
        dark_mode=rng.random() < 0.45,
        help_views=int(rng.random() * 5) if rng.random() < 0.6 else 0,
        crm_lag_days=1 + int(rng.expovariate(1 / 2)) if rng.random() < 0.85 else None,
        persons=_team(rng, account_id, domain, at, size),
    )


def _with_visitors(seed: int, accounts: list[Account]) -> list[Account]:
    """Adds the people who cross account borders: consultants in two accounts, colleagues on one device."""
    result = list(accounts)
    for position, account in enumerate(accounts):
        rng = Random(f"{seed}:visitors:{account.number}")
        if account.number % 40 == 7 and position:
            home = accounts[position - 1]
            joined_at = max(home.signed_up_at, account.signed_up_at) + int((1 + rng.random() * 5) * DAY)
            guest = replace(
                home.persons[0],
                role="guest",
                activity=0.5,
                invited_at=joined_at - 5 * HOUR,
                joined_at=joined_at,
            )
            result[position] = replace(account, persons=(*account.persons, guest))
        elif account.number % 50 == 13 and len(account.persons) > 1:
            owner, colleague, *others = account.persons
            shared = replace(colleague, anonymous_id=owner.anonymous_id)
            result[position] = replace(account, persons=(owner, shared, *others))
    return result


def build_population(seed: int, accounts: int, window: Window) -> list[Account]:
    """`accounts` accounts with their planned teams."""
    return _with_visitors(seed, [build_account(seed, number, window) for number in range(accounts)])
