-- +goose Up
-- Times are Unix milliseconds (UTC). Documents that the program alone reads are JSON in text columns.
-- organization_id leads every key. The exceptions find a row before its organization is known
-- (a client id, an app id) or work off what is due for everybody (timers, lanes, the event log).
-- There are no foreign keys: an organization can be moved, and hot rows are not locked by their children.

CREATE TABLE organizations (
    id text PRIMARY KEY, name text NOT NULL, created_at integer NOT NULL
);
CREATE TABLE settings (
    name text PRIMARY KEY, value text NOT NULL
);
CREATE TABLE signing_keys (
    id text PRIMARY KEY, public_key blob NOT NULL, private_key blob NOT NULL, created_at integer NOT NULL
);
CREATE TABLE oauth_clients (
    organization_id text NOT NULL, id text NOT NULL, name text NOT NULL, secret_hash blob NOT NULL,
    scopes text NOT NULL, agent_id text, version integer NOT NULL, created_at integer NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX oauth_clients_by_id ON oauth_clients (id);

CREATE TABLE queues (
    organization_id text NOT NULL, id text NOT NULL, name text NOT NULL, external_id text, description text,
    alerting_timeout_seconds integer NOT NULL, decline_sets_not_responding integer NOT NULL,
    acw_mode text NOT NULL, wrap_up_code_ids text NOT NULL,
    version integer NOT NULL, created_at integer NOT NULL, updated_at integer NOT NULL, deleted_at integer,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX queues_by_external_id ON queues (organization_id, external_id) WHERE deleted_at IS NULL;
CREATE TABLE queue_members (
    organization_id text NOT NULL, queue_id text NOT NULL, agent_id text NOT NULL,
    ring integer NOT NULL, joined integer NOT NULL,
    PRIMARY KEY (organization_id, queue_id, agent_id)
);
CREATE INDEX queue_members_by_agent ON queue_members (organization_id, agent_id);
CREATE TABLE wrap_up_codes (
    organization_id text NOT NULL, id text NOT NULL, name text NOT NULL, external_id text,
    version integer NOT NULL, created_at integer NOT NULL, updated_at integer NOT NULL, deleted_at integer,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX wrap_up_codes_by_external_id ON wrap_up_codes (organization_id, external_id) WHERE deleted_at IS NULL;
CREATE TABLE agents (
    organization_id text NOT NULL, id text NOT NULL, name text NOT NULL, display_name text, email text,
    scopes text NOT NULL, presence text NOT NULL, presence_note text, not_responding integer NOT NULL,
    alerting integer NOT NULL, connected integer NOT NULL, wrap_up integer NOT NULL, idle_since integer NOT NULL,
    version integer NOT NULL, created_at integer NOT NULL, updated_at integer NOT NULL, deleted_at integer,
    PRIMARY KEY (organization_id, id)
);

CREATE TABLE platform_apps (
    organization_id text NOT NULL, id text NOT NULL, platform text NOT NULL, name text NOT NULL,
    secrets blob NOT NULL, verify_token blob NOT NULL,
    version integer NOT NULL, created_at integer NOT NULL, updated_at integer NOT NULL, deleted_at integer,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX platform_apps_by_id ON platform_apps (id);
CREATE TABLE channels (
    organization_id text NOT NULL, id text NOT NULL, name text NOT NULL, external_id text, app_id text NOT NULL,
    kind text NOT NULL, account_id text NOT NULL, credentials blob NOT NULL, queue_id text,
    settings text NOT NULL, status text NOT NULL,
    version integer NOT NULL, created_at integer NOT NULL, updated_at integer NOT NULL, deleted_at integer,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX channels_by_account ON channels (organization_id, kind, account_id) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX channels_by_external_id ON channels (organization_id, external_id) WHERE deleted_at IS NULL;

CREATE TABLE contacts (
    organization_id text NOT NULL, id text NOT NULL, channel_id text NOT NULL, address text NOT NULL,
    display_name text, created_at integer NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE TABLE threads (
    organization_id text NOT NULL, id text NOT NULL, channel_id text NOT NULL, contact_id text NOT NULL,
    address text NOT NULL, open_interaction_id text, last_interaction_id text, position integer NOT NULL,
    last_inbound_at integer, delivered_up_to integer, read_up_to integer, pending_receipts text NOT NULL,
    version integer NOT NULL, created_at integer NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX threads_by_address ON threads (organization_id, channel_id, address);

CREATE TABLE interactions (
    organization_id text NOT NULL, id text NOT NULL, thread_id text NOT NULL, channel_id text NOT NULL,
    contact_id text NOT NULL, channel_kind text NOT NULL, queue_id text, previous_id text, origin text NOT NULL, state text NOT NULL,
    owner_id text, offered_id text, priority integer NOT NULL, score integer NOT NULL, enqueued_at integer NOT NULL,
    requeue_count integer NOT NULL, sequence integer NOT NULL, position integer NOT NULL,
    connected_at integer, disconnected_at integer, disconnect_type text, closed_at integer,
    version integer NOT NULL, created_at integer NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX interactions_open ON interactions (organization_id, thread_id) WHERE state <> 'disconnected';
CREATE INDEX interactions_waiting ON interactions (organization_id, queue_id, score, id) WHERE state = 'queued';
CREATE INDEX interactions_by_state ON interactions (organization_id, state, id);
CREATE INDEX interactions_by_queue ON interactions (organization_id, queue_id, id);
CREATE INDEX interactions_by_contact ON interactions (organization_id, contact_id, id);
CREATE INDEX interactions_by_channel ON interactions (organization_id, channel_id, id);

CREATE TABLE participants (
    organization_id text NOT NULL, id text NOT NULL, interaction_id text NOT NULL, agent_id text NOT NULL,
    agent_name text NOT NULL, queue_id text, state text NOT NULL, offer text NOT NULL, answered_by text NOT NULL,
    offered_at integer NOT NULL, expires_at integer NOT NULL, joined_at integer, left_at integer,
    wrap_up_required integer, wrap_up_state text, wrap_up_code_ids text, wrap_up_notes text,
    wrap_up_started_at integer, wrap_up_submitted_at integer, version integer NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX participants_one_offer ON participants (organization_id, interaction_id) WHERE offer = 'pending';
CREATE INDEX participants_by_interaction ON participants (organization_id, interaction_id, id);
CREATE INDEX participants_by_agent ON participants (organization_id, agent_id, state, interaction_id);
CREATE INDEX participants_due ON participants (expires_at) WHERE offer = 'pending';

CREATE TABLE messages (
    organization_id text NOT NULL, id text NOT NULL, interaction_id text NOT NULL, thread_id text NOT NULL,
    channel_id text NOT NULL, position integer NOT NULL, direction text NOT NULL, kind text NOT NULL,
    visibility text NOT NULL, sender_type text NOT NULL, sender_id text NOT NULL, sender_name text, sender_label text,
    body text, attachments text NOT NULL, in_reply_to text, platform_message_id text, platform_time integer,
    created_at integer NOT NULL, status text NOT NULL, failure_code text, attempts integer NOT NULL, sent_at integer,
    reconciled integer NOT NULL, send_group_id text NOT NULL, client_message_id text, resend_of text, resent_as text,
    version integer NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX messages_by_position ON messages (organization_id, thread_id, position);
CREATE INDEX messages_by_interaction ON messages (organization_id, interaction_id, position);
CREATE UNIQUE INDEX messages_by_platform_id ON messages (organization_id, channel_id, platform_message_id)
    WHERE platform_message_id IS NOT NULL;
CREATE UNIQUE INDEX messages_by_client_id ON messages (organization_id, channel_id, client_message_id)
    WHERE client_message_id IS NOT NULL;
CREATE INDEX messages_awaiting_receipt ON messages (organization_id, thread_id, position)
    WHERE status IN ('sending', 'sent', 'pending_recipient', 'delivered', 'unconfirmed', 'failed');
CREATE TABLE attempts (
    organization_id text NOT NULL, id text NOT NULL, message_id text NOT NULL, number integer NOT NULL,
    state text NOT NULL, platform_message_id text, platform_status integer NOT NULL, platform_code text NOT NULL,
    started_at integer NOT NULL, finished_at integer,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX attempts_by_message ON attempts (organization_id, message_id, number);

-- Work that must not be lost. run_at is business time, lease_until is machine time: one column for both would
-- send twice when the sandbox moves the clock. The smallest position of a lane goes first and blocks the rest.
CREATE TABLE jobs (
    organization_id text NOT NULL, id text NOT NULL, kind text NOT NULL, lane_id text NOT NULL, position integer NOT NULL,
    subject_id text NOT NULL, resource_id text NOT NULL, stage text NOT NULL, tries integer NOT NULL,
    run_at integer NOT NULL, give_up_at integer, lease_until integer NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX jobs_by_lane ON jobs (organization_id, lane_id, position);
CREATE INDEX jobs_by_subject ON jobs (organization_id, subject_id);
CREATE INDEX jobs_due ON jobs (kind, run_at);

CREATE TABLE inbox (
    organization_id text NOT NULL, id text NOT NULL, app_id text NOT NULL, kind text NOT NULL, account_id text NOT NULL,
    field text NOT NULL, contact text NOT NULL, lane integer NOT NULL, dedupe_key text NOT NULL, payload blob NOT NULL,
    state text NOT NULL, fault text NOT NULL, received_at integer NOT NULL, applied_at integer,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX inbox_once ON inbox (organization_id, app_id, account_id, dedupe_key);
CREATE INDEX inbox_pending ON inbox (lane, id) WHERE state = 'pending';
CREATE TABLE lanes (lane integer PRIMARY KEY);
WITH RECURSIVE n (lane) AS (SELECT 0 UNION ALL SELECT lane + 1 FROM n WHERE lane < 63) INSERT INTO lanes SELECT lane FROM n;

CREATE TABLE events (
    organization_id text NOT NULL, id text NOT NULL, type text NOT NULL, time integer NOT NULL, subject text NOT NULL,
    interaction_id text, sequence integer, queue_id text, agent_id text, actor text NOT NULL, data text NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX events_by_sequence ON events (organization_id, interaction_id, sequence) WHERE interaction_id IS NOT NULL;
-- The one writer numbers events directly, so positions follow the order of commits.
CREATE TABLE event_log (
    position integer PRIMARY KEY AUTOINCREMENT, organization_id text NOT NULL, event_id text NOT NULL
);
CREATE INDEX event_log_by_organization ON event_log (organization_id, position);

CREATE TABLE idempotency_keys (
    organization_id text NOT NULL, client_id text NOT NULL, operation text NOT NULL, key text NOT NULL,
    fingerprint blob NOT NULL, status integer NOT NULL, headers text NOT NULL, body blob NOT NULL,
    request_id text NOT NULL, created_at integer NOT NULL,
    PRIMARY KEY (organization_id, client_id, operation, key)
);

-- +goose Down
DROP TABLE idempotency_keys;
DROP TABLE event_log;
DROP TABLE events;
DROP TABLE lanes;
DROP TABLE inbox;
DROP TABLE jobs;
DROP TABLE attempts;
DROP TABLE messages;
DROP TABLE participants;
DROP TABLE interactions;
DROP TABLE threads;
DROP TABLE contacts;
DROP TABLE channels;
DROP TABLE platform_apps;
DROP TABLE agents;
DROP TABLE wrap_up_codes;
DROP TABLE queue_members;
DROP TABLE queues;
DROP TABLE oauth_clients;
DROP TABLE signing_keys;
DROP TABLE settings;
DROP TABLE organizations;
