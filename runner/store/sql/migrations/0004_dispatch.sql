-- What is to be run, is run or was run. The id is the fencing token: it counts up and is never given twice; a dead
-- attempt is marked `failed` and followed by a new row, never queued again. `blocked`: an earlier attempt with the same
-- lock has not ended. Nothing may refer to a row by a foreign key: old ended ones are removed.
CREATE TABLE attempt (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    state TEXT NOT NULL DEFAULT 'todo' CHECK (state IN ('todo', 'doing', 'done', 'failed', 'aborted')),
    pool TEXT NOT NULL,
    priority INTEGER NOT NULL,
    lock TEXT,
    blocked INTEGER NOT NULL,
    payload TEXT NOT NULL,
    worker TEXT,
    abort_wanted INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL,
    claimed_at TEXT,
    ended_at TEXT
) STRICT;

-- A claim reads the first entry of one pool, however many attempts wait, are blocked or have ended.
CREATE INDEX attempt_claimable ON attempt (pool, priority, id) WHERE state = 'todo' AND blocked = 0;
CREATE INDEX attempt_of_lock ON attempt (lock, id) WHERE state IN ('todo', 'doing');
CREATE INDEX attempt_of_worker ON attempt (worker, id) WHERE state = 'doing';
CREATE INDEX attempt_ended ON attempt (id) WHERE state IN ('done', 'failed', 'aborted');

-- `beat` is the last sign of life, in seconds of the host's monotonic clock since the boot with this id: the wall clock
-- may go where it likes.
CREATE TABLE worker (
    name TEXT PRIMARY KEY,
    boot TEXT NOT NULL,
    beat REAL NOT NULL
) STRICT, WITHOUT ROWID;
