-- Erasing a person needs a right that the app has nowhere else: it may only add to these tables. Owned by the owner role
-- and still behind the wall (forced row-level security holds for owners too), so that it reaches the current tenant, and
-- only while an erasure is running there. The audit log is not among them: it holds keys and names of fields.
CREATE FUNCTION erase_personal_rows(wanted_table text, keys bigint[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    tenant bigint := NULLIF(current_setting('app.tenant_id', true), '')::bigint;
    erased bigint;
BEGIN
    PERFORM 1 FROM public.ingestion_erasure WHERE tenant_id = tenant AND state = 'running';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'No erasure is running for this tenant.' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF wanted_table <> ALL (ARRAY['scoring_scorechange', 'scoring_qualificationevent', 'routing_leadevent',
                                  'delivery_deliveryattempt']) THEN
        RAISE EXCEPTION 'Rows of % are not erased for a person.', wanted_table USING ERRCODE = 'insufficient_privilege';
    END IF;
    EXECUTE format('DELETE FROM public.%I WHERE tenant_id = $1 AND id = ANY ($2)', wanted_table) USING tenant, keys;
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN erased;
END $$;
REVOKE ALL ON FUNCTION erase_personal_rows(text, bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION erase_personal_rows(text, bigint[]) TO pqlhub_app;
