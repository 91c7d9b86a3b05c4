-- Counter rows, not sequences: they commit in the order of their numbers, and the row's lock orders the writers.
INSERT INTO revisions AS r (account, topic, revision)
SELECT %(account)s, topic, 1 FROM unnest(%(topics)s::text[]) AS t (topic) ORDER BY topic
ON CONFLICT (account, topic) DO UPDATE SET revision = r.revision + 1, changed_at = clock_timestamp()
RETURNING topic, revision
