-- Roles are cluster-wide and hold no password: the one login user of DATABASE_URL takes them by SET ROLE.
-- Another database of the same cluster may create them in the same moment: that is not an error.
DO $$
DECLARE r text;
BEGIN
    FOREACH r IN ARRAY ARRAY['mtz_owner', 'mtz_poller', 'mtz_importer', 'mtz_web', 'mtz_agent'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', r);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
        IF NOT pg_has_role(current_user, r, 'MEMBER') THEN
            EXECUTE format('GRANT %I TO %I', r, current_user);
        END IF;
    END LOOP;
END $$;
GRANT USAGE, CREATE ON SCHEMA public TO mtz_owner;
GRANT USAGE ON SCHEMA public TO mtz_poller, mtz_importer, mtz_web, mtz_agent;
