ALTER TABLE issues ADD COLUMN IF NOT EXISTS `first_release` String;

ALTER TABLE issues ADD COLUMN IF NOT EXISTS `resolved_in` String;
