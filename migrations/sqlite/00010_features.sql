-- +goose Up
-- What an organization does without: everything is on that is not in the list, also what comes later.
ALTER TABLE organizations ADD COLUMN features_off text NOT NULL DEFAULT '[]';
CREATE INDEX organizations_without_features ON organizations (id) WHERE features_off <> '[]';

-- +goose Down
DROP INDEX organizations_without_features;
ALTER TABLE organizations DROP COLUMN features_off;
