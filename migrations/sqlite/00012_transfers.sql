-- +goose Up
-- What an offer was made for: to serve what waits, to take over from another agent, or to join one.
ALTER TABLE participants ADD COLUMN purpose text NOT NULL DEFAULT 'queue';
-- The handing over of conversations, to a queue or to an agent. Of an interaction one is under way at most.
CREATE TABLE transfers (
    organization_id text NOT NULL, id text NOT NULL, interaction_id text NOT NULL, mode text NOT NULL,
    target_type text NOT NULL, target_id text NOT NULL, target_name text NOT NULL,
    agent_id text NOT NULL, agent_name text NOT NULL, origin_id text NOT NULL, offer_id text, note blob, priority integer, skills text NOT NULL,
    requested_at integer NOT NULL, state text NOT NULL, outcome text NOT NULL, ended_at integer, version integer NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX transfers_one_pending ON transfers (organization_id, interaction_id) WHERE state = 'requested';
CREATE INDEX transfers_by_interaction ON transfers (organization_id, interaction_id, id);
ALTER TABLE interactions ADD COLUMN transfer_id text;

-- +goose Down
ALTER TABLE interactions DROP COLUMN transfer_id;
DROP TABLE transfers;
ALTER TABLE participants DROP COLUMN purpose;
