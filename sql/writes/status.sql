INSERT INTO poller_status AS s
SELECT * FROM json_populate_recordset(NULL::poller_status, %(rows)s)
ON CONFLICT (account) DO UPDATE
   SET heartbeat_at = excluded.heartbeat_at,
       started_at = excluded.started_at,
       gateway_state = excluded.gateway_state,
       gateway_reason = excluded.gateway_reason,
       gateway_since = excluded.gateway_since,
       gateway_address = excluded.gateway_address,
       client_id = excluded.client_id,
       server_version = coalesce(excluded.server_version, s.server_version),
       last_datum_at = coalesce(excluded.last_datum_at, s.last_datum_at),
       feed_proven_at = coalesce(excluded.feed_proven_at, s.feed_proven_at),
       market_data_type = excluded.market_data_type,
       market_phase = excluded.market_phase,
       next_phase_at = excluded.next_phase_at,
       queue_depth = excluded.queue_depth,
       spool_bytes = excluded.spool_bytes,
       implausible = excluded.implausible,
       market_data_lines = excluded.market_data_lines,
       other_clients_fills = coalesce(excluded.other_clients_fills, s.other_clients_fills),
       last_error = excluded.last_error,
       last_error_at = excluded.last_error_at
