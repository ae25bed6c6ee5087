"""Puts a history together: population, lives, other traffic, transport, truth."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pqlhub.simulator.account_state import AccountState
from pqlhub.simulator.behaviour import live_through
from pqlhub.simulator.conversion import ConversionModel
from pqlhub.simulator.journal import Happening
from pqlhub.simulator.messages import Message, message_id, render
from pqlhub.simulator.population import Account, Window, build_population
from pqlhub.simulator.rhythm import from_ms, local_midnight, to_ms
from pqlhub.simulator.traffic import INTERNAL_ACCOUNT, Marked, bots, staff, strangers
from pqlhub.simulator.transport import Arrivals, deliver
from pqlhub.simulator.truth import AccountTruth, Truth, moment


@dataclass(frozen=True)
class History:
    """One simulated past. `truth` is complete; messages are rendered while iterating, to save memory."""

    truth: Truth
    run: str  # part of every message id
    _arrivals: list[Happening] = field(repr=False)
    states: list[AccountState] = field(repr=False)  # as the end of the window left them

    def __len__(self) -> int:
        """How many messages, duplicates included."""
        return len(self._arrivals)

    def messages(self) -> Iterator[Message]:
        """Segment-shaped messages in order of arrival: event time, but for the late and the re-sent."""
        return (render(self.run, happening) for happening in self._arrivals)


def simulate(
    *, seed: int, end: datetime, days: int = 180, accounts: int = 1_200, model: ConversionModel | None = None,
    contacts: Mapping[str, datetime] | None = None,
) -> History:  # fmt: skip
    """The history of Northwind Boards during `days` days up to `end` (aware; exclusive).

    The same arguments give the same messages, byte for byte. `contacts` maps account ids to the moment of an
    outreach. Raises ValueError for a naive `end`, fewer than 15 days (a trial must fit) or no account.
    """
    if days < 15 or accounts < 1:
        raise ValueError(f"Ask for at least 15 days and 1 account, not {days} days and {accounts} accounts.")
    window = Window(to_ms(end - timedelta(days=days)), to_ms(end))
    model, contacts = model or ConversionModel(), dict(contacts or {})
    population = build_population(seed, accounts, window)
    if unknown := sorted(contacts.keys() - {account.account_id for account in population}):
        raise ValueError(f"contacts names accounts that do not exist: {', '.join(unknown[:5])}.")
    moments = {account_id: to_ms(at) for account_id, at in contacts.items()}
    states = [live_through(seed, one, window, model, moments.get(one.account_id)) for one in population]
    robots, colleagues = bots(seed, accounts, window), staff(seed, population, window)
    journals = [state.journal for state in states] + robots.journals + colleagues.journals
    journals.append(strangers(seed, accounts, window))
    arrivals = deliver(
        seed, [happening for journal in journals for happening in journal.happenings], window.end
    )
    run = _run_tag(seed, window)
    truth = _truth(seed, run, window, model, contacts, states, robots, colleagues, arrivals)
    return History(truth, run, arrivals.in_order, states)


def _run_tag(seed: int, window: Window) -> str:
    return hashlib.sha256(f"{seed}|{window.start}|{window.end}".encode()).hexdigest()[:8]


def _truth(
    seed: int, run: str, window: Window, model: ConversionModel, contacts: Mapping[str, datetime],
    states: list[AccountState], robots: Marked, colleagues: Marked, arrivals: Arrivals,
) -> Truth:  # fmt: skip
    accounts = [state.account for state in states]
    return Truth(
        seed=seed,
        start=from_ms(window.start),
        end=from_ms(window.end),
        model=model,
        contacts=contacts,
        accounts={state.account.account_id: _account_truth(state, window) for state in states},
        internal_account_id=INTERNAL_ACCOUNT,
        internal_user_ids=colleagues.user_ids,
        bot_user_ids=robots.user_ids,
        bot_anonymous_ids=robots.anonymous_ids,
        bot_account_ids=robots.account_ids,
        users_in_two_accounts=_users_in_two_accounts(states),
        shared_devices=_shared_devices(accounts, states),
        duplicate_message_ids=frozenset(message_id(run, one) for one in arrivals.duplicated),
        late_message_ids={message_id(run, one): from_ms(at) for one, at in arrivals.late},
    )


def _account_truth(state: AccountState, window: Window) -> AccountTruth:
    account = state.account
    dormant = None if state.dormant_from is None else local_midnight(account.country.zone, state.dormant_from)
    return AccountTruth(
        account_id=account.account_id,
        signed_up_at=from_ms(account.signed_up_at),
        existing_customer=account.existing_plan is not None,
        employees=account.employees,
        industry=account.industry,
        region=account.country.region,
        persuadable=account.persuadable,
        joined_user_ids=tuple(account.persons[position].user_id for position in sorted(state.joined)),
        converted_at=moment(state.converted_at),
        revenue=state.revenue,
        currency=account.country.currency,
        cancelled_at=moment(state.cancelled_at),
        dormant_from=moment(dormant) if dormant is not None and dormant < window.end else None,
        plan_at_end=state.plan,
        expansions=tuple(state.expansions),
        chances=tuple(state.chances),
    )


def _users_in_two_accounts(states: list[AccountState]) -> dict[str, tuple[str, str]]:
    homes: dict[str, list[str]] = {}
    for state in states:
        for position in sorted(state.joined):
            homes.setdefault(state.account.persons[position].user_id, []).append(state.account.account_id)
    return {user_id: (found[0], found[1]) for user_id, found in homes.items() if len(found) > 1}


def _shared_devices(accounts: list[Account], states: list[AccountState]) -> dict[str, tuple[str, ...]]:
    users: dict[str, list[str]] = {}
    for account, state in zip(accounts, states, strict=True):
        for position in sorted(state.joined):
            person = account.persons[position]
            seen = users.setdefault(person.anonymous_id, [])
            if person.user_id not in seen:
                seen.append(person.user_id)
    return {device: tuple(seen) for device, seen in users.items() if len(seen) > 1}
