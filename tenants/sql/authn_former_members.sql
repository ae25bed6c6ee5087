-- A member who was removed keeps a row, so that old leads still name their rep, and opens nothing.
CREATE OR REPLACE FUNCTION authn.tenants_of(wanted_user uuid)
RETURNS TABLE (tenant_id bigint, slug text, name text, status text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT DISTINCT t.id, t.slug::text, t.name::text, t.status::text
    FROM public.tenants_membership m JOIN public.tenants_tenant t ON t.id = m.tenant_id
    WHERE m.user_id = wanted_user AND m.ended_at IS NULL AND t.status <> 'deleting'
    ORDER BY 3
$$;

-- Deleting a tenant deletes the log-ins of people who belong to no other.
CREATE FUNCTION authn.has_membership(wanted_user uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT EXISTS (SELECT 1 FROM public.tenants_membership m WHERE m.user_id = wanted_user)
$$;
REVOKE ALL ON FUNCTION authn.has_membership(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION authn.has_membership(uuid) TO pqlhub_app;
