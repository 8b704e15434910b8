-- +goose Up
-- Texts that are ready to be said, the libraries in which they are kept, and which of them a reply was made of.
CREATE TABLE canned_response_libraries (
    organization_id text NOT NULL, id text NOT NULL, name text NOT NULL, external_id text,
    version bigint NOT NULL, created_at bigint NOT NULL, updated_at bigint NOT NULL, deleted_at bigint,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX canned_response_libraries_by_external_id ON canned_response_libraries (organization_id, external_id) WHERE deleted_at IS NULL;
CREATE TABLE canned_responses (
    organization_id text NOT NULL, id text NOT NULL, name text NOT NULL, external_id text, library_id text, language text, body text NOT NULL,
    version bigint NOT NULL, created_at bigint NOT NULL, updated_at bigint NOT NULL, deleted_at bigint,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX canned_responses_by_external_id ON canned_responses (organization_id, external_id) WHERE deleted_at IS NULL;
CREATE INDEX canned_responses_by_library ON canned_responses (organization_id, library_id, id) WHERE deleted_at IS NULL;
ALTER TABLE messages ADD COLUMN canned_response_id text;

-- +goose Down
ALTER TABLE messages DROP COLUMN canned_response_id;
DROP TABLE canned_responses;
DROP TABLE canned_response_libraries;
