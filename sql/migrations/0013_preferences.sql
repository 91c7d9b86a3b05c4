-- How each reader likes a page: columns, their order and width, sort, filters. Without a user: the reader who needs no log-in.
CREATE TABLE preferences (
    user_id    bigint REFERENCES users ON DELETE CASCADE,
    page       text NOT NULL CHECK (page ~ '^[a-z][a-z-]{0,39}$'),
    value      jsonb NOT NULL CHECK (jsonb_typeof(value) = 'object' AND octet_length(value::text) <= 32768),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE NULLS NOT DISTINCT (user_id, page)
);
