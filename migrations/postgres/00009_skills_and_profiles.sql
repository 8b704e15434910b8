-- +goose Up
-- What agents are good at, and how much they may have at once. The limits of a profile stand with each of its agents,
-- too, so that looking for an agent needs no join.
CREATE TABLE skills (
    organization_id uuid NOT NULL, id uuid NOT NULL, name text NOT NULL, external_id text,
    version bigint NOT NULL, created_at bigint NOT NULL, updated_at bigint NOT NULL, deleted_at bigint,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX skills_by_external_id ON skills (organization_id, external_id) WHERE deleted_at IS NULL;
CREATE TABLE multimedia_profiles (
    organization_id uuid NOT NULL, id uuid NOT NULL, name text NOT NULL, external_id text,
    shared boolean NOT NULL, channel_kinds text NOT NULL, message_capacity bigint NOT NULL, social_capacity bigint NOT NULL,
    message_by_social boolean NOT NULL, social_by_message boolean NOT NULL,
    version bigint NOT NULL, created_at bigint NOT NULL, updated_at bigint NOT NULL, deleted_at bigint,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX multimedia_profiles_by_external_id ON multimedia_profiles (organization_id, external_id) WHERE deleted_at IS NULL;
ALTER TABLE agents ADD COLUMN external_id text;
ALTER TABLE agents ADD COLUMN skills text NOT NULL DEFAULT '[]';
ALTER TABLE agents ADD COLUMN profile_id uuid;
ALTER TABLE agents ADD COLUMN shared boolean NOT NULL DEFAULT true;
ALTER TABLE agents ADD COLUMN channel_kinds text NOT NULL DEFAULT 'null';
ALTER TABLE agents ADD COLUMN message_capacity bigint NOT NULL DEFAULT 3;
ALTER TABLE agents ADD COLUMN social_capacity bigint NOT NULL DEFAULT 3;
ALTER TABLE agents ADD COLUMN message_by_social boolean NOT NULL DEFAULT true;
ALTER TABLE agents ADD COLUMN social_by_message boolean NOT NULL DEFAULT true;
ALTER TABLE agents ADD COLUMN social bigint NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX agents_by_external_id ON agents (organization_id, external_id) WHERE deleted_at IS NULL;
CREATE INDEX agents_by_profile ON agents (organization_id, profile_id) WHERE profile_id IS NOT NULL;
ALTER TABLE platform_apps ADD COLUMN external_id text;
CREATE UNIQUE INDEX platform_apps_by_external_id ON platform_apps (organization_id, external_id) WHERE deleted_at IS NULL;
-- What a queue's statistics count: only what is under way.
CREATE INDEX interactions_under_way ON interactions (organization_id, queue_id, state, enqueued_at) WHERE state <> 'disconnected';
CREATE INDEX participants_wrapping ON participants (organization_id, queue_id) WHERE state = 'wrapup' AND wrap_up_required;

-- +goose Down
DROP INDEX participants_wrapping;
DROP INDEX interactions_under_way;
DROP INDEX platform_apps_by_external_id;
ALTER TABLE platform_apps DROP COLUMN external_id;
DROP INDEX agents_by_profile;
DROP INDEX agents_by_external_id;
ALTER TABLE agents DROP COLUMN social;
ALTER TABLE agents DROP COLUMN social_by_message;
ALTER TABLE agents DROP COLUMN message_by_social;
ALTER TABLE agents DROP COLUMN social_capacity;
ALTER TABLE agents DROP COLUMN message_capacity;
ALTER TABLE agents DROP COLUMN channel_kinds;
ALTER TABLE agents DROP COLUMN shared;
ALTER TABLE agents DROP COLUMN profile_id;
ALTER TABLE agents DROP COLUMN skills;
ALTER TABLE agents DROP COLUMN external_id;
DROP TABLE multimedia_profiles;
DROP TABLE skills;
