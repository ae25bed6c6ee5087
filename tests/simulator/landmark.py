"""Weekly landmarks over simulated messages: features before the landmark, purchase in the week after it.

Reads the messages only, as a product would; nothing here looks at the simulator's own state.
"""

from collections import defaultdict
from datetime import datetime, timedelta

import numpy as np

FEATURES = {  # name -> (event, days back or None for ever, at least so many different persons)
    "three_active_teammates_7d": ("Signed In", 7, 3),
    "invitation_accepted_14d": ("Invite Accepted", 14, 1),
    "limit_reached_7d": ("Limit Reached", 7, 1),
    "integration_connected_ever": ("Integration Connected", None, 1),
    "premium_tried_14d": ("Premium Feature Tried", 14, 1),
    "dark_mode_ever": ("Dark Mode Toggled", None, 1),
    "help_viewed_ever": ("Help Viewed", None, 1),
}


def rows(messages, truth):
    """One row per account and week at risk: a matrix of features (0/1) and a vector of purchases."""
    wanted = {event for event, _, _ in FEATURES.values()} | {"Account Created", "Subscription Started"}
    seen = defaultdict(lambda: defaultdict(list))
    for message in messages:
        event = message.get("event")
        if event in wanted and message["userId"] not in truth.internal_user_ids | truth.bot_user_ids:
            at = datetime.fromisoformat(message["timestamp"])
            seen[message["context"]["groupId"]][event].append((at, message["userId"]))
    features, outcomes = [], []
    for events in seen.values():
        if not events["Account Created"]:
            continue  # a customer from before the window
        bought = min((at for at, _ in events["Subscription Started"]), default=truth.end)
        landmark = events["Account Created"][0][0] + timedelta(days=3)
        while landmark <= bought and landmark + timedelta(days=7) <= truth.end:
            features.append([_holds(events, landmark, *rule) for rule in FEATURES.values()])
            outcomes.append(bought < landmark + timedelta(days=7))
            landmark += timedelta(days=7)
    return np.array(features, dtype=float), np.array(outcomes, dtype=float)


def _holds(events, landmark, event, days, persons):
    since = landmark - timedelta(days=days) if days else datetime.min.replace(tzinfo=landmark.tzinfo)
    return len({user for at, user in events[event] if since <= at < landmark}) >= persons


def logistic(features, outcomes):
    """Log odds ratios adjusted for one another, and their standard errors (Newton's method)."""
    design = np.column_stack([np.ones(len(outcomes)), features])
    beta = np.zeros(design.shape[1])
    for _ in range(25):
        expected = 1 / (1 + np.exp(-design @ beta))
        information = design.T @ (design * (expected * (1 - expected))[:, None])
        beta += np.linalg.solve(information, design.T @ (outcomes - expected))
    errors = np.sqrt(np.diag(np.linalg.inv(information)))
    return dict(zip(FEATURES, beta[1:], strict=True)), dict(zip(FEATURES, errors[1:], strict=True))
