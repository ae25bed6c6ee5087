"""Which origin's word about a trait holds: the first origin's, of those that had spoken by then. Pure."""

from collections.abc import Mapping, Sequence

PRODUCT, IMPORT, CRM, ENRICHMENT, MANUAL = range(5)  # as TraitValue.Origin
# What somebody typed, what sales keep, what the product knows, what files said; what was bought only fills gaps.
USUAL = (MANUAL, CRM, PRODUCT, IMPORT, ENRICHMENT)
BY_WORD = {
    "product": PRODUCT,
    "import": IMPORT,
    "crm": CRM,
    "enrichment": ENRICHMENT,
    "manual": MANUAL,
}


def ranks(order: Sequence[int]) -> list[int]:
    """By origin its place in the order, 0 the first; origins that are left out come last, as usual among them."""
    whole = [*order, *(origin for origin in USUAL if origin not in order)]
    return [whole.index(origin) for origin in sorted(USUAL)]


def order_of(trait: str, orders: Mapping[str, Sequence[int]]) -> Sequence[int]:
    """The order for a trait: its own, else that of all others, else the usual."""
    return orders.get(trait) or orders.get("") or USUAL
