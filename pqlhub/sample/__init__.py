"""Sample data: Northwind Boards, lived through in a tenant of its own beside a company's (ADR 0015)."""
