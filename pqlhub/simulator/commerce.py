"""Money: purchases, seats, upgrades, the Insights add-on, cancellations. Amounts are integer minor units."""

from __future__ import annotations

from random import Random

from pqlhub.simulator.account_state import AccountState
from pqlhub.simulator.actions import PAGES, Properties
from pqlhub.simulator.conversion import ADDON_WEIGHTS, CANCEL_WEIGHTS, UPGRADE_WEIGHTS, features_on, hazard_on
from pqlhub.simulator.rhythm import DAY, MINUTE, SECOND, from_ms, working_moment
from pqlhub.simulator.truth import DailyChance, Expansion, purchase_moment

SEAT_PRICE = {"team": 900, "business": 1_900, "insights": 600}  # per seat and month
LIMITS: dict[str, dict[str, int]] = {
    "trial": {"records": 100, "seats": 5, "storage": 300_000_000},
    "free": {"records": 100, "seats": 5, "storage": 300_000_000},
    "team": {"records": 3_000, "storage": 50_000_000_000},
    "business": {},
    "cancelled": {"records": 100, "seats": 5, "storage": 300_000_000},
}


def buying_day(
    state: AccountState, buyer: Random, day: int, day_start: int, contacted_at: int | None
) -> float:
    """Lets an account decide on the purchase of this day; returns its hazard.

    `buyer` is a random stream of its own and is drawn equally often whatever the outcome, so that an outreach
    changes the decision and nothing before it.
    """
    draw, at = buyer.random(), day_start + working_moment(buyer)
    if at < state.account.signed_up_at + 10 * MINUTE or not state.journal.contains(at):
        return 0.0
    trial_day = (at - state.account.signed_up_at) // DAY
    model = state.model
    features = features_on(day, state.behaviour, state.account, trial_day)
    hazard = hazard_on(day, features, state.account, model.base, model.weights, model.cap)
    chance = DailyChance(from_ms(at), hazard, draw)
    state.chances.append(chance)
    contact = None if contacted_at is None else from_ms(contacted_at)
    if purchase_moment((chance,), state.account.persuadable, model.outreach, contact) is not None:
        subscribe(state, at, buyer)
        fades = buyer.random() < 0.3
        state.dormant_from = day + 20 + int(buyer.expovariate(1 / 40)) if fades else None
    return hazard


def subscribe(state: AccountState, at: int, rng: Random) -> None:
    """Free or trial to paid: plans page, check-out, the subscription and the new plan trait."""
    account, owner, journal = state.account, state.owner, state.journal
    state.plan_before = state.plan
    state.plan = "business" if rng.random() < (0.35 if account.employees >= 200 else 0.12) else "team"
    state.seats = max(3, len(state.joined) + int(rng.random() * 3))
    yearly = rng.random() < 0.3
    state.revenue = SEAT_PRICE[state.plan] * state.seats * (10 if yearly else 1)
    state.converted_at = at
    journal.in_browser(
        at - 3 * MINUTE, "Plans", owner, account, {"path": PAGES["Plans"], "title": "Plans"}, "page"
    )
    journal.in_browser(at - 3 * MINUTE + 40, "Plans Viewed", owner, account, {"role": owner.role})
    journal.in_browser(at - 90 * SECOND, "Billing Settings Viewed", owner, account, {"role": owner.role})
    data = _money(state, state.revenue) | {
        "plan": state.plan, "seats": state.seats, "interval": "year" if yearly else "month",
    }  # fmt: skip
    journal.on_server(at, "Subscription Started", owner, account, data)
    traits = {"plan": state.plan, "seats": state.seats, "crm_stage": "customer"}
    journal.on_server(at + 400, "", owner, account, traits, "group")


def paying_day(state: AccountState, rng: Random, day: int, day_start: int) -> None:
    """One day of a customer: perhaps more seats, an upgrade, the add-on or the end."""
    at, model, account = day_start + working_moment(rng), state.model, state.account
    draws = (rng.random(), rng.random(), rng.random())
    if not state.journal.contains(at):
        return
    if state.seats_ordered_for is not None and at >= state.seats_ordered_for:
        _add_seats(state, at)
        return
    features = features_on(day, state.behaviour, account, 0)
    if draws[0] < hazard_on(day, features, account, model.cancel_base, CANCEL_WEIGHTS, model.cap):
        _cancel(state, at, rng, day)
    elif draws[1] < hazard_on(day, features, account, model.addon_base, ADDON_WEIGHTS, model.cap):
        if not state.has_addon:
            start_addon(state, at)
    elif state.plan == "team" and draws[2] < hazard_on(
        day, features, account, model.upgrade_base, UPGRADE_WEIGHTS, model.cap
    ):
        state.plan = "business"
        _expand(state, at, "Plan Upgraded", "business", {"from_plan": "team"}, {"plan": "business"})


def start_addon(state: AccountState, at: int) -> None:
    """A customer adds Insights for all its seats."""
    state.has_addon = True
    _expand(state, at, "Add-on Started", "insights", {"addon": "insights"}, {"insights": True})


def _money(state: AccountState, revenue: int) -> Properties:
    return {"revenue": revenue, "currency": state.account.country.currency}


def _expand(
    state: AccountState,
    at: int,
    event: str,
    price: str,
    details: Properties,
    traits: Properties,
    seats: int = 0,
) -> None:
    revenue = SEAT_PRICE[price] * (seats or state.seats)
    data = _money(state, revenue) | {"plan": state.plan, "seats": state.seats} | details
    state.journal.on_server(at, event, state.owner, state.account, data)
    state.journal.on_server(at + 400, "", state.owner, state.account, traits, "group")
    state.expansions.append(Expansion(from_ms(at), event, revenue, state.account.country.currency))


def _add_seats(state: AccountState, at: int) -> None:
    added = 3 if state.seats < 15 else 10
    state.seats_ordered_for = None
    state.seats += added
    _expand(state, at, "Seats Added", state.plan, {"added": added}, {"seats": state.seats}, added)


def _cancel(state: AccountState, at: int, rng: Random, day: int) -> None:
    data = {
        "plan": state.plan,
        "reason": rng.choice(("too_expensive", "not_used", "missing_feature", "switched")),
    }
    state.journal.in_browser(
        at - 2 * MINUTE, "Billing Settings Viewed", state.owner, state.account, {"role": state.owner.role}
    )
    state.journal.on_server(at, "Subscription Cancelled", state.owner, state.account, data)
    state.plan, state.cancelled_at, state.has_addon = "cancelled", at, False
    state.journal.on_server(
        at + 400,
        "",
        state.owner,
        state.account,
        {"plan": "cancelled", "crm_stage": "churned", "insights": False},
        "group",
    )
    state.dormant_from = day + int(rng.random() * 10)


def order_seats_when_full(state: AccountState, at: int) -> None:
    """A customer whose last seat is taken orders more within days."""
    if state.is_paying and len(state.joined) >= state.seats and state.seats_ordered_for is None:
        state.seats_ordered_for = at + int((0.2 + 4 * state.rng.random()) * DAY)
