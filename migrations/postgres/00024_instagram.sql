-- +goose Up
-- Messages that a channel's settings did not let in are counted, and not kept. Whether a conversation may be recorded
-- depends on what files came in it.
ALTER TABLE channels ADD COLUMN suppressed bigint NOT NULL DEFAULT 0;
CREATE INDEX attachments_by_interaction ON attachments (organization_id, interaction_id) WHERE interaction_id IS NOT NULL;

-- +goose Down
DROP INDEX attachments_by_interaction;
ALTER TABLE channels DROP COLUMN suppressed;
