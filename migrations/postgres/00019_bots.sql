-- +goose Up
-- What answers the customers of a channel before an agent does, and when it hands a conversation over.
ALTER TABLE channels ADD COLUMN bot text;
ALTER TABLE interactions ADD COLUMN bot_until bigint;
CREATE INDEX interactions_bots ON interactions (bot_until) WHERE bot_until IS NOT NULL;

-- +goose Down
DROP INDEX interactions_bots;
ALTER TABLE interactions DROP COLUMN bot_until;
ALTER TABLE channels DROP COLUMN bot;
