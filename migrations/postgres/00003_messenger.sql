-- +goose Up
-- What customers do to messages after they wrote them, who holds a conversation at the platform, what is to be
-- erased, and what makes old rows easy to find. Every column has a default, so that the release before can go on writing.

ALTER TABLE threads ADD COLUMN held_elsewhere boolean NOT NULL DEFAULT false;
ALTER TABLE threads ADD COLUMN held_by text NOT NULL DEFAULT '';
ALTER TABLE threads ADD COLUMN referral text NOT NULL DEFAULT 'null';
ALTER TABLE interactions ADD COLUMN referral text NOT NULL DEFAULT 'null';

ALTER TABLE messages ADD COLUMN edited_at bigint;
ALTER TABLE messages ADD COLUMN edit_number bigint NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN details text NOT NULL DEFAULT '{}';
ALTER TABLE messages ADD COLUMN tombstone text NOT NULL DEFAULT '';

-- What is known of a message that has not come yet: an edit, a reaction, or that it was taken back.
CREATE TABLE early_events (
    organization_id uuid NOT NULL, channel_id uuid NOT NULL, platform_message_id text NOT NULL,
    unsent boolean NOT NULL, edit_number bigint NOT NULL, edit_text text, reactions text NOT NULL, created_at bigint NOT NULL,
    PRIMARY KEY (organization_id, channel_id, platform_message_id)
);
CREATE INDEX early_events_by_age ON early_events (created_at);

-- subject is the platform's id of the message that an event is about, so that all of its events can be erased.
ALTER TABLE inbox ADD COLUMN subject text NOT NULL DEFAULT '';
CREATE INDEX inbox_by_subject ON inbox (organization_id, app_id, account_id, subject) WHERE subject <> '';
CREATE INDEX inbox_by_contact ON inbox (organization_id, app_id, account_id, contact, id) WHERE state = 'standby';
CREATE INDEX inbox_quarantined ON inbox (organization_id, id) WHERE state = 'quarantined';
CREATE INDEX inbox_by_age ON inbox (state, received_at);

-- Content was overwritten, and its traces outside of the rows have still to go.
CREATE TABLE erasures (
    organization_id uuid NOT NULL, id uuid NOT NULL, created_at bigint NOT NULL,
    PRIMARY KEY (organization_id, id)
);

-- The position of the last event of each organization that is no longer kept.
CREATE TABLE event_floors (
    organization_id uuid NOT NULL PRIMARY KEY, position bigint NOT NULL
);
CREATE INDEX event_log_by_position ON event_log (position);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- +goose Down
DROP INDEX idempotency_keys_by_age;
DROP INDEX event_log_by_position;
DROP TABLE event_floors;
DROP TABLE erasures;
DROP INDEX inbox_by_age;
DROP INDEX inbox_quarantined;
DROP INDEX inbox_by_contact;
DROP INDEX inbox_by_subject;
ALTER TABLE inbox DROP COLUMN subject;
DROP TABLE early_events;
ALTER TABLE messages DROP COLUMN tombstone;
ALTER TABLE messages DROP COLUMN details;
ALTER TABLE messages DROP COLUMN edit_number;
ALTER TABLE messages DROP COLUMN edited_at;
ALTER TABLE interactions DROP COLUMN referral;
ALTER TABLE threads DROP COLUMN referral;
ALTER TABLE threads DROP COLUMN held_by;
ALTER TABLE threads DROP COLUMN held_elsewhere;
