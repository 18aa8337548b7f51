-- Jobs and resources share one namespace. `definition` is the JSON of what the file last said about a resource.
CREATE TABLE node (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('job', 'resource')),
    type TEXT NOT NULL,
    definition TEXT
) STRICT;

-- One call of `runner run`. While it lives it holds a lock on runs/<id>.lock.
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL,
    started_at TEXT NOT NULL,
    ended_at TEXT
) STRICT;

CREATE TABLE build (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES run (id),
    node_id INTEGER NOT NULL REFERENCES node (id),
    number INTEGER NOT NULL,
    status TEXT NOT NULL,
    triggered_by TEXT NOT NULL,
    reason TEXT,
    exit_code INTEGER,
    created_at TEXT NOT NULL,
    started_at TEXT,
    ended_at TEXT,
    UNIQUE (node_id, number)
) STRICT;

CREATE INDEX run_open ON run (id) WHERE ended_at IS NULL;
CREATE INDEX build_of_run ON build (run_id);

-- Saved files by content: a set is named by the digest of its paths, modes and contents.
CREATE TABLE blob (
    digest TEXT PRIMARY KEY,
    content BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE file_set (
    digest TEXT NOT NULL,
    path TEXT NOT NULL,
    mode INTEGER NOT NULL,
    blob TEXT NOT NULL REFERENCES blob (digest),
    PRIMARY KEY (digest, path)
) STRICT, WITHOUT ROWID;

CREATE TABLE version (
    id INTEGER PRIMARY KEY,
    node_id INTEGER NOT NULL REFERENCES node (id),
    number INTEGER NOT NULL,
    name TEXT,
    property_bag TEXT NOT NULL,
    file_set TEXT,
    build_id INTEGER REFERENCES build (id),
    created_at TEXT NOT NULL,
    UNIQUE (node_id, number)
) STRICT;
