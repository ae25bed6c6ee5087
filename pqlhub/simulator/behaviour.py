"""One account, day by day: who works, what they do, what the product notices."""

from __future__ import annotations

import math
from datetime import date
from random import Random

from pqlhub.simulator.account_state import PAID_PLANS, AccountState
from pqlhub.simulator.actions import INTEGRATIONS, PAGES, USAGE_EVENTS, usage_properties
from pqlhub.simulator.commerce import LIMITS, buying_day, order_seats_when_full, paying_day
from pqlhub.simulator.conversion import ConversionModel
from pqlhub.simulator.journal import Journal
from pqlhub.simulator.lifecycle import (
    end_trial,
    introduce_existing,
    join,
    send_invitations,
    sign_up,
    sync_crm,
)
from pqlhub.simulator.population import Account, Window
from pqlhub.simulator.rhythm import DAY, MINUTE, SECOND, day_factor, local_day, local_midnight, working_moment


def live_through(
    seed: int, account: Account, window: Window, model: ConversionModel, contacted_at: int | None
) -> AccountState:
    """Simulates an account over the window; its journal holds what happened."""
    journal = Journal(account.account_id, window)
    state = AccountState(account, journal, Random(f"{seed}:behaviour:{account.number}"), model)
    buyer = Random(f"{seed}:purchase:{account.number}")
    zone = account.country.zone
    first_day = local_day(zone, max(account.signed_up_at, window.start))
    if account.existing_plan is None:
        state.dormant_from = first_day + account.life_days
        sign_up(state)
    else:
        state.dormant_from = (
            first_day + 30 + int(state.rng.expovariate(1 / 80)) if state.rng.random() < 0.3 else None
        )
        introduce_existing(state)
    for day in range(first_day, local_day(zone, window.end - 1) + 1):
        _live_one_day(state, buyer, day, day - first_day, contacted_at)
    return state


def _live_one_day(state: AccountState, buyer: Random, day: int, age: int, contacted_at: int | None) -> None:
    zone = state.account.country.zone
    start, next_start = local_midnight(zone, day), local_midnight(zone, day + 1)
    hazard = 0.0
    if state.is_paying:
        paying_day(state, buyer, day, start)
    elif state.cancelled_at is None and state.account.existing_plan is None:
        hazard = buying_day(state, buyer, day, start, contacted_at)
    if state.plan == "trial" and state.trial_ends_at < next_start:
        end_trial(state)
    if age == state.account.crm_lag_days and state.account.existing_plan is None:
        sync_crm(state, start)
    send_invitations(state, day, next_start)
    for position, at in list(state.joining.items()):
        if at < next_start:
            del state.joining[position]
            join(state, position, at)
            if len(state.joined) > LIMITS[state.plan].get("seats", 10_000) or (
                state.is_paying and len(state.joined) >= state.seats
            ):
                reach_limit(state, position, "seats", len(state.joined), state.seats, at + SECOND)
            order_seats_when_full(state, at)
    _work(state, day, start, next_start, age, hazard)


def _work(state: AccountState, day: int, start: int, next_start: int, age: int, hazard: float) -> None:
    rng, account = state.rng, state.account
    settling = 0.45 + 0.55 * math.exp(-age / 40)  # the first enthusiasm wears off
    tempo = 0.12 * account.engagement * settling * day_factor(account.country.region, day)
    if state.is_dormant(day):
        tempo *= 0.012
    elif any(begin <= day < end for begin, end in account.bursts):
        tempo *= 2.6
    elif age < 4:
        tempo *= 2.2
    if state.is_paying:
        tempo *= 1.2
    for position, joined_at in state.joined.items():
        joined_today = start <= joined_at < next_start
        if not joined_today and rng.random() >= min(0.92, tempo * account.persons[position].activity):
            continue
        at = joined_at + 2 * MINUTE if joined_today else start + working_moment(rng)
        state.behaviour.last_active[position] = day
        work_session(state, position, day, at)
        if rng.random() < 0.2:
            work_session(state, position, day, at + int((1 + 2 * rng.random()) * 60) * MINUTE)
        if account.persons[position].role == "admin":
            _look_at_money(state, position, day, at, hazard)


def work_session(state: AccountState, position: int, day: int, at: int) -> None:
    """One sitting of one person: a sign-in and a handful of actions."""
    rng, account, journal = state.rng, state.account, state.journal
    person = account.persons[position]
    journal.in_browser(at, "Signed In", person, account, {})
    for event in rng.choices(USAGE_EVENTS, cum_weights=state.usage_weights, k=1 + int(rng.expovariate(0.42))):
        at += 12 * SECOND + int(rng.expovariate(1 / 95) * SECOND)
        act(state, position, day, at, event)
    if rng.random() < 0.005:
        severity = rng.choice(("low", "normal", "high"))
        journal.in_browser(at + MINUTE, "Support Ticket Opened", person, account, {"severity": severity})
        if journal.contains(at + MINUTE):
            state.behaviour.support_ticket = day


def act(state: AccountState, position: int, day: int, at: int, event: str) -> None:
    """One action, what it changes in the account, and the limits it may hit."""
    rng, account = state.rng, state.account
    person, behaviour = account.persons[position], state.behaviour
    if event == "Integration Connected" and (
        person.role != "admin" or len(state.integrations) == len(INTEGRATIONS)
    ):
        event = "Board Viewed"
    elif event == "Insights Previewed" and state.has_addon:
        event = "Dashboard Viewed"
    data = usage_properties(rng, event)
    if event == "Integration Connected":
        data = {"integration": next(name for name in INTEGRATIONS if name not in state.integrations)}
        state.integrations.append(data["integration"])
        behaviour.integration_connected = day
    state.journal.in_browser(at, event, person, account, data)
    if event == "Card Created":
        _count_records(state, position, day, at, data["records"])
    elif event == "File Uploaded":
        state.stored_bytes += data["bytes"]
        _check_limit(state, position, day, at, "storage", state.stored_bytes)
    elif event == "Premium Feature Tried":
        behaviour.premium_tried = day
    elif event == "Report Exported":
        behaviour.exports.append(day)
    elif event == "Insights Previewed":
        behaviour.insights_previews.append(day)


def _count_records(state: AccountState, position: int, day: int, at: int, records: int) -> None:
    month = date.fromordinal(day).month
    if month != state.month:
        state.month, state.records = month, 0
    state.records += records
    _check_limit(state, position, day, at, "records", state.records)


def _check_limit(state: AccountState, position: int, day: int, at: int, limit: str, used: int) -> None:
    allowed = LIMITS[state.plan_at(at)].get(limit)
    if allowed is not None and used >= allowed and state.warned_on.get(limit) != day:
        reach_limit(state, position, limit, used, allowed, at + SECOND)


def reach_limit(state: AccountState, position: int, limit: str, used: int, allowed: int, at: int) -> None:
    """The product refuses more and says so, at most once a day and limit."""
    day = state.day_of(at)
    data = {"limit": limit, "used": used, "allowed": allowed, "plan": state.plan_at(at)}
    state.journal.on_server(at, "Limit Reached", state.account.persons[position], state.account, data)
    state.warned_on[limit] = day
    if state.journal.contains(at):
        state.behaviour.limit_reached = day


def _look_at_money(state: AccountState, position: int, day: int, at: int, hazard: float) -> None:
    """Admins near a purchase look at plans (a symptom); customers look at billing settings (a leak)."""
    rng, account, person = state.rng, state.account, state.account.persons[position]
    at += 5 * MINUTE
    if state.plan_at(at) not in PAID_PLANS:
        if rng.random() < 0.008 + min(0.6, 5 * hazard):
            page = {"path": PAGES["Plans"], "title": "Plans"}
            state.journal.in_browser(at, "Plans", person, account, page, "page")
            state.journal.in_browser(at + 40, "Plans Viewed", person, account, {"role": person.role})
        return
    bought_recently = state.converted_at is not None and at - state.converted_at < 6 * DAY
    if rng.random() < (0.5 if bought_recently else 0.05):
        state.journal.in_browser(at, "Billing Settings Viewed", person, account, {"role": person.role})
