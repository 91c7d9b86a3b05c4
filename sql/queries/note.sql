-- What a note is of, and what stands there: of an execution or a round trip by its number, of an underlying by its symbol.
SELECT s.account, s.subject, coalesce(moved.key, s.key) AS key, n.note, n.tags, n.excluded, n.version, n.author, n.updated_at
  FROM (SELECT e.account, 'execution' AS subject, e.base_exec_id AS key
          FROM executions e WHERE :subject = 'execution' AND e.id = cast(:id AS bigint)
        UNION ALL
        SELECT r.account, 'round_trip', r.trip
          FROM round_trips r WHERE :subject = 'round_trip' AND r.id = cast(:id AS bigint)
        UNION ALL
        SELECT a.account, 'underlying', cast(:symbol AS text)
          FROM accounts a
         WHERE :subject = 'underlying' AND a.account = :account
           AND EXISTS (SELECT FROM contracts c WHERE c.symbol = :symbol)) AS s
  LEFT JOIN LATERAL (SELECT t.key FROM round_trip_notes t
                      WHERE :subject = 'round_trip' AND t.account = s.account AND t.trip = s.key
                      ORDER BY t.updated_at DESC LIMIT 1) AS moved ON true
  LEFT JOIN notes n ON n.account = s.account AND n.subject = s.subject AND n.key = coalesce(moved.key, s.key)
