-- What runner/dispatch asks of the store. The conditions on `state` are those of the partial indexes, word for word.

-- name: put_attempt
INSERT INTO attempt (pool, priority, lock, blocked, payload, created_at)
VALUES (:pool, :priority, :lock,
        EXISTS (SELECT 1 FROM attempt WHERE lock = :lock AND state IN ('todo', 'doing')),
        :payload, :created_at);

-- name: first_of_pool
SELECT id, pool, priority, lock, payload, abort_wanted FROM attempt
WHERE pool = :pool AND state = 'todo' AND blocked = 0 ORDER BY priority, id LIMIT 1;

-- name: claim_attempt
UPDATE attempt SET state = 'doing', worker = :worker, claimed_at = :claimed_at
WHERE id = :id AND state = 'todo' AND blocked = 0;

-- name: attempts_of_worker
SELECT id, pool, priority, lock, payload, worker, abort_wanted FROM attempt
WHERE worker = :worker AND state = 'doing' ORDER BY id;

-- name: attempt
SELECT state, lock FROM attempt WHERE id = :id;

-- name: end_attempt
UPDATE attempt SET state = :state, ended_at = :ended_at WHERE id = :id AND state = :before;

-- name: unblock_next
UPDATE attempt SET blocked = 0
WHERE id = (SELECT min(id) FROM attempt WHERE lock = :lock AND state IN ('todo', 'doing'));

-- name: want_abort
UPDATE attempt SET abort_wanted = 1 WHERE id = :id AND state = 'doing';

-- name: beat
INSERT INTO worker (name, boot, beat) VALUES (:name, :boot, :beat)
ON CONFLICT (name) DO UPDATE SET boot = excluded.boot, beat = excluded.beat;

-- name: silent_attempts
SELECT attempt.id, pool, priority, lock, payload, worker, abort_wanted
FROM worker CROSS JOIN attempt ON attempt.worker = worker.name -- CROSS: the few workers outside, the index inside
WHERE attempt.state = 'doing' AND :moment - iif(worker.boot = :boot, worker.beat, 0) >= :silence
ORDER BY attempt.id;

-- name: forget_attempts
DELETE FROM attempt WHERE id IN (
    SELECT id FROM attempt
    WHERE state IN ('done', 'failed', 'aborted') AND id <= (SELECT max(id) FROM attempt) - :kept
    LIMIT :most
);
