-- What only a service asks. See queries.sql.

-- name: jobs_of_rules
SELECT node.id, node.name, node.last_status, node.paused, node.stale, node.deleted_at,
       waiting.triggered_by AS waiting_for, waiting.chain AS waiting_chain
FROM node LEFT JOIN waiting ON waiting.node_id = node.id
WHERE node.kind = 'job';

-- name: open_builds
SELECT * FROM named_build WHERE ended_at IS NULL AND run_id IN (SELECT id FROM run WHERE kind = 'graph') ORDER BY id;

-- name: open_builds_of
SELECT * FROM named_build WHERE node_id = :node_id AND ended_at IS NULL ORDER BY id;

-- name: open_build_with
SELECT job, number FROM named_build WHERE ended_at IS NULL AND (node_id = :id OR triggered_by = :name) LIMIT 1;

-- name: ended_last
SELECT * FROM named_build WHERE ended_at IS NOT NULL ORDER BY ended_at DESC LIMIT :most;

-- name: last_build_id
SELECT max((SELECT coalesce(max(id), 0) FROM build), (SELECT next_build - 1 FROM service)) AS id;

-- name: keep_next_build
UPDATE service SET next_build = max(next_build, :next_build);

-- name: queue_build
INSERT INTO build (id, run_id, node_id, number, status, triggered_by, created_at, mode, manual, chain, priority, pool,
                   injected, reset, replay_of, requested_by)
SELECT :id, :run_id, :node_id, coalesce(max(number), 0) + 1, 'queued', :triggered_by, :created_at, :mode, :manual,
       :chain, :priority, :pool, :injected, :reset, :replay_of, :requested_by
FROM build WHERE node_id = :node_id;

-- name: give_out_build
UPDATE build SET attempt = :attempt WHERE id = :id AND status = 'queued' AND attempt IS NULL;

-- name: give_out_again
UPDATE build SET attempt = :attempt WHERE id = :id AND ended_at IS NULL AND attempt = :before;

-- name: claim_build
UPDATE build SET status = 'processing', started_at = :started_at,
                 run_id = (SELECT max(id) FROM run WHERE kind = 'graph')
WHERE id = :id AND status = 'queued' AND attempt = :attempt;

-- name: builds_nobody_has
SELECT * FROM named_build
WHERE ended_at IS NULL AND attempt IS NOT NULL AND run_id IN (SELECT id FROM run WHERE kind = 'graph')
    AND NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.id = named_build.attempt AND state IN ('todo', 'doing'))
ORDER BY id;

-- name: build_of_attempt
SELECT * FROM named_build WHERE id = :id AND attempt = :attempt AND ended_at IS NULL;

-- name: withdraw_build
UPDATE build SET status = 'cancelled', reason = :reason, ended_by = :by, ended_at = :ended_at
WHERE id = :id AND status = 'queued' AND attempt IS NULL;

-- name: build
SELECT * FROM named_build WHERE id = :id;

-- name: add_waiting
INSERT INTO waiting (node_id, triggered_by, chain, created_at) VALUES (:node_id, :triggered_by, :chain, :created_at)
ON CONFLICT (node_id) DO UPDATE SET triggered_by = excluded.triggered_by, chain = excluded.chain;

-- name: drop_waiting
DELETE FROM waiting WHERE node_id = :node_id;

-- name: waiting
SELECT node.name AS job, waiting.triggered_by, waiting.created_at
FROM waiting JOIN node ON node.id = waiting.node_id ORDER BY waiting.created_at;

-- name: set_stale
UPDATE node SET stale = :stale WHERE name = :name;

-- name: set_paused
UPDATE node SET paused = :paused WHERE name = :name AND kind = 'job' AND paused <> :paused;

-- name: tick
UPDATE node SET ticked_at = :tick
WHERE name = :name AND deleted_at IS NULL AND (ticked_at IS NULL OR ticked_at < :tick);

-- name: ticks
SELECT name, ticked_at FROM node WHERE type = 'time' AND deleted_at IS NULL;

-- name: set_ticked
UPDATE node SET ticked_at = :tick WHERE name = :name AND ticked_at IS NULL;

-- name: add_delivery
INSERT INTO delivery (id, received_at) VALUES (:id, :received_at) ON CONFLICT DO NOTHING;

-- name: forget_deliveries
DELETE FROM delivery WHERE id IN (SELECT id FROM delivery WHERE received_at < :before LIMIT :most);

-- name: add_input
INSERT INTO build_input (build_id, name, version_id) VALUES (:build_id, :name, :version_id)
ON CONFLICT (build_id, name) DO UPDATE SET version_id = excluded.version_id;

-- name: inputs
SELECT build_input.name, version.id, version.number, version.name AS version_name
FROM build_input JOIN version ON version.id = build_input.version_id
WHERE build_input.build_id = :build_id ORDER BY build_input.name;

-- name: version_by_id
SELECT id, number, name, property_bag, created_at, file_set FROM version WHERE id = :id;

-- name: replayed_version
SELECT version.id, version.number, version.name, version.property_bag, version.created_at, version.file_set
FROM build_input JOIN version ON version.id = build_input.version_id
WHERE build_input.build_id = :build_id AND build_input.name = :name;

-- name: versions
SELECT version.id, version.number, version.name, version.property_bag, version.created_at, version.file_set
FROM version JOIN node ON node.id = version.node_id
WHERE node.name = :name AND (:before IS NULL OR version.number < :before)
ORDER BY version.number DESC LIMIT :most;

-- name: builds_before
SELECT * FROM named_build
WHERE (:before IS NULL OR id < :before) AND (:status IS NULL OR status = :status)
      AND (:job IS NULL OR job = :job OR (:items AND substr(job, 1, length(:job) + 1) = :job || '/'))
ORDER BY id DESC LIMIT :most;

-- name: nodes
SELECT id, name, kind, type, pipeline, deleted_at, paused, stale, last_status, ticked_at FROM node ORDER BY name;

-- name: node_by_name
SELECT id, name, kind, type, pipeline, deleted_at, paused, stale, last_status, ticked_at FROM node WHERE name = :name;

-- name: delete_node
UPDATE node SET deleted_at = :deleted_at WHERE id = :id AND deleted_at IS NULL;

-- name: adopt_node
UPDATE node SET ticked_at = CASE WHEN deleted_at IS NULL THEN ticked_at END, deleted_at = NULL, pipeline = :pipeline
WHERE name = :name AND (deleted_at IS NOT NULL OR pipeline IS NOT :pipeline);

-- name: nodes_of_pipeline
SELECT id, name, kind, type FROM node WHERE pipeline = :pipeline AND deleted_at IS NULL;

-- name: add_graph
INSERT INTO run (digest, started_at, kind) VALUES (:digest, :started_at, 'graph');

-- name: newest_graph
SELECT id, digest FROM run WHERE kind = 'graph' ORDER BY id DESC LIMIT 1;

-- name: pipelines
SELECT name, source, revision, applied_at, looked_at, refused, problems, changes FROM pipeline ORDER BY name;

-- name: put_pipeline
INSERT INTO pipeline (name, source) VALUES (:name, :source)
ON CONFLICT (name) DO UPDATE SET source = excluded.source;

-- name: apply_pipeline
UPDATE pipeline SET revision = :revision, applied_at = :at, looked_at = :at, refused = 0, problems = :problems,
                    changes = :changes
WHERE name = :name;

-- name: look_at_pipeline
UPDATE pipeline SET looked_at = :at, refused = :refused, problems = :problems WHERE name = :name;

-- name: drop_pipeline
DELETE FROM pipeline WHERE name = :name;

-- name: pipeline_sources
SELECT pipeline, path, text FROM pipeline_source ORDER BY pipeline, position;

-- name: add_pipeline_source
INSERT INTO pipeline_source (pipeline, position, path, text) VALUES (:pipeline, :position, :path, :text);

-- name: drop_pipeline_sources
DELETE FROM pipeline_source WHERE pipeline = :pipeline;

-- name: purge_inputs
DELETE FROM build_input WHERE version_id IN (SELECT id FROM version WHERE node_id = :id)
    OR build_id IN (SELECT id FROM build WHERE node_id = :id);

-- name: purge_versions
DELETE FROM version WHERE node_id = :id;

-- name: purge_provenance
UPDATE version SET build_id = NULL WHERE build_id IN (SELECT id FROM build WHERE node_id = :id);

-- name: purge_builds
DELETE FROM build WHERE node_id = :id;

-- name: purge_node
DELETE FROM node WHERE id = :id AND deleted_at IS NOT NULL;

-- name: item_nodes
SELECT item.id FROM node AS item JOIN node AS whole ON substr(item.name, 1, length(whole.name) + 1) = whole.name || '/'
WHERE whole.id = :id;

-- name: builds_of_node
SELECT id FROM build WHERE node_id = :id ORDER BY id;

-- name: purge_waiting
DELETE FROM waiting WHERE node_id = :id;

-- name: service_ports
SELECT port, sandbox_port FROM service;

-- name: keep_service_ports
UPDATE service SET port = :port, sandbox_port = :sandbox_port;
