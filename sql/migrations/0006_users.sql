-- Users, their sessions and API tokens.

-- The columns' names are those that Flask-Security looks for.
CREATE TABLE users (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    username          text NOT NULL CHECK (username ~ '^[A-Za-z0-9][A-Za-z0-9_.@-]{0,62}$'),
    password          text NOT NULL,         -- argon2
    role              text NOT NULL CHECK (role IN ('viewer', 'trader', 'admin')),   -- each may what the one before may
    active            boolean NOT NULL DEFAULT true,
    fs_uniquifier     text NOT NULL UNIQUE,
    tf_primary_method text,                  -- 'authenticator': a code is asked for too
    tf_totp_secret    text,                  -- encrypted with the secret key
    totp_counter      bigint,                -- of the last code that was used: none works twice
    created_at        timestamptz NOT NULL DEFAULT now(),
    password_at       timestamptz NOT NULL DEFAULT now(),
    CHECK ((tf_primary_method IS NULL) = (tf_totp_secret IS NULL))
);
CREATE UNIQUE INDEX users_name ON users (lower(username));

-- The browser's cookie holds the secret, the database its hash.
CREATE TABLE user_sessions (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    secret_hash bytea NOT NULL UNIQUE,
    user_id     bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at  timestamptz NOT NULL DEFAULT now(),
    active_at   timestamptz NOT NULL DEFAULT now(),   -- when a person last did something
    ended_at    timestamptz,
    ended_why   text,
    origin      text,
    browser     text,
    CHECK ((ended_at IS NULL) = (ended_why IS NULL))
);
CREATE INDEX user_sessions_open ON user_sessions (user_id) WHERE ended_at IS NULL;

-- Without a user: made on the command line.
CREATE TABLE api_tokens (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9_.@-]{0,62}$'),
    secret_hash bytea NOT NULL UNIQUE,
    scope       text NOT NULL CHECK (scope IN ('read', 'control')),
    user_id     bigint REFERENCES users ON DELETE CASCADE,
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL,
    revoked_at  timestamptz,
    used_at     timestamptz
);
CREATE UNIQUE INDEX api_tokens_name ON api_tokens (lower(name)) WHERE revoked_at IS NULL;

-- Attempts to log in that failed or are under way: of a name (known or not), from an address, of a user's second factor.
CREATE TABLE login_attempts (
    subject      text PRIMARY KEY,
    failures     integer NOT NULL,
    last_at      timestamptz NOT NULL DEFAULT now(),
    locked_until timestamptz
);
CREATE INDEX login_attempts_age ON login_attempts (last_at);
