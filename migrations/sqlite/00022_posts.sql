-- +goose Up
-- Public posts under which customers wrote, and comments of which a webhook did not tell all, until they are read. content, which is
-- sealed, has the name of who wrote it, the text and the links; author is the platform's id of who wrote it. What is due is asked of the
-- platform: due and give_up_at are business time, lease_until is machine time. Once its writer is erased, platform_id names it no more.
CREATE TABLE posts (
    organization_id text NOT NULL, id text NOT NULL, channel_id text NOT NULL, platform_id text NOT NULL, comment integer NOT NULL, mention integer NOT NULL,
    under_id text NOT NULL, state text NOT NULL, author text NOT NULL, content blob NOT NULL, posted_at integer, read_at integer,
    interaction_id text, message_id text, contact_id text, due integer, give_up_at integer, tries integer NOT NULL, lease_until integer NOT NULL,
    version integer NOT NULL, created_at integer NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX posts_by_platform_id ON posts (organization_id, channel_id, platform_id);
CREATE INDEX posts_by_author ON posts (organization_id, channel_id, author) WHERE author <> '';
CREATE INDEX posts_completing ON posts (organization_id, contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX posts_due ON posts (due) WHERE due IS NOT NULL;
-- The post under which the conversation began; null for one that began in private.
ALTER TABLE interactions ADD COLUMN original_post_id text;

-- +goose Down
ALTER TABLE interactions DROP COLUMN original_post_id;
DROP TABLE posts;
