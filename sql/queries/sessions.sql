-- The exchange's sessions, oldest first.
SELECT session_date, opens, closes FROM market_sessions ORDER BY session_date
