-- +goose Up
-- Of what resource a kept answer is, so that it can go with the person of whom it tells.
ALTER TABLE idempotency_keys ADD COLUMN subject_id text NOT NULL DEFAULT '';
CREATE INDEX idempotency_keys_by_subject ON idempotency_keys (organization_id, subject_id) WHERE subject_id <> '';

-- +goose Down
DROP INDEX idempotency_keys_by_subject;
ALTER TABLE idempotency_keys DROP COLUMN subject_id;
