-- +goose Up
-- How long after-contact work may take, and how long after that its codes may take the place of the timeout's.
ALTER TABLE queues ADD COLUMN acw_timeout_seconds integer NOT NULL DEFAULT 0;
ALTER TABLE queues ADD COLUMN acw_grace_seconds integer NOT NULL DEFAULT 0;
-- Whether the agent asked for after-contact work, how the queue asked for it, and when it ends by itself.
ALTER TABLE participants ADD COLUMN wrap_up_requested integer NOT NULL DEFAULT 0;
ALTER TABLE participants ADD COLUMN wrap_up_prompt text;
ALTER TABLE participants ADD COLUMN wrap_up_deadline integer;
ALTER TABLE participants ADD COLUMN wrap_up_grace_until integer;
CREATE INDEX participants_wrap_up_due ON participants (wrap_up_deadline) WHERE state = 'wrapup' AND wrap_up_deadline IS NOT NULL;
-- Whether the agent said that the customer agrees to the end.
ALTER TABLE interactions ADD COLUMN customer_consent integer;
-- What agents have begun to write and not sent, each for themselves; it is sealed.
CREATE TABLE drafts (
    organization_id text NOT NULL, interaction_id text NOT NULL, agent_id text NOT NULL,
    content blob NOT NULL, unsent integer NOT NULL, updated_at integer NOT NULL,
    PRIMARY KEY (organization_id, interaction_id, agent_id)
);
CREATE INDEX drafts_of_agents ON drafts (organization_id, agent_id) WHERE unsent;

-- +goose Down
DROP TABLE drafts;
ALTER TABLE interactions DROP COLUMN customer_consent;
DROP INDEX participants_wrap_up_due;
ALTER TABLE participants DROP COLUMN wrap_up_grace_until;
ALTER TABLE participants DROP COLUMN wrap_up_deadline;
ALTER TABLE participants DROP COLUMN wrap_up_prompt;
ALTER TABLE participants DROP COLUMN wrap_up_requested;
ALTER TABLE queues DROP COLUMN acw_grace_seconds;
ALTER TABLE queues DROP COLUMN acw_timeout_seconds;
