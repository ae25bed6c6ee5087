"""How much waits to be folded."""

from ingestion.queries.sql import fetch

# No more rows are counted than the answer needs.
_COUNT = """
SELECT count(*) FROM (SELECT FROM ingestion_inbox WHERE tenant_id = %(tenant_id)s LIMIT %(most)s::bigint) AS waiting
"""


def waiting_requests(*, most: int) -> int:
    """Requests of the current tenant in its inbox, counted up to `most`. 1 query."""
    return int(fetch(_COUNT, most=most)[0][0])
