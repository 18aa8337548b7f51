-- What was seen of repositories. See queries.sql.

-- name: followed
SELECT url, filter FROM followed WHERE node_id = :node_id;

-- name: follow
INSERT INTO followed (node_id, url, filter) VALUES (:node_id, :url, :filter)
ON CONFLICT (node_id) DO UPDATE SET url = excluded.url, filter = excluded.filter;

-- name: tips
SELECT ref, sha FROM tip WHERE node_id = :node_id;

-- name: set_tip
INSERT INTO tip (node_id, ref, sha) VALUES (:node_id, :ref, :sha)
ON CONFLICT (node_id, ref) DO UPDATE SET sha = excluded.sha WHERE substr(tip.sha, 1, length(excluded.sha)) <> excluded.sha;

-- name: add_tip
INSERT INTO tip (node_id, ref, sha) VALUES (:node_id, :ref, :sha) ON CONFLICT DO NOTHING;

-- name: move_tip
UPDATE tip SET sha = :sha WHERE node_id = :node_id AND ref = :ref AND sha = :before;

-- name: drop_tip
DELETE FROM tip WHERE node_id = :node_id AND ref = :ref;

-- name: drop_tips
DELETE FROM tip WHERE node_id = :node_id;
