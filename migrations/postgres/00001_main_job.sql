-- +goose Up
-- Times are Unix milliseconds (UTC). Documents that the program alone reads are JSON in text columns.
-- organization_id leads every key. The exceptions find a row before its organization is known
-- (a client id, an app id) or work off what is due for everybody (timers, lanes, the event log).
-- There are no foreign keys: an organization can be moved, and hot rows are not locked by their children.

CREATE TABLE organizations (
    id uuid PRIMARY KEY, name text NOT NULL, created_at bigint NOT NULL
);
CREATE TABLE settings (
    name text PRIMARY KEY, value text NOT NULL
);
CREATE TABLE signing_keys (
    id text PRIMARY KEY, public_key bytea NOT NULL, private_key bytea NOT NULL, created_at bigint NOT NULL
);
CREATE TABLE oauth_clients (
    organization_id uuid NOT NULL, id text NOT NULL, name text NOT NULL, secret_hash bytea NOT NULL,
    scopes text NOT NULL, agent_id uuid, version bigint NOT NULL, created_at bigint NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX oauth_clients_by_id ON oauth_clients (id);

CREATE TABLE queues (
    organization_id uuid NOT NULL, id uuid NOT NULL, name text NOT NULL, external_id text, description text,
    alerting_timeout_seconds bigint NOT NULL, decline_sets_not_responding boolean NOT NULL,
    acw_mode text NOT NULL, wrap_up_code_ids text NOT NULL,
    version bigint NOT NULL, created_at bigint NOT NULL, updated_at bigint NOT NULL, deleted_at bigint,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX queues_by_external_id ON queues (organization_id, external_id) WHERE deleted_at IS NULL;
CREATE TABLE queue_members (
    organization_id uuid NOT NULL, queue_id uuid NOT NULL, agent_id uuid NOT NULL,
    ring bigint NOT NULL, joined boolean NOT NULL,
    PRIMARY KEY (organization_id, queue_id, agent_id)
);
CREATE INDEX queue_members_by_agent ON queue_members (organization_id, agent_id);
CREATE TABLE wrap_up_codes (
    organization_id uuid NOT NULL, id uuid NOT NULL, name text NOT NULL, external_id text,
    version bigint NOT NULL, created_at bigint NOT NULL, updated_at bigint NOT NULL, deleted_at bigint,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX wrap_up_codes_by_external_id ON wrap_up_codes (organization_id, external_id) WHERE deleted_at IS NULL;
CREATE TABLE agents (
    organization_id uuid NOT NULL, id uuid NOT NULL, name text NOT NULL, display_name text, email text,
    scopes text NOT NULL, presence text NOT NULL, presence_note text, not_responding boolean NOT NULL,
    alerting bigint NOT NULL, connected bigint NOT NULL, wrap_up bigint NOT NULL, idle_since bigint NOT NULL,
    version bigint NOT NULL, created_at bigint NOT NULL, updated_at bigint NOT NULL, deleted_at bigint,
    PRIMARY KEY (organization_id, id)
) WITH (fillfactor = 70);

CREATE TABLE platform_apps (
    organization_id uuid NOT NULL, id uuid NOT NULL, platform text NOT NULL, name text NOT NULL,
    secrets bytea NOT NULL, verify_token bytea NOT NULL,
    version bigint NOT NULL, created_at bigint NOT NULL, updated_at bigint NOT NULL, deleted_at bigint,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX platform_apps_by_id ON platform_apps (id);
CREATE TABLE channels (
    organization_id uuid NOT NULL, id uuid NOT NULL, name text NOT NULL, external_id text, app_id uuid NOT NULL,
    kind text NOT NULL, account_id text NOT NULL, credentials bytea NOT NULL, queue_id uuid,
    settings text NOT NULL, status text NOT NULL,
    version bigint NOT NULL, created_at bigint NOT NULL, updated_at bigint NOT NULL, deleted_at bigint,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX channels_by_account ON channels (organization_id, kind, account_id) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX channels_by_external_id ON channels (organization_id, external_id) WHERE deleted_at IS NULL;

CREATE TABLE contacts (
    organization_id uuid NOT NULL, id uuid NOT NULL, channel_id uuid NOT NULL, address text NOT NULL,
    display_name text, created_at bigint NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE TABLE threads (
    organization_id uuid NOT NULL, id uuid NOT NULL, channel_id uuid NOT NULL, contact_id uuid NOT NULL,
    address text NOT NULL, open_interaction_id uuid, last_interaction_id uuid, position bigint NOT NULL,
    last_inbound_at bigint, delivered_up_to bigint, read_up_to bigint, pending_receipts text NOT NULL,
    version bigint NOT NULL, created_at bigint NOT NULL,
    PRIMARY KEY (organization_id, id)
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX threads_by_address ON threads (organization_id, channel_id, address);

CREATE TABLE interactions (
    organization_id uuid NOT NULL, id uuid NOT NULL, thread_id uuid NOT NULL, channel_id uuid NOT NULL,
    contact_id uuid NOT NULL, channel_kind text NOT NULL, queue_id uuid, previous_id uuid, origin text NOT NULL, state text NOT NULL,
    owner_id uuid, offered_id uuid, priority bigint NOT NULL, score bigint NOT NULL, enqueued_at bigint NOT NULL,
    requeue_count bigint NOT NULL, sequence bigint NOT NULL, position bigint NOT NULL,
    connected_at bigint, disconnected_at bigint, disconnect_type text, closed_at bigint,
    version bigint NOT NULL, created_at bigint NOT NULL,
    PRIMARY KEY (organization_id, id)
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX interactions_open ON interactions (organization_id, thread_id) WHERE state <> 'disconnected';
CREATE INDEX interactions_waiting ON interactions (organization_id, queue_id, score, id) WHERE state = 'queued';
CREATE INDEX interactions_by_state ON interactions (organization_id, state, id);
CREATE INDEX interactions_by_queue ON interactions (organization_id, queue_id, id);
CREATE INDEX interactions_by_contact ON interactions (organization_id, contact_id, id);
CREATE INDEX interactions_by_channel ON interactions (organization_id, channel_id, id);

CREATE TABLE participants (
    organization_id uuid NOT NULL, id uuid NOT NULL, interaction_id uuid NOT NULL, agent_id uuid NOT NULL,
    agent_name text NOT NULL, queue_id uuid, state text NOT NULL, offer text NOT NULL, answered_by text NOT NULL,
    offered_at bigint NOT NULL, expires_at bigint NOT NULL, joined_at bigint, left_at bigint,
    wrap_up_required boolean, wrap_up_state text, wrap_up_code_ids text, wrap_up_notes text,
    wrap_up_started_at bigint, wrap_up_submitted_at bigint, version bigint NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX participants_one_offer ON participants (organization_id, interaction_id) WHERE offer = 'pending';
CREATE INDEX participants_by_interaction ON participants (organization_id, interaction_id, id);
CREATE INDEX participants_by_agent ON participants (organization_id, agent_id, state, interaction_id);
CREATE INDEX participants_due ON participants (expires_at) WHERE offer = 'pending';

CREATE TABLE messages (
    organization_id uuid NOT NULL, id uuid NOT NULL, interaction_id uuid NOT NULL, thread_id uuid NOT NULL,
    channel_id uuid NOT NULL, position bigint NOT NULL, direction text NOT NULL, kind text NOT NULL,
    visibility text NOT NULL, sender_type text NOT NULL, sender_id text NOT NULL, sender_name text, sender_label text,
    body text, attachments text NOT NULL, in_reply_to uuid, platform_message_id text, platform_time bigint,
    created_at bigint NOT NULL, status text NOT NULL, failure_code text, attempts bigint NOT NULL, sent_at bigint,
    reconciled boolean NOT NULL, send_group_id text NOT NULL, client_message_id text, resend_of uuid, resent_as uuid,
    version bigint NOT NULL,
    PRIMARY KEY (organization_id, id)
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX messages_by_position ON messages (organization_id, thread_id, position);
CREATE INDEX messages_by_interaction ON messages (organization_id, interaction_id, position);
CREATE UNIQUE INDEX messages_by_platform_id ON messages (organization_id, channel_id, platform_message_id)
    WHERE platform_message_id IS NOT NULL;
CREATE UNIQUE INDEX messages_by_client_id ON messages (organization_id, channel_id, client_message_id)
    WHERE client_message_id IS NOT NULL;
CREATE INDEX messages_awaiting_receipt ON messages (organization_id, thread_id, position)
    WHERE status IN ('sending', 'sent', 'pending_recipient', 'delivered', 'unconfirmed', 'failed');
CREATE TABLE attempts (
    organization_id uuid NOT NULL, id uuid NOT NULL, message_id uuid NOT NULL, number bigint NOT NULL,
    state text NOT NULL, platform_message_id text, platform_status bigint NOT NULL, platform_code text NOT NULL,
    started_at bigint NOT NULL, finished_at bigint,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX attempts_by_message ON attempts (organization_id, message_id, number);

-- Work that must not be lost. run_at is business time, lease_until is machine time: one column for both would
-- send twice when the sandbox moves the clock. The smallest position of a lane goes first and blocks the rest.
CREATE TABLE jobs (
    organization_id uuid NOT NULL, id uuid NOT NULL, kind text NOT NULL, lane_id uuid NOT NULL, position bigint NOT NULL,
    subject_id uuid NOT NULL, resource_id uuid NOT NULL, stage text NOT NULL, tries bigint NOT NULL,
    run_at bigint NOT NULL, give_up_at bigint, lease_until bigint NOT NULL,
    PRIMARY KEY (organization_id, id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CREATE UNIQUE INDEX jobs_by_lane ON jobs (organization_id, lane_id, position);
CREATE INDEX jobs_by_subject ON jobs (organization_id, subject_id);
CREATE INDEX jobs_due ON jobs (kind, run_at);

CREATE TABLE inbox (
    organization_id uuid NOT NULL, id uuid NOT NULL, app_id uuid NOT NULL, kind text NOT NULL, account_id text NOT NULL,
    field text NOT NULL, contact text NOT NULL, lane bigint NOT NULL, dedupe_key text NOT NULL, payload bytea NOT NULL,
    state text NOT NULL, fault text NOT NULL, received_at bigint NOT NULL, applied_at bigint,
    PRIMARY KEY (organization_id, id)
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX inbox_once ON inbox (organization_id, app_id, account_id, dedupe_key);
CREATE INDEX inbox_pending ON inbox (lane, id) WHERE state = 'pending';
CREATE TABLE lanes (lane bigint PRIMARY KEY);
INSERT INTO lanes SELECT generate_series(0, 63);

CREATE TABLE events (
    organization_id uuid NOT NULL, id uuid NOT NULL, type text NOT NULL, time bigint NOT NULL, subject text NOT NULL,
    interaction_id uuid, sequence bigint, queue_id uuid, agent_id uuid, actor text NOT NULL, data text NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX events_by_sequence ON events (organization_id, interaction_id, sequence) WHERE interaction_id IS NOT NULL;
CREATE TABLE event_new (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, organization_id uuid NOT NULL, event_id uuid NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CREATE TABLE event_log (
    organization_id uuid NOT NULL, position bigint NOT NULL, event_id uuid NOT NULL,
    PRIMARY KEY (organization_id, position)
);
CREATE TABLE event_tail (position bigint NOT NULL);
INSERT INTO event_tail VALUES (0);

CREATE TABLE idempotency_keys (
    organization_id uuid NOT NULL, client_id text NOT NULL, operation text NOT NULL, key text NOT NULL,
    fingerprint bytea NOT NULL, status bigint NOT NULL, headers text NOT NULL, body bytea NOT NULL,
    request_id text NOT NULL, created_at bigint NOT NULL,
    PRIMARY KEY (organization_id, client_id, operation, key)
);

-- +goose Down
DROP TABLE idempotency_keys, event_tail, event_log, event_new, events, lanes, inbox, jobs, attempts, messages, participants,
    interactions, threads, contacts, channels, platform_apps, agents, wrap_up_codes, queue_members, queues,
    oauth_clients, signing_keys, settings, organizations;
