"""What people do in the product: event names, how often, and their properties."""

from __future__ import annotations

from itertools import accumulate
from random import Random
from typing import Any

from pqlhub.simulator.population import Account

Properties = dict[str, Any]

USAGE_WEIGHTS = {
    "Board Viewed": 30.0, "Card Created": 22.0, "Card Completed": 13.0, "Comment Added": 15.0,
    "Search Performed": 5.0, "File Uploaded": 4.0, "Board Created": 1.6, "Template Used": 1.3,
    "Dashboard Viewed": 3.0, "Report Exported": 1.3, "Insights Previewed": 0.8,
    "Premium Feature Tried": 0.9, "Integration Connected": 0.6,
}  # fmt: skip
USAGE_EVENTS = tuple(USAGE_WEIGHTS)
_ANALYTICAL = ("Dashboard Viewed", "Report Exported", "Insights Previewed")
INTEGRATIONS = ("slack", "github", "google_drive", "microsoft_teams", "salesforce", "zapier")
PREMIUM_FEATURES = ("timeline", "automations", "guest_access", "custom_fields")


def usage_cumulative_weights(account: Account) -> list[float]:
    """Cumulative weights of USAGE_EVENTS for an account: its interest in analytics varies."""
    interest = account.analytics_interest
    return list(accumulate(w * interest if name in _ANALYTICAL else w for name, w in USAGE_WEIGHTS.items()))


def usage_properties(rng: Random, event: str) -> Properties:
    """Plausible properties of one usage event. `records`, `bytes` and `rows` are numbers to sum."""
    if event == "Card Created":
        imported = rng.random() < 0.02
        records = 12 + int(rng.expovariate(1 / 25)) if imported else 1
        return {"records": records, "method": "csv_import" if imported else "manual"}
    if event in ("Board Viewed", "Card Completed", "Comment Added"):
        return {"board_id": f"b{int(rng.random() * 12) + 1}"}
    if event == "File Uploaded":
        return {
            "bytes": int(rng.lognormvariate(14.2, 1.4)),
            "extension": rng.choice(("pdf", "png", "docx", "xlsx")),
        }
    if event == "Report Exported":
        return {"rows": 20 + int(rng.lognormvariate(6.2, 1.1)), "format": rng.choice(("csv", "xlsx", "pdf"))}
    if event == "Premium Feature Tried":
        return {"feature": rng.choice(PREMIUM_FEATURES)}
    if event == "Integration Connected":
        return {"integration": rng.choice(INTEGRATIONS)}
    if event in ("Board Created", "Template Used"):
        return {"template": rng.choice(("blank", "kanban", "roadmap", "sprint", "campaign"))}
    if event == "Search Performed":
        return {"results": int(rng.expovariate(1 / 9))}
    return {}


PAGES = {
    "Home": "/", "Pricing": "/pricing", "Features": "/features", "Templates": "/templates", "Blog": "/blog",
    "Customers": "/customers", "Sign Up": "/signup", "Plans": "/settings/plans", "Invitation": "/invitation",
}  # fmt: skip
MARKETING_PAGES = ("Home", "Pricing", "Features", "Templates", "Blog", "Customers")
