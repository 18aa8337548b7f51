-- What a service knows beyond single runs. Jobs and resources that a file no longer has keep their history: they are
-- deleted softly, by `deleted_at`. `last_status` is that of the newest build that ended after it had begun.
ALTER TABLE node ADD COLUMN pipeline TEXT;
ALTER TABLE node ADD COLUMN deleted_at TEXT;
ALTER TABLE node ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;
ALTER TABLE node ADD COLUMN stale INTEGER NOT NULL DEFAULT 0;
ALTER TABLE node ADD COLUMN last_status TEXT;
ALTER TABLE node ADD COLUMN ticked_at TEXT;

UPDATE node SET last_status = (
    SELECT status FROM build WHERE build.node_id = node.id AND ended_at IS NOT NULL ORDER BY number DESC LIMIT 1
);

-- `kind` is `run` for one call of `runner run`, `graph` for a graph that a service has applied: its builds belong to
-- the newest one at their start.
ALTER TABLE run ADD COLUMN kind TEXT NOT NULL DEFAULT 'run';
DROP INDEX run_open;
CREATE INDEX run_open ON run (id) WHERE ended_at IS NULL AND kind = 'run';
CREATE INDEX run_graph ON run (id) WHERE kind = 'graph';

-- How a service has queued a build: `attempt` is there once it was given out to be run, and fences it; `chain` is a
-- JSON list of the jobs that caused it and could be caused by it; `injected` are the variables of a manual run.
ALTER TABLE build ADD COLUMN attempt INTEGER;
ALTER TABLE build ADD COLUMN mode TEXT NOT NULL DEFAULT 'chrono';
ALTER TABLE build ADD COLUMN manual INTEGER NOT NULL DEFAULT 0;
ALTER TABLE build ADD COLUMN chain TEXT NOT NULL DEFAULT '[]';
ALTER TABLE build ADD COLUMN priority INTEGER NOT NULL DEFAULT 9999;
ALTER TABLE build ADD COLUMN pool TEXT NOT NULL DEFAULT 'default';
ALTER TABLE build ADD COLUMN injected TEXT NOT NULL DEFAULT '{}';
ALTER TABLE build ADD COLUMN reset INTEGER NOT NULL DEFAULT 0;
ALTER TABLE build ADD COLUMN replay_of INTEGER;
ALTER TABLE build ADD COLUMN requested_by TEXT;

CREATE INDEX build_open ON build (id) WHERE ended_at IS NULL;
CREATE INDEX build_end_order ON build (run_id, end_order);
CREATE INDEX build_of_job ON build (node_id, id);
CREATE INDEX build_ended ON build (ended_at) WHERE ended_at IS NOT NULL;

CREATE VIEW named_build AS
SELECT build.*, node.name AS job FROM build JOIN node ON node.id = build.node_id;

-- The versions that a build has got as inputs, so that it can be run again with the same.
CREATE TABLE build_input (
    build_id INTEGER NOT NULL REFERENCES build (id),
    name TEXT NOT NULL,
    version_id INTEGER NOT NULL REFERENCES version (id),
    PRIMARY KEY (build_id, name)
) STRICT, WITHOUT ROWID;

-- The one waiting entry of a `strict` job.
CREATE TABLE waiting (
    node_id INTEGER PRIMARY KEY REFERENCES node (id),
    triggered_by TEXT NOT NULL,
    chain TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

-- A pipeline as it was applied last: `revision` is a commit or a digest of its files, `problems` a JSON list of
-- sentences about the last files that were read, `refused` whether those could not be applied.
CREATE TABLE pipeline (
    name TEXT PRIMARY KEY,
    source TEXT NOT NULL,
    revision TEXT,
    applied_at TEXT,
    looked_at TEXT,
    refused INTEGER NOT NULL DEFAULT 0,
    problems TEXT NOT NULL DEFAULT '[]',
    changes TEXT NOT NULL DEFAULT '[]'
) STRICT, WITHOUT ROWID;

CREATE TABLE pipeline_source (
    pipeline TEXT NOT NULL REFERENCES pipeline (name),
    position INTEGER NOT NULL,
    path TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (pipeline, position)
) STRICT, WITHOUT ROWID;

-- What was delivered from outside: the same delivery counts once.
CREATE TABLE delivery (
    id TEXT PRIMARY KEY,
    received_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX delivery_age ON delivery (received_at);

-- The one row of the service itself. `next_build`: no build gets the id of one that was removed. The ports are those of
-- its credentials and of its sandbox, which running builds know.
CREATE TABLE service (
    next_build INTEGER NOT NULL,
    port INTEGER,
    sandbox_port INTEGER
) STRICT;

INSERT INTO service (next_build) VALUES (1);
