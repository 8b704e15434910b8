-- +goose Up
-- Whom dispatch may offer something: it looks at these every second.
CREATE INDEX agents_on_queue ON agents (organization_id, id) WHERE presence = 'on_queue' AND NOT not_responding AND deleted_at IS NULL;
-- For how long an agent may be away before their work goes back, and when each was last there. Null is nobody watched.
ALTER TABLE organizations ADD COLUMN agent_grace_seconds integer;
ALTER TABLE organizations ADD COLUMN on_agent_lost text NOT NULL DEFAULT 'requeue';
CREATE INDEX organizations_with_grace ON organizations (id) WHERE agent_grace_seconds IS NOT NULL;
ALTER TABLE agents ADD COLUMN seen_at integer;
CREATE INDEX agents_seen ON agents (organization_id, seen_at) WHERE seen_at IS NOT NULL;

-- +goose Down
DROP INDEX agents_seen;
ALTER TABLE agents DROP COLUMN seen_at;
DROP INDEX organizations_with_grace;
ALTER TABLE organizations DROP COLUMN on_agent_lost;
ALTER TABLE organizations DROP COLUMN agent_grace_seconds;
DROP INDEX agents_on_queue;
