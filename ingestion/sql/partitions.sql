-- Makes the partitions of so many months from one on, and of every month that events had to go to the default partition
-- for (nobody made theirs in time): those events move. That takes the lock on the default partition that making one takes
-- anyway, for as long as moving takes; accepting goes on meanwhile.
CREATE OR REPLACE FUNCTION ensure_event_partitions(first_day date, months integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    made integer := 0;
    partition_name text;
    month date;
    starts timestamptz;
    ends timestamptz;
BEGIN
    IF months < 1 OR months > 120 THEN RAISE EXCEPTION 'months must be between 1 and 120'; END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('ensure_event_partitions', 0));
    FOR month IN
        SELECT (date_trunc('month', first_day) + make_interval(months => n))::date FROM generate_series(0, months - 1) n
        UNION
        SELECT date_trunc('month', received_at AT TIME ZONE 'UTC')::date FROM public.ingestion_event_default
        ORDER BY 1
    LOOP
        partition_name := 'ingestion_event_' || to_char(month, 'YYYY_MM');
        CONTINUE WHEN to_regclass('public.' || partition_name) IS NOT NULL;
        starts := month::timestamp AT TIME ZONE 'UTC';
        ends := (month + interval '1 month') AT TIME ZONE 'UTC';
        LOCK TABLE public.ingestion_event_default IN ACCESS EXCLUSIVE MODE;
        EXECUTE format('CREATE TABLE public.%I (LIKE public.ingestion_event INCLUDING CONSTRAINTS)', partition_name);
        EXECUTE format(
            'WITH moved AS (DELETE FROM public.ingestion_event_default WHERE received_at >= $1 AND received_at < $2'
            ' RETURNING *) INSERT INTO public.%I SELECT * FROM moved', partition_name
        ) USING starts, ends;
        EXECUTE format(
            'ALTER TABLE public.ingestion_event ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
            partition_name, starts, ends
        );
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;

-- Drops a month of events, of all tenants at once, and only when each of them has let go of it. Waits two seconds for
-- its lock and no longer: whoever asks for events queues behind it. False when there is no such month.
CREATE FUNCTION drop_event_partition(month date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public SET lock_timeout = '2s' AS $$
DECLARE
    partition_name text := 'ingestion_event_' || to_char(month, 'YYYY_MM');
BEGIN
    PERFORM 1 FROM public.tenants_tenant
    WHERE status <> 'deleting'
        AND (events_kept_since IS NULL OR events_kept_since < date_trunc('month', month) + interval '1 month');
    IF FOUND THEN
        RAISE EXCEPTION 'Some tenant keeps events of %.', to_char(month, 'YYYY-MM')
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF to_regclass('public.' || partition_name) IS NULL THEN RETURN false; END IF;
    EXECUTE format('DROP TABLE public.%I', partition_name);
    RETURN true;
END $$;
REVOKE ALL ON FUNCTION drop_event_partition(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION drop_event_partition(date) TO pqlhub_app;
