-- What somebody is to be told of a build, recorded with what it is told of and before anything is sent. `moment` is the
-- hook; `target` the notification resource, or the name of what `address` says (JSON, from the CI part of a commit).
-- `done` is a JSON object of the recipients that are done with: null for those that were told, else the sentence why
-- not. `next_at` is when the next attempt is due, NULL where there is none; `outcome` the sentence of the last one that
-- did not tell all.
CREATE TABLE notice (
    id INTEGER PRIMARY KEY,
    build_id INTEGER NOT NULL REFERENCES build (id) ON DELETE CASCADE,
    moment TEXT NOT NULL,
    target TEXT NOT NULL,
    address TEXT,
    snippet INTEGER NOT NULL DEFAULT 0,
    about TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL,
    next_at TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    done TEXT NOT NULL DEFAULT '{}',
    outcome TEXT,
    UNIQUE (build_id, moment, target)
) STRICT;

CREATE INDEX notice_due ON notice (next_at) WHERE next_at IS NOT NULL;
