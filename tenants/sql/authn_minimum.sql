-- What may be stored of what a key sends: the company shortens addresses, the source lists what it allows.
DROP FUNCTION authn.write_key(bytea, timestamptz);
CREATE FUNCTION authn.write_key(wanted_hash bytea, at timestamptz)
RETURNS TABLE (
    tenant_id bigint, key_id uuid, source_id uuid, source_kind text, allowed_origins text[], events_per_second integer,
    scopes text[], quota_events bigint, quota_period text, shortens_addresses boolean, allowed_fields text[]
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT k.tenant_id, k.id, s.id, s.kind::text, s.allowed_origins::text[], s.events_per_second,
        k.scopes::text[], CASE WHEN s.refuses_over_quota THEN s.quota_events END, s.quota_period::text,
        t.shortens_addresses, CASE WHEN s.drops_unlisted THEN s.allowed_fields::text[] END
    FROM public.tenants_writekey k
    JOIN public.tenants_source s ON s.tenant_id = k.tenant_id AND s.id = k.source_id
    JOIN public.tenants_tenant t ON t.id = k.tenant_id
    WHERE k.secret_hash = wanted_hash AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > at)
      AND s.is_enabled AND t.status = 'active'
$$;
REVOKE ALL ON FUNCTION authn.write_key(bytea, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION authn.write_key(bytea, timestamptz) TO pqlhub_app;
