-- What is to be told of builds. See runner/store/notices.py.

-- name: add_notice
INSERT INTO notice (build_id, moment, target, address, snippet, about, created_at, next_at)
VALUES (:build_id, :moment, :target, :address, :snippet, :about, :now, :now)
ON CONFLICT (build_id, moment, target) DO NOTHING;

-- name: open_notices
SELECT notice.id, build_id, moment, target, address, snippet, about, notice.created_at, next_at, attempts, done, outcome
FROM notice JOIN build ON build.id = notice.build_id
WHERE next_at IS NOT NULL AND (:run_id IS NULL OR build.run_id = :run_id)
ORDER BY next_at, notice.id LIMIT :most;

-- name: notices_of_build
SELECT id, build_id, moment, target, address, snippet, about, created_at, next_at, attempts, done, outcome
FROM notice WHERE build_id = :build_id ORDER BY id;

-- name: bring_notices_forward
UPDATE notice SET next_at = :to WHERE next_at > :to
    AND (:run_id IS NULL OR build_id IN (SELECT id FROM build WHERE run_id = :run_id));

-- name: take_notice
UPDATE notice SET attempts = attempts + 1, next_at = :next_at WHERE id = :id AND attempts = :attempts
    AND next_at IS NOT NULL;

-- name: keep_notice
UPDATE notice SET next_at = :next_at, done = :done, outcome = :outcome WHERE id = :id;

-- name: give_up_notices
UPDATE notice SET next_at = NULL, outcome = :outcome
WHERE next_at IS NOT NULL AND build_id IN (SELECT id FROM build WHERE run_id = :run_id);
