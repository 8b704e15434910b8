-- +goose Up
-- A message stands under a post, by the platform's id; a private answer to it may begin a conversation in another thread.
ALTER TABLE messages ADD COLUMN post_id text;
ALTER TABLE interactions ADD COLUMN direct_thread_id text;
CREATE INDEX messages_answers ON messages (organization_id, in_reply_to) WHERE in_reply_to IS NOT NULL;

-- +goose Down
DROP INDEX messages_answers;
ALTER TABLE interactions DROP COLUMN direct_thread_id;
ALTER TABLE messages DROP COLUMN post_id;
