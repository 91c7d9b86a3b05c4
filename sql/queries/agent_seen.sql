-- The strategy agent that leads, if it gave a sign of life after :since (seconds of the epoch).
SELECT host, pid FROM agent_status WHERE heartbeat_at > to_timestamp(:since)
