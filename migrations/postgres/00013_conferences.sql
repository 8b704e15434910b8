-- +goose Up
-- The latest conference of an interaction: who asked whom, and how it stands.
ALTER TABLE interactions ADD COLUMN conference text;

-- +goose Down
ALTER TABLE interactions DROP COLUMN conference;
