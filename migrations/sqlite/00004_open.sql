-- +goose Up
-- What sort of address a thread's is, in the word of the connector that it came from.
ALTER TABLE threads ADD COLUMN address_type text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE threads DROP COLUMN address_type;
