-- +goose Up
-- What was said in public and has no id of the platform's yet: an echo of it carries nothing but its text.
CREATE INDEX messages_unproven ON messages (organization_id, channel_id, post_id) WHERE visibility = 'public' AND platform_message_id IS NULL;

-- +goose Down
DROP INDEX messages_unproven;
