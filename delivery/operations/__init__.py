"""Every write of the delivery room."""

from delivery.operations.destinations import (
    BadUrl,
    create_destination,
    edit_destination,
    pause,
    resume,
    rotate_secret,
    send_test,
)
from delivery.operations.forgetting import forget_accounts_in
from delivery.operations.outbox import PayloadTooLarge, enqueue, replay_dead, replay_delivery
from delivery.operations.sending import DeliverResult, deliver_due
from delivery.operations.telling import tell_of_trouble

__all__ = [
    "BadUrl",
    "DeliverResult",
    "PayloadTooLarge",
    "create_destination",
    "deliver_due",
    "edit_destination",
    "enqueue",
    "forget_accounts_in",
    "pause",
    "replay_dead",
    "replay_delivery",
    "resume",
    "rotate_secret",
    "send_test",
    "tell_of_trouble",
]
