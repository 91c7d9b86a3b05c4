-- What people write beside the numbers: a note, tags, and whether it is left out of statistics.

-- `key` outlives imports and folds: an execution's base_exec_id, the execution that began a round trip, an underlying's symbol.
-- A row that was emptied stays, so that its version goes on.
CREATE TABLE notes (
    account    text NOT NULL REFERENCES accounts,
    subject    text NOT NULL CHECK (subject IN ('execution', 'round_trip', 'underlying')),
    key        text NOT NULL,
    note       text NOT NULL CHECK (length(note) <= 4000),
    tags       text[] NOT NULL CHECK (cardinality(tags) <= 20),
    excluded   boolean NOT NULL,
    version    integer NOT NULL CHECK (version > 0),   -- who writes names the one that was read: a stale edit changes nothing
    author     text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account, subject, key)
);

-- Notes of round trips by the trip that they are of now: an execution that came late may have given it another beginning.
CREATE VIEW round_trip_notes AS
SELECT n.account, coalesce(same.trip, holds.trip) AS trip, n.key, n.note, n.tags, n.excluded, n.version, n.author, n.updated_at
  FROM notes n
  LEFT JOIN round_trips same ON same.account = n.account AND same.trip = n.key
  LEFT JOIN LATERAL (SELECT r.trip FROM round_trips r
                      WHERE same.trip IS NULL AND r.account = n.account AND n.key = ANY (r.executions)
                      ORDER BY r.opened DESC, r.id DESC LIMIT 1) AS holds ON true
 WHERE n.subject = 'round_trip';

-- Who writes a note moves what is shown with it; other roles than the web's need not be asked.
CREATE FUNCTION notes_changed(of_account text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
    AS $$
DECLARE moved revisions;
BEGIN
    FOR moved IN
        INSERT INTO revisions AS r (account, topic, revision)
        SELECT of_account, t, 1 FROM unnest(ARRAY['notes', 'strategies', 'trades']) AS t ORDER BY t
        ON CONFLICT (account, topic) DO UPDATE SET revision = r.revision + 1, changed_at = clock_timestamp()
        RETURNING r.*
    LOOP
        PERFORM pg_notify('mtz', json_build_object('account', moved.account, 'topic', moved.topic, 'revision', moved.revision)::text);
    END LOOP;
END $$;
