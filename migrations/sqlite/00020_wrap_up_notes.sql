-- +goose Up
-- What an agent noted about a conversation is sealed. The clear column is that of rows that were written before.
ALTER TABLE participants ADD COLUMN sealed_notes blob NOT NULL DEFAULT x'';

-- +goose Down
ALTER TABLE participants DROP COLUMN sealed_notes;
