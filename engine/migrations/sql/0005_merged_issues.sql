ALTER TABLE issues ADD COLUMN IF NOT EXISTS `merged_into` UInt64;

ALTER TABLE issues ADD COLUMN IF NOT EXISTS `standing` Bool ALIAS merged_into = 0;
