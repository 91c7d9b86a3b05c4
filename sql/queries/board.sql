-- Everything that freshness and the caches hang on, in one round trip: each account, its poller's last word, its revisions,
-- the newest datum of its latest rows and whether anything is held.
SELECT a.account AS known_account,
       a.source,
       s.*,
       (SELECT jsonb_object_agg(r.topic, r.revision) FROM revisions r WHERE r.account = a.account) AS revisions,
       (SELECT p.as_of FROM portfolio_latest p WHERE p.account = a.account) AS portfolio_as_of,
       held.as_of AS positions_as_of,
       held.number AS held
  FROM accounts a
  LEFT JOIN poller_status s USING (account)
 CROSS JOIN LATERAL (SELECT max(l.as_of) AS as_of, count(*) FILTER (WHERE l.quantity <> 0) AS number
                       FROM positions_latest l WHERE l.account = a.account) AS held
 ORDER BY a.first_seen, a.account
