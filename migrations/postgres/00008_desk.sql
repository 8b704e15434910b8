-- +goose Up
-- What each stretch of an interaction's time was spent on; the last of a line is open. Only ever added to.
CREATE TABLE segments (
    organization_id uuid NOT NULL, interaction_id uuid NOT NULL, sequence bigint NOT NULL, participant_id uuid,
    type text NOT NULL, agent_id uuid, queue_id uuid, start_at bigint NOT NULL, end_at bigint, disconnect_type text,
    PRIMARY KEY (organization_id, interaction_id, sequence)
);
ALTER TABLE interactions ADD COLUMN recording boolean NOT NULL DEFAULT false;
-- The inactivity rule under which an agent got an interaction, and when it has something to do next.
ALTER TABLE interactions ADD COLUMN inactivity text;
ALTER TABLE interactions ADD COLUMN inactive_at bigint;
ALTER TABLE interactions ADD COLUMN inactivity_warned boolean NOT NULL DEFAULT false;
CREATE INDEX interactions_inactive ON interactions (inactive_at) WHERE inactive_at IS NOT NULL;
-- For the check that offers are made to agents who are ready: the events of an agent's own.
CREATE INDEX events_of_agents ON events (organization_id, agent_id, id) WHERE interaction_id IS NULL;

-- +goose Down
DROP INDEX events_of_agents;
DROP INDEX interactions_inactive;
ALTER TABLE interactions DROP COLUMN inactivity_warned;
ALTER TABLE interactions DROP COLUMN inactive_at;
ALTER TABLE interactions DROP COLUMN inactivity;
ALTER TABLE interactions DROP COLUMN recording;
DROP TABLE segments;
