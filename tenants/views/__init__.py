"""Pages of the tenants room that are not admin pages: joining, switching, and what a user without a tenant sees."""
