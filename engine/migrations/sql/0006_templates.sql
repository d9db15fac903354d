CREATE TABLE IF NOT EXISTS template_map_log
(
    `project_id` UInt64,
    `template_id` UInt64,
    `refined_id` UInt64,
    `decided` UInt8,
    `version` UInt64,
    `author` LowCardinality(String)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (project_id, template_id)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 67108864;

CREATE DICTIONARY IF NOT EXISTS template_map
(
    `project_id` UInt64,
    `template_id` UInt64,
    `refined_id` UInt64,
    `decided` UInt8
)
PRIMARY KEY project_id, template_id
SOURCE(${template_map_source})
LIFETIME(0)
LAYOUT(COMPLEX_KEY_HASHED());

ALTER TABLE logs ADD COLUMN IF NOT EXISTS `refined_template_id` UInt64 ALIAS dictGetOrDefault('template_map', 'refined_id', (project_id, template_id), template_id) AFTER `template_id`;

ALTER TABLE logs ADD COLUMN IF NOT EXISTS `template_decided` Bool ALIAS dictGetOrDefault('template_map', 'decided', (project_id, template_id), toUInt8(0)) = 1 AFTER `refined_template_id`;
