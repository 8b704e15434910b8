-- +goose Up
-- Whom dispatch may offer something: it looks at these every second.
CREATE INDEX agents_on_queue ON agents (organization_id, id) WHERE presence = 'on_queue' AND NOT not_responding AND deleted_at IS NULL;

-- +goose Down
DROP INDEX agents_on_queue;
