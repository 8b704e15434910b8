-- +goose Up
-- Files that agents send or customers sent. due is when a row needs looking after next, in business time; lease_until
-- is machine time. blob_key is emptied when the bytes are gone. erased rows are for removing bytes alone.
CREATE TABLE attachments (
    organization_id uuid NOT NULL, id uuid NOT NULL, origin text NOT NULL, state text NOT NULL, name text NOT NULL,
    content_type text NOT NULL, size bigint NOT NULL, sha256 text NOT NULL, blob_key text NOT NULL, source bytea NOT NULL,
    fault text NOT NULL, interaction_id uuid, message_id uuid, expires_at bigint, due bigint, lease_until bigint NOT NULL,
    tries bigint NOT NULL, erased boolean NOT NULL, version bigint NOT NULL, created_at bigint NOT NULL,
    PRIMARY KEY (organization_id, id)
);
-- A signed link names an attachment before its organization is known.
CREATE UNIQUE INDEX attachments_by_id ON attachments (id);
CREATE INDEX attachments_by_message ON attachments (organization_id, message_id) WHERE message_id IS NOT NULL;
CREATE INDEX attachments_due ON attachments (due) WHERE due IS NOT NULL;

-- +goose Down
DROP TABLE attachments;
