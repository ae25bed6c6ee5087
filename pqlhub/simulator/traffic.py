"""Traffic that must not become a lead: strangers, crawlers, scripted accounts and the company's staff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from pqlhub.simulator import names
from pqlhub.simulator.actions import MARKETING_PAGES, USAGE_EVENTS, USAGE_WEIGHTS, usage_properties
from pqlhub.simulator.journal import Journal
from pqlhub.simulator.lifecycle import account_traits, person_traits
from pqlhub.simulator.population import Account, Person, Window, build_account
from pqlhub.simulator.rhythm import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    day_factor,
    local_day,
    local_midnight,
    working_moment,
)

INTERNAL_ACCOUNT = "acc-northwind"


@dataclass(frozen=True, slots=True)
class Marked:
    """Journals of unwanted traffic with the ids that give it away."""

    journals: list[Journal]
    user_ids: frozenset[str]
    anonymous_ids: frozenset[str]
    account_ids: frozenset[str]


def strangers(seed: int, accounts: int, window: Window) -> Journal:
    """Visitors of the public site who never sign up; about six for each account."""
    rng, journal = Random(f"{seed}:strangers"), Journal("strangers", window)
    for number in range(accounts * 6):
        source = rng.choice(names.SIGNUP_SOURCES)
        extra = {"utm_campaign": source.campaign} if source.campaign else {}
        user_agent = rng.choice(names.BROWSERS)
        at = window.start + int((window.end - window.start) * rng.random() ** 0.85)
        for view in range(1 + int(rng.expovariate(0.9))):
            referrer = source.referrer if view == 0 else ""
            journal.page(
                at, rng.choice(MARKETING_PAGES), f"anon-guest-{number:06d}", user_agent, referrer, **extra
            )
            at += 8 * SECOND + int(rng.expovariate(1 / 50) * SECOND)
    return journal


def bots(seed: int, accounts: int, window: Window) -> Marked:
    """Crawlers of the public site and scripted users inside scripted accounts; at least one of each."""
    crawlers = [_crawler(seed, number, window) for number in range(max(3, accounts // 150))]
    scripted = [
        _scripted_account(seed, number, accounts, window) for number in range(max(2, accounts // 400))
    ]
    users = [account.persons[0] for account, _ in scripted]
    return Marked(
        journals=crawlers + [journal for _, journal in scripted],
        user_ids=frozenset(user.user_id for user in users),
        anonymous_ids=frozenset(journal.stream for journal in crawlers)
        | {user.anonymous_id for user in users},
        account_ids=frozenset(account.account_id for account, _ in scripted),
    )


def _crawler(seed: int, number: int, window: Window) -> Journal:
    """Page views at exact intervals, day and night, in visits of two days."""
    rng, journal = (Random(f"{seed}:crawler:{number}"), Journal(f"anon-crawler-{number:03d}", window))
    user_agent = names.CRAWLERS[number % len(names.CRAWLERS)]
    for _ in range(6):
        at = window.start + int((window.end - window.start) * rng.random())
        for view in range(int(2 * DAY / (20 * MINUTE))):
            page = MARKETING_PAGES[view % len(MARKETING_PAGES)]
            journal.page(at + view * 20 * MINUTE, page, journal.stream, user_agent)
    return journal


def _scripted_account(seed: int, number: int, accounts: int, window: Window) -> tuple[Account, Journal]:
    """A sign-up by a script that then hammers the product: the best lead of all, were it human."""
    rng = Random(f"{seed}:scripted:{number}")
    at = window.end - int((2 + (window.end - window.start) / DAY * 0.8 * rng.random()) * DAY)
    account = build_account(seed, 900_000 + number, window, signed_up_at=at)
    user_agent = names.HEADLESS if number % 2 == 0 else names.SCRIPTED
    account_id = f"acc-bot-{number:03d}"
    bot = replace(
        account.persons[0], user_id=f"usr-bot-{number:03d}", anonymous_id=f"anon-bot-{number:03d}",
        email=f"probe{number}@mailinator.com", user_agent=user_agent,
    )  # fmt: skip
    account = replace(account, account_id=account_id, persons=(bot,))
    journal = Journal(account_id, window)
    journal.in_browser(at, "", bot, account, person_traits(bot, at, "organic_search"), "identify")
    journal.in_browser(at + 200, "Signed Up", bot, account, {"source": "organic_search"})
    journal.in_browser(at + 400, "", bot, account, account_traits(account, "trial", 5), "group")
    routine = ("Signed In", "Board Viewed", "Card Created", "Report Exported", "Integration Connected")
    for step in range(900):  # every ten minutes for six days
        event = routine[step % len(routine)]
        journal.in_browser(
            at + MINUTE + step * 10 * MINUTE, event, bot, account, usage_properties(rng, event)
        )
    return account, journal


def staff(seed: int, customers: Sequence[Account], window: Window) -> Marked:
    """Colleagues who use their own product all day, and two who step into customers' accounts to help."""
    account = replace(
        build_account(seed, 990_000, window, signed_up_at=window.start),
        account_id=INTERNAL_ACCOUNT,
        name="Northwind Boards",
        domain=names.INTERNAL_DOMAIN,
    )
    people = tuple(_colleague(seed, position, account, window) for position in range(7))
    rng, journal = Random(f"{seed}:staff"), Journal(INTERNAL_ACCOUNT, window)
    journal.on_server(window.start, "", people[0], account, account_traits(account, "business", 50), "group")
    for position, person in enumerate(people):
        hello = person_traits(person, window.start, "internal")
        journal.on_server(window.start + position * 200, "", person, account, hello, "identify")
    zone = account.country.zone
    for day in range(local_day(zone, window.start), local_day(zone, window.end) + 1):
        start = local_midnight(zone, day)
        for position, person in enumerate(people):
            if rng.random() < 0.6 * day_factor("EU", day):
                place = rng.choice(customers) if position < 2 else account
                if place.signed_up_at > start:  # nobody can be helped before signing up
                    place = account
                _colleague_session(rng, journal, person, place, start + working_moment(rng))
    return Marked([journal], frozenset(p.user_id for p in people), frozenset(), frozenset({INTERNAL_ACCOUNT}))


def _colleague(seed: int, position: int, account: Account, window: Window) -> Person:
    rng = Random(f"{seed}:colleague:{position}")
    first = names.FIRST_NAMES[position]
    return replace(
        account.persons[0],
        user_id=f"usr-northwind-{position:02d}",
        anonymous_id=f"anon-northwind-{position:02d}",
        first_name=first,
        last_name=names.LAST_NAMES[position],
        email=f"{first.lower()}@{names.INTERNAL_DOMAIN}",
        title=rng.choice(names.TITLES),
        user_agent=rng.choice(names.BROWSERS),
        joined_at=window.start - 300 * DAY,
    )


def _colleague_session(rng: Random, journal: Journal, person: Person, account: Account, at: int) -> None:
    journal.in_browser(at, "Signed In", person, account, {})
    weights = list(USAGE_WEIGHTS.values())
    for event in rng.choices(USAGE_EVENTS, weights=weights, k=3 + int(rng.expovariate(0.2))):
        at += 10 * SECOND + int(rng.random() * HOUR / 40)
        journal.in_browser(at, event, person, account, usage_properties(rng, event))
