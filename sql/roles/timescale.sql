-- TimescaleDB runs background jobs as the owner of what they work on, which must be allowed to log in. It has no password.
ALTER ROLE mtz_owner LOGIN;
