-- +goose Up
-- What an offer was made for: to serve what waits, to take over from another agent, or to join one.
ALTER TABLE participants ADD COLUMN purpose text NOT NULL DEFAULT 'queue';

-- +goose Down
ALTER TABLE participants DROP COLUMN purpose;
