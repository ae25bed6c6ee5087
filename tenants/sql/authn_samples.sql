-- Sample data is open to members of the company it was made for, as long as they are members of that. Says which is one.
DROP FUNCTION authn.tenants_of(uuid);
CREATE FUNCTION authn.tenants_of(wanted_user uuid)
RETURNS TABLE (tenant_id bigint, slug text, name text, status text, is_sample boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT DISTINCT t.id, t.slug::text, t.name::text, t.status::text, t.sample_of_id IS NOT NULL
    FROM public.tenants_membership m JOIN public.tenants_tenant t ON t.id = m.tenant_id
    WHERE m.user_id = wanted_user AND m.ended_at IS NULL AND t.status <> 'deleting'
      AND (t.sample_of_id IS NULL OR EXISTS (
          SELECT 1
          FROM public.tenants_membership own JOIN public.tenants_tenant company ON company.id = own.tenant_id
          WHERE own.tenant_id = t.sample_of_id AND own.user_id = wanted_user AND own.ended_at IS NULL
            AND company.status = 'active'
      ))
    ORDER BY 3
$$;
REVOKE ALL ON FUNCTION authn.tenants_of(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION authn.tenants_of(uuid) TO pqlhub_app;
