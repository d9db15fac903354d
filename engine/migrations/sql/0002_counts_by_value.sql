DROP VIEW IF EXISTS errors_values_hourly_view;

DROP TABLE IF EXISTS errors_values_hourly;

CREATE TABLE IF NOT EXISTS errors_values_hourly
(
    `project_id` UInt64,
    `dimension` LowCardinality(String),
    `value` LowCardinality(String),
    `hour` DateTime('UTC'),
    `retention_days` UInt16,
    `events` SimpleAggregateFunction(sum, UInt64),
    `first_seen` SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    `last_seen` SimpleAggregateFunction(max, DateTime64(6, 'UTC'))
)
ENGINE = AggregatingMergeTree
PARTITION BY toMonday(hour)
ORDER BY (dimension, project_id, value, hour, retention_days)
TTL hour + toIntervalDay(retention_days)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 67108864;

INSERT INTO errors_values_hourly (project_id, dimension, value, hour, retention_days, events, first_seen, last_seen)
SELECT project_id, dimension, value, toStartOfHour(timestamp) AS hour, retention_days, count() AS events, min(timestamp) AS first_seen, max(timestamp) AS last_seen
FROM errors
ARRAY JOIN ['', 'level', 'environment', 'release', 'error_type', 'platform', 'server_name'] AS dimension, ['', toString(level), toString(environment), toString(release), toString(error_type), toString(platform), toString(server_name)] AS value
GROUP BY project_id, dimension, value, hour, retention_days
SETTINGS max_partitions_per_insert_block = 0, max_bytes_before_external_group_by = 1073741824;

CREATE MATERIALIZED VIEW IF NOT EXISTS errors_values_hourly_view TO errors_values_hourly AS
SELECT project_id, dimension, value, toStartOfHour(timestamp) AS hour, retention_days, count() AS events, min(timestamp) AS first_seen, max(timestamp) AS last_seen
FROM errors
ARRAY JOIN ['', 'level', 'environment', 'release', 'error_type', 'platform', 'server_name'] AS dimension, ['', toString(level), toString(environment), toString(release), toString(error_type), toString(platform), toString(server_name)] AS value
GROUP BY project_id, dimension, value, hour, retention_days;

ALTER TABLE errors ADD INDEX IF NOT EXISTS title_index lower(title) TYPE text(tokenizer = 'splitByNonAlpha') AFTER event_id_index;

ALTER TABLE errors MATERIALIZE INDEX title_index SETTINGS mutations_sync = 0;
