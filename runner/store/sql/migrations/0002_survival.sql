-- Everything that another process needs to go on with a run: what was asked for, what the files said, what was known of
-- earlier builds, and where its builds find their credentials.
ALTER TABLE run ADD COLUMN detached INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN options TEXT NOT NULL DEFAULT '{}';
ALTER TABLE run ADD COLUMN earlier TEXT NOT NULL DEFAULT '{}';
ALTER TABLE run ADD COLUMN stop_reason TEXT;
ALTER TABLE run ADD COLUMN port INTEGER;
ALTER TABLE run ADD COLUMN sandbox_port INTEGER;

CREATE TABLE run_source (
    run_id INTEGER NOT NULL REFERENCES run (id),
    position INTEGER NOT NULL,
    path TEXT NOT NULL,
    repository TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (run_id, position)
) STRICT, WITHOUT ROWID;

-- `end_order` counts the ends of a run: replayed in this order they give the same decisions. `published` is a JSON list.
ALTER TABLE build ADD COLUMN cancel_reason TEXT;
ALTER TABLE build ADD COLUMN ended_by TEXT;
ALTER TABLE build ADD COLUMN signal INTEGER;
ALTER TABLE build ADD COLUMN left_alive TEXT NOT NULL DEFAULT '[]';
ALTER TABLE build ADD COLUMN dropped_records INTEGER NOT NULL DEFAULT 0;
ALTER TABLE build ADD COLUMN dropped_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE build ADD COLUMN published TEXT NOT NULL DEFAULT '[]';
ALTER TABLE build ADD COLUMN end_order INTEGER;

-- A token of a running build, as its digest, and the role that it opens. No credentials.
CREATE TABLE lease (
    digest TEXT PRIMARY KEY,
    build_id INTEGER NOT NULL REFERENCES build (id),
    position INTEGER NOT NULL,
    integration TEXT NOT NULL,
    role TEXT NOT NULL,
    session TEXT NOT NULL,
    external_id TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX lease_of_build ON lease (build_id);
