-- What people say of wheel cycles where the rules see it otherwise.

-- The round trip of the execution `key` belongs to the cycle of the execution `beside`; null: to none of the others. Both outlive
-- imports and folds, as the keys of notes do. A row that is taken back is gone; the audit log has its story.
CREATE TABLE cycle_placements (
    account   text NOT NULL REFERENCES accounts,
    key       text NOT NULL,
    beside    text,
    actor     text NOT NULL,
    placed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account, key)
);

-- What moves with something that people write; other roles than the web's need not be asked.
CREATE FUNCTION topics_changed(of_account text, topics text[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE moved revisions;
BEGIN
    FOR moved IN
        INSERT INTO revisions AS r (account, topic, revision) SELECT of_account, t, 1 FROM unnest(topics) AS t ORDER BY t
        ON CONFLICT (account, topic) DO UPDATE SET revision = r.revision + 1, changed_at = clock_timestamp()
        RETURNING r.*
    LOOP
        PERFORM pg_notify('mtz', json_build_object('account', moved.account, 'topic', moved.topic, 'revision', moved.revision)::text);
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION notes_changed(of_account text) RETURNS void LANGUAGE sql AS
    $$ SELECT topics_changed(of_account, ARRAY['notes', 'strategies', 'trades']) $$;

-- The agent folds the book anew where trades have moved.
CREATE FUNCTION cycles_changed(of_account text) RETURNS void LANGUAGE sql AS
    $$ SELECT topics_changed(of_account, ARRAY['strategies', 'trades']) $$;
