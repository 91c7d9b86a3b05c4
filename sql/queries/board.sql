-- Everything that freshness and the caches hang on, in one round trip: each account with its poller's status and revisions.
SELECT a.account,
       a.source,
       to_jsonb(s) AS status,
       (SELECT jsonb_object_agg(r.topic, r.revision) FROM revisions r WHERE r.account = a.account) AS revisions
  FROM accounts a
  LEFT JOIN poller_status s USING (account)
 ORDER BY a.first_seen, a.account
