-- Who may use the API over TCP. `digest` is the SHA-256 of the token, which is 256 random bits and stands nowhere;
-- `last_used_at` is coarse. A revoked token stays, so that its name can be told.
CREATE TABLE token (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    scope TEXT NOT NULL CHECK (scope IN ('read', 'run', 'admin')),
    created_at TEXT NOT NULL,
    created_by TEXT,
    expires_at TEXT,
    last_used_at TEXT,
    revoked_at TEXT
) STRICT;

CREATE UNIQUE INDEX token_name ON token (name) WHERE revoked_at IS NULL;
