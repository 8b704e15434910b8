-- +goose Up
-- Other addresses by which a platform may name the customer of a thread: their number, where they are known by an id that is
-- theirs alone, and what they were known by before.
CREATE TABLE thread_aliases (
    organization_id text NOT NULL, channel_id text NOT NULL, address text NOT NULL, thread_id text NOT NULL,
    PRIMARY KEY (organization_id, channel_id, address)
);
CREATE INDEX thread_aliases_of_thread ON thread_aliases (organization_id, thread_id);

-- +goose Down
DROP TABLE thread_aliases;
