"""What happens now: an endless stream for a running demo, with accounts that heat up every minute or so."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from random import Random

from pqlhub.simulator import names
from pqlhub.simulator.account_state import AccountState
from pqlhub.simulator.actions import MARKETING_PAGES, PAGES
from pqlhub.simulator.behaviour import act, reach_limit, work_session
from pqlhub.simulator.commerce import LIMITS, start_addon, subscribe
from pqlhub.simulator.history import History, simulate
from pqlhub.simulator.journal import Happening, Journal
from pqlhub.simulator.lifecycle import crm_traits, join, sign_up
from pqlhub.simulator.messages import Message, render
from pqlhub.simulator.population import Account, Person, Window, build_account
from pqlhub.simulator.rhythm import HOUR, MINUTE, SECOND, to_ms

FOREVER = 1 << 60
EVENTS_PER_SITTING = 3.6  # measured mean of a background sitting, sign-in included
EVENTS_PER_HEAT = 22.0


def live_events(
    *,
    seed: int,
    start: datetime,
    rate: float,
    end: datetime | None = None,
    days: int = 180,
    accounts: int = 1_200,
) -> Iterator[Message]:
    """Messages from `start` (aware) on, in event-time order, about `rate` a second, without end.

    `seed`, `end`, `days` and `accounts` are those of the history the demo was filled with (`end` defaults to
    `start`), so the same accounts and persons go on. Nothing here waits: the consumer holds the clock and sends
    a message when its `timestamp` has come. From `rate` 0.75 on an account heats up every 50 seconds, below that
    less often. Raises ValueError for a rate that is not positive.
    """
    if not rate > 0:
        raise ValueError(f"rate is messages per second and must be above 0, not {rate}.")
    history = simulate(seed=seed, end=end or start, days=days, accounts=accounts)
    run = hashlib.sha256(f"{seed}|live|{to_ms(start)}".encode()).hexdigest()[:8]
    world = _LiveWorld(seed, run, history)
    return (render(run, happening) for happening in _schedule(world, to_ms(start), rate))


def _schedule(world: _LiveWorld, start: int, rate: float) -> Iterator[Happening]:
    """Merges sittings and heat-ups by time; emits nothing while something earlier could be added."""
    rng = Random(f"{world.seed}:{world.run}:schedule")
    between_heats = max(50.0, EVENTS_PER_HEAT / (0.6 * rate))
    between_sittings = EVENTS_PER_SITTING / (rate - EVENTS_PER_HEAT / between_heats)
    pending: list[tuple[int, str, int, Happening]] = []
    # Sittings last minutes: those that began before `start` are under way already.
    next_sitting, next_heat = start - 10 * MINUTE, start + 5 * SECOND
    while True:
        now = min(next_sitting, next_heat)
        while pending and pending[0][0] < now:
            yield heapq.heappop(pending)[3]
        if next_heat <= next_sitting:
            journal = world.heat_up(now)
            next_heat += int(between_heats * (0.8 + 0.4 * rng.random()) * SECOND)
        else:
            journal = world.sitting(now, start)
            next_sitting += int(rng.expovariate(1 / between_sittings) * SECOND) + 1
        for one in journal.happenings:
            heapq.heappush(pending, (one.at, one.stream, one.sequence, one))


class _LiveWorld:
    """The accounts as the history left them, and the scenes they play."""

    def __init__(self, seed: int, run: str, history: History) -> None:
        states, truth = history.states, history.truth
        self.seed, self.run, self.model = seed, run, truth.model
        self.window = Window(to_ms(truth.start), to_ms(truth.end))
        self.rng = Random(f"{seed}:{run}:world")
        self.scenes = 0
        self.heats = 0
        self.next_number = len(states)
        last_day = states[0].day_of(self.window.end)
        awake = [state for state in states if not state.is_dormant(last_day) and state.joined]
        self.awake = awake
        self.weights = [state.account.engagement * len(state.joined) for state in awake]
        self.free = [s for s in awake if s.plan in ("trial", "free") and _still_invited(s) is not None]
        self.customers = [s for s in awake if s.is_paying and not s.has_addon]

    def _journal(self, at: int, start: int) -> Journal:
        """A fresh journal for each scene: bounded memory, and nothing before the scene begins."""
        self.scenes += 1
        return Journal(f"live-{self.scenes:07d}", Window(max(at, start), FOREVER))

    def sitting(self, at: int, start: int) -> Journal:
        """One person works for a few minutes, or a stranger or a crawler looks at the site."""
        rng, journal, luck = self.rng, self._journal(at, start), self.rng.random()
        if luck > 0.8 or not self.awake:
            agent, visitor = rng.choice(names.BROWSERS), f"anon-live-{self.run}-{self.scenes}"
            if luck > 0.96:
                agent, visitor = names.CRAWLERS[0], "anon-crawler-000"
            for view in range(4):
                journal.page(at + view * 25 * SECOND, rng.choice(MARKETING_PAGES), visitor, agent)
            return journal
        state = rng.choices(self.awake, weights=self.weights)[0]
        state.journal = journal
        work_session(state, rng.choice(sorted(state.joined)), state.day_of(at), at)
        return journal

    def heat_up(self, at: int) -> Journal:
        """One account becomes interesting within a minute: a new team, a known free team, or a customer."""
        journal = self._journal(at, at)
        self.heats += 1
        if self.heats % 3 == 2 and self.free:
            state = self._take(self.free)
            state.journal = journal
            position = _still_invited(state)
            if position is not None:
                self._team_arrives(state, [position], at + SECOND)
        elif self.heats % 3 == 0 and self.customers:
            state = self._take(self.customers)
            state.journal = journal
            self._customer_wants_insights(state, at)
        else:
            at += 65 * SECOND  # leaves room for the page view before the sign-up
            state = AccountState(self._new_account(at), journal, self.rng, self.model)
            sign_up(state)
            crm = crm_traits(state.account, "lead")
            journal.on_server(at + 20 * SECOND, "", state.owner, state.account, crm, "group")
            self._team_arrives(state, list(range(1, len(state.account.persons))), at + 8 * SECOND)
        return journal

    def _take(self, states: list[AccountState]) -> AccountState:
        return states.pop(self.rng.randrange(len(states)))

    def _new_account(self, at: int) -> Account:
        realm = f"{self.run[:4]}-"
        while True:
            account = build_account(self.seed, self.next_number, self.window, at, realm)
            self.next_number += 1
            if len(account.persons) >= 3:
                return replace(account, persons=account.persons[:4], help_views=0)

    def _team_arrives(self, state: AccountState, positions: list[int], at: int) -> None:
        """Invitations are accepted, limits reached, an integration connected; some buy minutes later."""
        rng, account, journal, owner = self.rng, state.account, state.journal, state.owner
        day = state.day_of(at)
        journal.in_browser(at, "Signed In", owner, account, {})
        for position in positions:
            person = account.persons[position]
            invitation = {"invitee_email": person.email, "invitee_role": person.role}
            at += 2 * SECOND
            journal.in_browser(at, "Invite Sent", owner, account, invitation)
        for position in positions:
            at += (3 + int(rng.random() * 5)) * SECOND
            join(state, position, at)
            journal.in_browser(at + 2 * SECOND, "Signed In", account.persons[position], account, {})
            act(state, position, day, at + 4 * SECOND, "Card Created")
        act(state, 0, day, at + 5 * SECOND, "Integration Connected")
        allowed = LIMITS[state.plan]["records"]
        reach_limit(state, positions[-1], "records", allowed, allowed, at + 7 * SECOND)
        if rng.random() < 0.5:
            act(state, 0, day, at + 9 * SECOND, "Premium Feature Tried")
        if rng.random() < 0.5:
            page = {"path": PAGES["Plans"], "title": "Plans"}
            journal.in_browser(at + 11 * SECOND, "Plans", owner, account, page, "page")
            journal.in_browser(at + 11 * SECOND + 40, "Plans Viewed", owner, account, {"role": owner.role})
        if rng.random() < 0.35:
            subscribe(state, at + 5 * MINUTE + int(rng.random() * HOUR / 6), rng)

    def _customer_wants_insights(self, state: AccountState, at: int) -> None:
        """A customer tries Insights and exports by hand; some start the add-on minutes later."""
        rng, account, journal = self.rng, state.account, state.journal
        position = self.rng.choice(sorted(state.joined))
        person: Person = account.persons[position]
        day = state.day_of(at)
        journal.in_browser(at, "Signed In", person, account, {})
        for step in range(1, 4):
            act(state, position, day, at + step * 6 * SECOND, "Insights Previewed")
        act(state, position, day, at + 22 * SECOND, "Dashboard Viewed")
        for step in range(2):
            export = {"rows": 1_400 + int(rng.random() * 5_000), "format": "xlsx"}
            journal.in_browser(at + (26 + 5 * step) * SECOND, "Report Exported", person, account, export)
        if rng.random() < 0.35:
            start_addon(state, at + 3 * MINUTE + int(rng.random() * HOUR / 6))


def _still_invited(state: AccountState) -> int | None:
    """The first planned team mate who has not joined."""
    free = (position for position in range(1, len(state.account.persons)) if position not in state.joined)
    return next(free, None)
