-- The poller that was started after :since (seconds of the epoch) and has given a sign of life.
SELECT account, gateway_state
FROM poller_status
WHERE heartbeat_at > to_timestamp(:since)
ORDER BY heartbeat_at DESC
LIMIT 1
