-- +goose Up
-- What people said is sealed: content has the text, the attachments and the details of a message, or what was told of one
-- that has not come; sealed_name has the name of a file. The clear columns are those of rows that were written before.
-- expires_at is when the platform's terms end the life of what a message, or an event, says, in business time.
ALTER TABLE messages ADD COLUMN content bytea NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN expires_at bigint;
CREATE INDEX messages_expiring ON messages (expires_at) WHERE expires_at IS NOT NULL;
ALTER TABLE inbox ADD COLUMN expires_at bigint;
CREATE INDEX inbox_expiring ON inbox (expires_at) WHERE expires_at IS NOT NULL;
ALTER TABLE early_events ADD COLUMN content bytea NOT NULL DEFAULT '';
ALTER TABLE attachments ADD COLUMN sealed_name bytea NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE attachments DROP COLUMN sealed_name;
ALTER TABLE early_events DROP COLUMN content;
DROP INDEX inbox_expiring;
ALTER TABLE inbox DROP COLUMN expires_at;
DROP INDEX messages_expiring;
ALTER TABLE messages DROP COLUMN expires_at;
ALTER TABLE messages DROP COLUMN content;
