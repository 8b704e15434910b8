-- +goose Up
-- What each stretch of an interaction's time was spent on; the last of a line is open. Only ever added to.
CREATE TABLE segments (
    organization_id text NOT NULL, interaction_id text NOT NULL, sequence integer NOT NULL, participant_id text,
    type text NOT NULL, agent_id text, queue_id text, start_at integer NOT NULL, end_at integer, disconnect_type text,
    PRIMARY KEY (organization_id, interaction_id, sequence)
);
ALTER TABLE interactions ADD COLUMN recording integer NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE interactions DROP COLUMN recording;
DROP TABLE segments;
