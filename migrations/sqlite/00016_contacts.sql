-- +goose Up
-- What the organization says of a contact: content, which is sealed, has their name and what was noted of them;
-- customer_id is the customer's in a system of the organization's, and several contacts may have the same.
ALTER TABLE contacts ADD COLUMN content blob NOT NULL DEFAULT x'';
ALTER TABLE contacts ADD COLUMN customer_id text;
ALTER TABLE contacts ADD COLUMN version integer NOT NULL DEFAULT 1;
ALTER TABLE contacts ADD COLUMN updated_at integer NOT NULL DEFAULT 0;
ALTER TABLE contacts ADD COLUMN erased_at integer;
CREATE INDEX contacts_by_address ON contacts (organization_id, address, id);
CREATE INDEX contacts_by_customer ON contacts (organization_id, customer_id, id) WHERE customer_id IS NOT NULL;
CREATE INDEX threads_by_contact ON threads (organization_id, contact_id);
-- Contacts that were erased: how far that has come, what there was, and who asked for it. Nothing in it tells who they were,
-- but for identities, which is sealed, and empty once nothing is left. Of the inbox, what is below the boundary came before.
CREATE TABLE contact_erasures (
    organization_id text NOT NULL, contact_id text NOT NULL, boundary text NOT NULL, actor text NOT NULL, counts text NOT NULL,
    identities blob NOT NULL, requested_at integer NOT NULL, finished_at integer,
    PRIMARY KEY (organization_id, contact_id)
);
CREATE INDEX contact_erasures_under_way ON contact_erasures (requested_at) WHERE finished_at IS NULL;
CREATE INDEX inbox_of_contact ON inbox (organization_id, contact, id) WHERE contact <> '';
-- Addresses that were erased, and the ids of their messages, as keyed hashes: what a platform repeats of them brings nobody back.
CREATE TABLE erased_identities (
    organization_id text NOT NULL, channel_id text NOT NULL, hash text NOT NULL, erased_at integer NOT NULL,
    PRIMARY KEY (organization_id, channel_id, hash)
);

-- +goose Down
DROP INDEX inbox_of_contact;
DROP TABLE erased_identities;
DROP TABLE contact_erasures;
DROP INDEX threads_by_contact;
DROP INDEX contacts_by_customer;
DROP INDEX contacts_by_address;
ALTER TABLE contacts DROP COLUMN erased_at;
ALTER TABLE contacts DROP COLUMN updated_at;
ALTER TABLE contacts DROP COLUMN version;
ALTER TABLE contacts DROP COLUMN customer_id;
ALTER TABLE contacts DROP COLUMN content;
