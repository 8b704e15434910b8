-- +goose Up
-- The other address by which a platform named a customer with their last message.
ALTER TABLE threads ADD COLUMN alias text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE threads DROP COLUMN alias;
