-- Whoever keeps sessions and tokens in memory reads them again.
SELECT pg_notify('mtz_auth', '')
