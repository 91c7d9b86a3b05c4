-- Strategies concern every account: each one's revision moves and is announced.
WITH moved AS (
    INSERT INTO revisions AS r (account, topic, revision)
    SELECT a.account, 'strategies', 1 FROM accounts a ORDER BY a.account
    ON CONFLICT (account, topic) DO UPDATE SET revision = r.revision + 1, changed_at = clock_timestamp()
    RETURNING account, topic, revision
)
SELECT pg_notify('mtz', json_build_object('account', account, 'topic', topic, 'revision', revision)::text) FROM moved
