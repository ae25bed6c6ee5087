-- Look-ups that run before a tenant is known. Owned by the authn role (BYPASSRLS, cannot log in); the app may only call
-- them, and each gives the least that lets a tenant context be opened.

CREATE OR REPLACE FUNCTION authn.tenants_of(wanted_user uuid)
RETURNS TABLE (tenant_id bigint, slug text, name text, status text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT DISTINCT t.id, t.slug::text, t.name::text, t.status::text
    FROM public.tenants_membership m JOIN public.tenants_tenant t ON t.id = m.tenant_id
    WHERE m.user_id = wanted_user AND t.status <> 'deleting'
    ORDER BY 3
$$;

CREATE OR REPLACE FUNCTION authn.write_key(wanted_hash bytea, at timestamptz)
RETURNS TABLE (tenant_id bigint, key_id uuid, source_id uuid, source_kind text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT k.tenant_id, k.id, s.id, s.kind::text
    FROM public.tenants_writekey k
    JOIN public.tenants_source s ON s.tenant_id = k.tenant_id AND s.id = k.source_id
    JOIN public.tenants_tenant t ON t.id = k.tenant_id
    WHERE k.secret_hash = wanted_hash AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > at)
      AND s.is_enabled AND t.status = 'active'
$$;

CREATE OR REPLACE FUNCTION authn.api_token(wanted_hash bytea, at timestamptz)
RETURNS TABLE (tenant_id bigint, token_id uuid, user_id uuid, business_unit_id uuid, scopes text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT k.tenant_id, k.id, k.user_id, k.business_unit_id, k.scopes::text[]
    FROM public.tenants_apitoken k JOIN public.tenants_tenant t ON t.id = k.tenant_id
    WHERE k.secret_hash = wanted_hash AND k.revoked_at IS NULL AND k.expires_at > at AND t.status = 'active'
$$;

CREATE OR REPLACE FUNCTION authn.invitation(wanted_hash bytea, at timestamptz)
RETURNS TABLE (tenant_id bigint, invitation_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT i.tenant_id, i.id
    FROM public.tenants_invitation i JOIN public.tenants_tenant t ON t.id = i.tenant_id
    WHERE i.token_hash = wanted_hash AND i.accepted_at IS NULL AND i.expires_at > at AND t.status = 'active'
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA authn FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA authn TO pqlhub_app;
