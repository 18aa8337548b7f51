-- The files that versions have saved: to look at, and to give up when a person says so. See queries.sql.

-- name: saved_states
SELECT node.name, node.kind, node.type, version.number, version.name AS version_name, version.created_at,
       build.number AS build, version.file_set,
       (SELECT count(*) FROM file_set WHERE digest = version.file_set) AS files,
       (SELECT sum(length(blob.content)) FROM file_set JOIN blob ON blob.digest = file_set.blob
        WHERE file_set.digest = version.file_set) AS bytes
FROM node JOIN version ON version.node_id = node.id LEFT JOIN build ON build.id = version.build_id
WHERE (:name IS NULL OR node.name = :name) AND version.file_set IS NOT NULL
      AND version.number = coalesce(:number, (SELECT max(number) FROM version AS newer WHERE newer.node_id = node.id))
ORDER BY node.name;

-- name: listed_files
SELECT file_set.path, file_set.mode, length(blob.content) AS bytes
FROM file_set JOIN blob ON blob.digest = file_set.blob
WHERE file_set.digest = :digest ORDER BY file_set.path;

-- name: content_of_file
SELECT blob.content FROM file_set JOIN blob ON blob.digest = file_set.blob
WHERE file_set.digest = :digest AND file_set.path = :path;

-- name: file_sets_of_node
SELECT DISTINCT file_set FROM version
WHERE node_id = :node_id AND file_set IS NOT NULL AND (:number IS NULL OR number = :number);

-- name: forget_files
UPDATE version SET file_set = NULL
WHERE node_id = :node_id AND file_set IS NOT NULL AND (:number IS NULL OR number = :number);

-- name: made_versions
SELECT version.id, version.number, version.name, version.property_bag, version.created_at,
       made.job, made.number AS build
FROM version LEFT JOIN named_build AS made ON made.id = version.build_id
WHERE version.node_id = :node_id ORDER BY version.number DESC LIMIT :most;

-- name: history
SELECT count(*) AS versions, min(created_at) AS since FROM version WHERE node_id = :node_id;
