"""The console's pages of the routing room."""

from routing.admin.failures import RoutingFailureAdmin
from routing.admin.holdouts import ExperimentAdmin
from routing.admin.leads import LeadAdmin
from routing.admin.pools import PoolAdmin
from routing.admin.tables import RoutingTableAdmin

__all__ = ["ExperimentAdmin", "LeadAdmin", "PoolAdmin", "RoutingFailureAdmin", "RoutingTableAdmin"]
