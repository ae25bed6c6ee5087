-- Deleting a tenant needs rights that the app has nowhere else: it may only add to the audit log and to other append-only
-- tables. Owned by the owner role and still behind the wall (forced row-level security holds for owners too), so that
-- it reaches one tenant, and only one that a platform operator has marked. Each call is one slice.
CREATE FUNCTION erase_tenant_slice(wanted_table text, rows_at_most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    marked bigint := NULLIF(current_setting('app.tenant_id', true), '')::bigint;
    key_columns text;
    erased bigint;
BEGIN
    PERFORM 1 FROM public.tenants_tenant WHERE id = marked AND status = 'deleting';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'This tenant is not being deleted.' USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM 1 FROM pg_policies
    WHERE schemaname = 'public' AND tablename = wanted_table AND policyname = 'tenant_wall';
    IF NOT FOUND THEN
        RAISE EXCEPTION '% is not a tenant table.', wanted_table USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT string_agg(quote_ident(a.attname), ', ') INTO key_columns
    FROM pg_index i
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
    WHERE i.indrelid = ('public.' || quote_ident(wanted_table))::regclass AND i.indisprimary;
    EXECUTE format(
        'DELETE FROM public.%1$I WHERE tenant_id = $1 AND (%2$s) IN'
        ' (SELECT %2$s FROM public.%1$I WHERE tenant_id = $1 LIMIT $2)',
        wanted_table, key_columns
    ) USING marked, rows_at_most;
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN erased;
END $$;
REVOKE ALL ON FUNCTION erase_tenant_slice(text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION erase_tenant_slice(text, integer) TO pqlhub_app;
