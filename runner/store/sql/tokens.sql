-- The tokens of the API. See runner/store/tokens.py.

-- name: tokens
SELECT id, name, digest, scope, created_at, created_by, expires_at, last_used_at, revoked_at FROM token ORDER BY id;

-- name: token_named
SELECT id FROM token WHERE name = :name AND revoked_at IS NULL;

-- name: add_token
INSERT INTO token (name, digest, scope, created_at, created_by, expires_at)
VALUES (:name, :digest, :scope, :created_at, :created_by, :expires_at);

-- name: revoke_token
UPDATE token SET revoked_at = :revoked_at WHERE id = :id AND revoked_at IS NULL;

-- name: use_token
UPDATE token SET last_used_at = :at WHERE id = :id AND (last_used_at IS NULL OR last_used_at < :at);
