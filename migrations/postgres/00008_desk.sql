-- +goose Up
-- What each stretch of an interaction's time was spent on; the last of a line is open. Only ever added to.
CREATE TABLE segments (
    organization_id uuid NOT NULL, interaction_id uuid NOT NULL, sequence bigint NOT NULL, participant_id uuid,
    type text NOT NULL, agent_id uuid, queue_id uuid, start_at bigint NOT NULL, end_at bigint, disconnect_type text,
    PRIMARY KEY (organization_id, interaction_id, sequence)
);
ALTER TABLE interactions ADD COLUMN recording boolean NOT NULL DEFAULT false;

-- +goose Down
ALTER TABLE interactions DROP COLUMN recording;
DROP TABLE segments;
