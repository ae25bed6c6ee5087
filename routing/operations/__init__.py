"""Every write of the routing room."""

from routing.operations.failures import CannotRoute, try_again
from routing.operations.holding import place_held
from routing.operations.intake import RouteResult, route_new, route_one
from routing.operations.leads import NotAllowed, dispose, reassign, release_held_out, reopen
from routing.operations.pools import (
    NotAMember,
    add_member,
    create_pool,
    edit_member,
    edit_pool,
    remove_member,
)
from routing.operations.tables import RuleLine, save_table
from routing.operations.waiting import drain_waiting

__all__ = [
    "CannotRoute",
    "NotAMember",
    "NotAllowed",
    "RouteResult",
    "RuleLine",
    "add_member",
    "create_pool",
    "dispose",
    "drain_waiting",
    "edit_member",
    "edit_pool",
    "place_held",
    "reassign",
    "release_held_out",
    "remove_member",
    "reopen",
    "route_new",
    "route_one",
    "save_table",
    "try_again",
]
