-- +goose Up
-- Which browsers may call, and whose tokens are taken besides our own.
ALTER TABLE organizations ADD COLUMN allowed_origins text NOT NULL DEFAULT '[]';
ALTER TABLE organizations ADD COLUMN version bigint NOT NULL DEFAULT 1;
ALTER TABLE oauth_clients ADD COLUMN allowed_origins text NOT NULL DEFAULT '[]';
CREATE INDEX organizations_with_origins ON organizations (id) WHERE allowed_origins <> '[]';
CREATE INDEX oauth_clients_with_origins ON oauth_clients (organization_id, id) WHERE allowed_origins <> '[]';

CREATE TABLE token_issuers (
    organization_id uuid NOT NULL, id uuid NOT NULL, name text NOT NULL, issuer text NOT NULL, audience text NOT NULL,
    jwks_url text NOT NULL, algorithms text NOT NULL, scopes text NOT NULL,
    organization_claim text NOT NULL, scope_claim text, agent_claim text,
    version bigint NOT NULL, created_at bigint NOT NULL, updated_at bigint NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX token_issuers_by_issuer ON token_issuers (issuer, organization_id, audience);
ALTER TABLE agents ADD COLUMN external_subject text;
CREATE UNIQUE INDEX agents_by_external_subject ON agents (organization_id, external_subject) WHERE deleted_at IS NULL;

-- +goose Down
DROP INDEX agents_by_external_subject;
ALTER TABLE agents DROP COLUMN external_subject;
DROP TABLE token_issuers;
DROP INDEX oauth_clients_with_origins;
DROP INDEX organizations_with_origins;
ALTER TABLE oauth_clients DROP COLUMN allowed_origins;
ALTER TABLE organizations DROP COLUMN version;
ALTER TABLE organizations DROP COLUMN allowed_origins;
