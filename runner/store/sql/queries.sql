-- Each statement stands under its name; runner/store/queries.py reads them.

-- name: node
SELECT id, kind, type, definition, deleted_at FROM node WHERE name = :name;

-- name: add_node
INSERT INTO node (name, kind, type, definition) VALUES (:name, :kind, :type, :definition);

-- name: retire_node
UPDATE node SET name = name || '#' || id WHERE id = :id;

-- name: set_definition
UPDATE node SET definition = :definition, ticked_at = NULL WHERE id = :id;

-- name: add_version
INSERT INTO version (node_id, number, name, property_bag, file_set, build_id, created_at)
SELECT :node_id, coalesce(max(number), 0) + 1, :name, :property_bag, :file_set, :build_id, :created_at
FROM version WHERE node_id = :node_id;

-- name: newest_version
SELECT id, number, name, property_bag, created_at, file_set
FROM version WHERE node_id = :node_id ORDER BY number DESC LIMIT 1;

-- name: version_by_number
SELECT id, number, name, property_bag, created_at, file_set
FROM version WHERE node_id = :node_id AND number = :number;

-- name: version_by_name
SELECT id, number, name, property_bag, created_at, file_set
FROM version WHERE node_id = :node_id AND name = :name ORDER BY number DESC LIMIT 1;

-- name: add_blob
INSERT INTO blob (digest, content) VALUES (:digest, :content) ON CONFLICT DO NOTHING;

-- name: add_file
INSERT INTO file_set (digest, path, mode, blob) VALUES (:digest, :path, :mode, :blob) ON CONFLICT DO NOTHING;

-- name: files
SELECT file_set.path, file_set.mode, blob.content
FROM file_set JOIN blob ON blob.digest = file_set.blob
WHERE file_set.digest = :digest ORDER BY file_set.path;

-- name: add_run
INSERT INTO run (digest, started_at, detached, options, earlier)
VALUES (:digest, :started_at, :detached, :options, :earlier);

-- name: add_source
INSERT INTO run_source (run_id, position, path, repository, text)
VALUES (:run_id, :position, :path, :repository, :text);

-- name: run
SELECT id, digest, detached, options, earlier, port, sandbox_port, stop_reason, ended_at FROM run WHERE id = :id;

-- name: sources
SELECT path, repository, text FROM run_source WHERE run_id = :run_id ORDER BY position;

-- name: set_ports
UPDATE run SET port = :port, sandbox_port = :sandbox_port WHERE id = :id;

-- name: end_run
UPDATE run SET ended_at = :ended_at WHERE id = :id AND ended_at IS NULL;

-- name: add_build
INSERT INTO build (run_id, node_id, number, status, triggered_by, created_at)
SELECT :run_id, :node_id, coalesce(max(number), 0) + 1, 'queued', :triggered_by, :created_at
FROM build WHERE node_id = :node_id;

-- name: start_build
UPDATE build SET status = 'processing', started_at = :started_at WHERE id = :id AND status = 'queued';

-- name: finish_build
UPDATE build SET status = :status, reason = :reason, exit_code = :exit_code, ended_at = :ended_at,
                 ended_by = :ended_by, signal = :signal, left_alive = :left_alive, published = :published,
                 dropped_records = :dropped_records, dropped_bytes = :dropped_bytes,
                 end_order = (SELECT coalesce(max(end_order), 0) + 1 FROM build AS other
                              WHERE other.run_id = build.run_id)
WHERE id = :id AND ended_at IS NULL AND (:attempt IS NULL OR attempt = :attempt);

-- name: set_last_status
UPDATE node SET last_status = :status WHERE id = (SELECT node_id FROM build WHERE id = :id);

-- name: ask_to_stop
UPDATE run SET stop_reason = coalesce(stop_reason, :reason) WHERE id = :id AND ended_at IS NULL;

-- name: ask_to_cancel
UPDATE build SET cancel_reason = coalesce(cancel_reason, :reason) WHERE id = :id AND ended_at IS NULL;

-- name: add_lease
INSERT INTO lease (digest, build_id, position, integration, role, session, external_id)
VALUES (:digest, :build_id, :position, :integration, :role, :session, :external_id);

-- name: leases
SELECT digest, integration, role, session, external_id FROM lease WHERE build_id = :build_id ORDER BY position;

-- name: drop_leases
DELETE FROM lease WHERE build_id = :build_id;

-- name: open_runs
SELECT id, detached FROM run WHERE ended_at IS NULL AND kind = 'run' ORDER BY id;

-- name: last_status
SELECT last_status AS status FROM node WHERE name = :job AND last_status IS NOT NULL;

-- name: builds
SELECT * FROM named_build
WHERE (:job IS NULL OR job = :job) AND (:number IS NULL OR number = :number)
ORDER BY id DESC LIMIT :most;

-- name: builds_of_run
SELECT * FROM named_build
WHERE run_id = :run_id
ORDER BY end_order IS NULL, end_order, id;
