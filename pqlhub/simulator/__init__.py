"""A deterministic, lifelike B2B SaaS whose true causes of buying are known. See docs/simulator.md."""

from pqlhub.simulator.conversion import ConversionModel, Outreach
from pqlhub.simulator.definitions import SuggestedDefinition, suggested_definitions
from pqlhub.simulator.history import History, simulate
from pqlhub.simulator.live import live_events
from pqlhub.simulator.messages import Message, to_json_line
from pqlhub.simulator.truth import AccountTruth, Truth

__all__ = [
    "AccountTruth",
    "ConversionModel",
    "History",
    "Message",
    "Outreach",
    "SuggestedDefinition",
    "Truth",
    "live_events",
    "simulate",
    "suggested_definitions",
    "to_json_line",
]
