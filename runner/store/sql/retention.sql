-- What goes, and what stays because something needs it. Each statement reads or removes a bounded number of rows.

-- name: jobs_with_builds
SELECT id, name FROM node WHERE kind = 'job' ORDER BY id;

-- name: held_builds
SELECT build.id, build.number, build.status, build.ended_at, build.bytes, build.saved_bytes,
       run.kind = 'run' AND run.ended_at IS NULL AS led
FROM build JOIN run ON run.id = build.run_id
WHERE build.node_id = :node_id AND build.number < :below ORDER BY build.number DESC LIMIT :most;

-- name: newest_versions
SELECT version.id, version.build_id FROM node JOIN version ON version.id = (
    SELECT newest.id FROM version AS newest WHERE newest.node_id = node.id ORDER BY newest.number DESC LIMIT 1
);

-- name: maker_of_version
SELECT build_id FROM version WHERE id = :id;

-- name: replayed_builds
SELECT replay_of FROM build WHERE ended_at IS NULL AND replay_of IS NOT NULL;

-- name: saved_bytes
SELECT coalesce(sum(length(content)), 0) AS bytes FROM blob
WHERE digest IN (
    SELECT file_set.blob FROM version JOIN file_set ON file_set.digest = version.file_set
    WHERE version.build_id = :build_id
) AND NOT EXISTS (
    SELECT 1 FROM file_set AS other JOIN version AS earlier ON earlier.file_set = other.digest
    WHERE other.blob = blob.digest AND earlier.build_id < :build_id
);

-- name: keep_size
UPDATE build SET bytes = :bytes, saved_bytes = :saved_bytes WHERE id = :id AND ended_at IS NOT NULL;

-- name: versions_of_build
SELECT id, file_set, created_at FROM version WHERE build_id = :build_id;

-- name: loose_versions
SELECT id, file_set, created_at FROM version WHERE build_id IS NULL AND id > :after ORDER BY id LIMIT :most;

-- name: newest_user_of_version
SELECT max(build_id) AS id FROM build_input WHERE version_id = :id;

-- name: users_of_version
SELECT build_id AS id FROM build_input WHERE version_id = :id;

-- name: next_file_sets
WITH RECURSIVE found (digest, position) AS (
    SELECT (SELECT min(digest) FROM file_set WHERE digest > :after), 1
    UNION ALL
    SELECT (SELECT min(digest) FROM file_set WHERE digest > found.digest), position + 1
    FROM found WHERE digest IS NOT NULL AND position < :most
)
SELECT digest FROM found WHERE digest IS NOT NULL;

-- name: newest_version_with_files
SELECT max(id) AS id FROM version WHERE file_set = :digest;

-- name: versions_with_files
SELECT id FROM version WHERE file_set = :digest;

-- name: blobs_of_set
SELECT DISTINCT blob.digest, length(blob.content) AS bytes
FROM file_set JOIN blob ON blob.digest = file_set.blob WHERE file_set.digest = :digest;

-- name: sets_of_blob
SELECT DISTINCT digest FROM file_set WHERE blob = :blob;

-- name: held_runs
SELECT id, kind, ended_at, (SELECT max(id) FROM build WHERE run_id = run.id) AS newest_build
FROM run WHERE id > :after ORDER BY id LIMIT :most;

-- name: newest_run
SELECT id FROM run WHERE kind = :kind ORDER BY id DESC LIMIT 1;

-- name: ids_of_run
SELECT id FROM build WHERE run_id = :run_id;

-- name: build_is_there
SELECT 1 FROM build WHERE id = :id;

-- name: removable_build
SELECT 1 FROM build AS old JOIN run ON run.id = old.run_id
WHERE old.id = :id AND old.ended_at IS NOT NULL AND (run.kind = 'graph' OR run.ended_at IS NOT NULL)
    AND old.number < (SELECT max(number) FROM build WHERE node_id = old.node_id)
    AND NOT EXISTS (SELECT 1 FROM build WHERE ended_at IS NULL AND replay_of = old.id);

-- name: drop_inputs
DELETE FROM build_input WHERE build_id = :build_id;

-- name: drop_provenance
UPDATE version SET build_id = NULL WHERE build_id = :build_id;

-- name: drop_build
DELETE FROM build WHERE id = :id;

-- name: drop_version
DELETE FROM version AS old WHERE id = :id AND build_id IS NULL
    AND number < (SELECT max(number) FROM version WHERE node_id = old.node_id)
    AND NOT EXISTS (SELECT 1 FROM build_input WHERE version_id = old.id);

-- name: drop_files
DELETE FROM file_set
WHERE digest = :digest AND NOT EXISTS (SELECT 1 FROM version WHERE file_set = :digest)
    AND path IN (SELECT path FROM file_set WHERE digest = :digest ORDER BY path LIMIT :most)
RETURNING blob;

-- name: drop_blob
DELETE FROM blob AS old WHERE digest = :digest AND NOT EXISTS (SELECT 1 FROM file_set WHERE blob = old.digest)
RETURNING length(content) AS bytes;

-- name: removable_run
SELECT 1 FROM run AS old
WHERE id = :id AND (kind = 'graph' OR ended_at IS NOT NULL) AND NOT EXISTS (SELECT 1 FROM build WHERE run_id = old.id)
    AND id < (SELECT newest.id FROM run AS newest WHERE newest.kind = old.kind ORDER BY newest.id DESC LIMIT 1);

-- name: drop_sources
DELETE FROM run_source WHERE run_id = :run_id;

-- name: drop_run
DELETE FROM run WHERE id = :id;

-- name: newest_sources
SELECT path, repository, text, max(run_id) AS run_id FROM run_source GROUP BY path, repository;

-- name: old_deliveries
SELECT count(*) AS number FROM delivery WHERE received_at < :before;
