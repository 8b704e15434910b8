-- +goose Up
-- What a queue does beside offering, and what waiting work asks for. class groups the work of a queue that the same
-- agents can take, so that a look at a queue costs by its classes and not by who waits.
ALTER TABLE queues ADD COLUMN rules text NOT NULL DEFAULT '{"AutoAnswer":{"Always":false,"Kinds":{}},"Routing":{"Method":"conversation_score","Evaluation":"all","Skills":[],"Rings":[],"Affinity":{"Enabled":false,"WindowMinutes":4320},"ExcludeDeclinersSeconds":0,"MaxRequeues":null},"Priority":0,"ServiceLevel":{"Percentage":0.8,"Seconds":20},"Hours":null,"MaxWaiting":null,"ReplyLanguage":null}';
ALTER TABLE queues ADD COLUMN overflow_queue_id uuid;
ALTER TABLE interactions ADD COLUMN scoring text NOT NULL DEFAULT 'conversation_score';
ALTER TABLE interactions ADD COLUMN skills text NOT NULL DEFAULT '[]';
ALTER TABLE interactions ADD COLUMN ring bigint NOT NULL DEFAULT 1;
ALTER TABLE interactions ADD COLUMN ring_due_at bigint;
ALTER TABLE interactions ADD COLUMN class text NOT NULL DEFAULT '';
CREATE INDEX interactions_by_class ON interactions (organization_id, queue_id, class, score, id) WHERE state = 'queued';
CREATE INDEX interactions_widening ON interactions (ring_due_at) WHERE state = 'queued' AND ring_due_at IS NOT NULL;
CREATE INDEX interactions_requeued ON interactions (organization_id, queue_id, requeue_count) WHERE state = 'queued' AND requeue_count > 0;
CREATE INDEX queues_by_overflow ON queues (organization_id, overflow_queue_id) WHERE overflow_queue_id IS NOT NULL;

-- +goose Down
DROP INDEX queues_by_overflow;
DROP INDEX interactions_requeued;
DROP INDEX interactions_widening;
DROP INDEX interactions_by_class;
ALTER TABLE interactions DROP COLUMN class;
ALTER TABLE interactions DROP COLUMN ring_due_at;
ALTER TABLE interactions DROP COLUMN ring;
ALTER TABLE interactions DROP COLUMN skills;
ALTER TABLE interactions DROP COLUMN scoring;
ALTER TABLE queues DROP COLUMN overflow_queue_id;
ALTER TABLE queues DROP COLUMN rules;
