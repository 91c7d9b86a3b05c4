SELECT heartbeat_at FROM bots WHERE bot = :bot AND heartbeat_at > to_timestamp(:since) AND problem IS NULL
