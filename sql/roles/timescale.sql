-- TimescaleDB runs background jobs as the owner of what they work on, which must be allowed to log in. It has no password.
DO $$
BEGIN
    IF NOT (SELECT rolcanlogin FROM pg_roles WHERE rolname = 'mtz_owner') THEN
        ALTER ROLE mtz_owner LOGIN;
    END IF;
END $$;
