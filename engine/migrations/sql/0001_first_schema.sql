CREATE TABLE IF NOT EXISTS spans
(
    `project_id` UInt64 CODEC(ZSTD(1)),
    `trace_id` String CODEC(ZSTD(1)),
    `span_id` String CODEC(ZSTD(1)),
    `parent_span_id` String CODEC(ZSTD(1)),
    `timestamp` DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
    `duration_ns` UInt64 CODEC(ZSTD(1)),
    `ingested_at` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    `retention_days` UInt16 DEFAULT 30 CODEC(ZSTD(1)),
    `sample_weight` Float64 DEFAULT 1 CODEC(ZSTD(1)),
    `is_segment` Bool,
    `segment_id` String CODEC(ZSTD(1)),
    `segment_name` LowCardinality(String),
    `event_id` String CODEC(ZSTD(1)),
    `name` LowCardinality(String),
    `op` LowCardinality(String),
    `description` String CODEC(ZSTD(1)),
    `status` LowCardinality(String),
    `kind` LowCardinality(String),
    `origin` LowCardinality(String),
    `source` LowCardinality(String),
    `service` LowCardinality(String),
    `platform` LowCardinality(String),
    `environment` LowCardinality(String),
    `release` LowCardinality(String),
    `dist` LowCardinality(String),
    `server_name` LowCardinality(String),
    `sdk_name` LowCardinality(String),
    `sdk_version` LowCardinality(String),
    `user` String CODEC(ZSTD(1)),
    `user_id` String CODEC(ZSTD(1)),
    `user_email` String CODEC(ZSTD(1)),
    `user_username` String CODEC(ZSTD(1)),
    `user_ip` String CODEC(ZSTD(1)),
    `replay_id` String CODEC(ZSTD(1)),
    `profile_id` String CODEC(ZSTD(1)),
    `http_method` LowCardinality(String),
    `http_url` String CODEC(ZSTD(1)),
    `http_status_code` UInt16 CODEC(ZSTD(1)),
    `tags` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `measurements` Map(LowCardinality(String), Float64) CODEC(ZSTD(1)),
    `contexts` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `remarks` Array(LowCardinality(String)) CODEC(ZSTD(1)),
    `payload` String CODEC(ZSTD(1)),
    INDEX trace_id_index `trace_id` TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX event_id_index `event_id` TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX description_index lower(description) TYPE text(tokenizer = 'splitByNonAlpha'),
    INDEX tags_keys mapKeys(tags) TYPE bloom_filter(0.01),
    INDEX tags_values mapValues(tags) TYPE bloom_filter(0.01),
    PROJECTION by_trace (SELECT _part_offset ORDER BY project_id, trace_id)
)
ENGINE = MergeTree
PARTITION BY toMonday(timestamp)
ORDER BY (project_id, toStartOfHour(timestamp), op, timestamp, trace_id, span_id)
TTL toDateTime(timestamp) + toIntervalDay(retention_days)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 67108864;

CREATE TABLE IF NOT EXISTS outcomes
(
    `project_id` UInt64,
    `key_id` UInt64,
    `timestamp` DateTime64(3, 'UTC'),
    `outcome` LowCardinality(String),
    `category` LowCardinality(String),
    `reason` LowCardinality(String),
    `source` LowCardinality(String),
    `quantity` UInt64,
    `bytes` UInt64
)
ENGINE = MergeTree
PARTITION BY toMonday(timestamp)
ORDER BY (project_id, toStartOfHour(timestamp), outcome, category, reason)
TTL toDateTime(timestamp) + toIntervalDay(90)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 67108864;

CREATE TABLE IF NOT EXISTS issues
(
    `project_id` UInt64,
    `issue_id` UInt64,
    `short_id` String,
    `status` LowCardinality(String),
    `substatus` LowCardinality(String),
    `assignee` String,
    `priority` LowCardinality(String),
    `title` String,
    `culprit` String,
    `level` LowCardinality(String),
    `first_seen` DateTime64(6, 'UTC'),
    `row_version` UInt64
)
ENGINE = ReplacingMergeTree(row_version)
ORDER BY (project_id, issue_id)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 67108864;

CREATE TABLE IF NOT EXISTS issue_map_log
(
    `project_id` UInt64,
    `fingerprint` UInt64,
    `issue_id` UInt64,
    `version` UInt64,
    `author` LowCardinality(String)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (project_id, fingerprint)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 67108864;

CREATE DICTIONARY IF NOT EXISTS issue_map
(
    `project_id` UInt64,
    `fingerprint` UInt64,
    `issue_id` UInt64
)
PRIMARY KEY project_id, fingerprint
SOURCE(${issue_map_source})
LIFETIME(0)
LAYOUT(COMPLEX_KEY_HASHED());

CREATE TABLE IF NOT EXISTS errors
(
    `project_id` UInt64 CODEC(ZSTD(1)),
    `event_id` String CODEC(ZSTD(1)),
    `timestamp` DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    `ingested_at` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    `retention_days` UInt16 DEFAULT 90 CODEC(ZSTD(1)),
    `sample_weight` Float64 DEFAULT 1 CODEC(ZSTD(1)),
    `fingerprint` UInt64 CODEC(ZSTD(1)),
    `grouping_version` LowCardinality(String),
    `issue_id` UInt64 ALIAS dictGetOrDefault('issue_map', 'issue_id', (project_id, fingerprint), intHash64(bitXor(fingerprint, intHash64(project_id)))),
    `type` LowCardinality(String),
    `level` LowCardinality(String),
    `platform` LowCardinality(String),
    `logger` LowCardinality(String),
    `title` String CODEC(ZSTD(1)),
    `message` String CODEC(ZSTD(1)),
    `transaction` LowCardinality(String),
    `culprit` LowCardinality(String),
    `environment` LowCardinality(String),
    `release` LowCardinality(String),
    `dist` LowCardinality(String),
    `server_name` LowCardinality(String),
    `sdk_name` LowCardinality(String),
    `sdk_version` LowCardinality(String),
    `user` String CODEC(ZSTD(1)),
    `user_id` String CODEC(ZSTD(1)),
    `user_email` String CODEC(ZSTD(1)),
    `user_username` String CODEC(ZSTD(1)),
    `user_ip` String CODEC(ZSTD(1)),
    `error_type` LowCardinality(String),
    `error_value` String CODEC(ZSTD(1)),
    `error_handled` Nullable(Bool),
    `error_types` Array(LowCardinality(String)) CODEC(ZSTD(1)),
    `error_values` Array(String) CODEC(ZSTD(1)),
    `error_mechanisms` Array(LowCardinality(String)) CODEC(ZSTD(1)),
    `stack_functions` Array(LowCardinality(String)) CODEC(ZSTD(1)),
    `stack_modules` Array(LowCardinality(String)) CODEC(ZSTD(1)),
    `stack_filenames` Array(LowCardinality(String)) CODEC(ZSTD(1)),
    `stack_abs_paths` Array(LowCardinality(String)) CODEC(ZSTD(1)),
    `stack_packages` Array(LowCardinality(String)) CODEC(ZSTD(1)),
    `stack_linenos` Array(UInt32) CODEC(ZSTD(1)),
    `stack_in_app` Array(Bool) CODEC(ZSTD(1)),
    `stack_exceptions` Array(UInt8) CODEC(ZSTD(1)),
    `trace_id` String CODEC(ZSTD(1)),
    `span_id` String CODEC(ZSTD(1)),
    `replay_id` String CODEC(ZSTD(1)),
    `profile_id` String CODEC(ZSTD(1)),
    `http_method` LowCardinality(String),
    `http_url` String CODEC(ZSTD(1)),
    `http_status_code` UInt16 CODEC(ZSTD(1)),
    `tags` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `contexts` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `modules` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `remarks` Array(LowCardinality(String)) CODEC(ZSTD(1)),
    `payload` String CODEC(ZSTD(1)),
    INDEX event_id_index `event_id` TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX message_index lower(message) TYPE text(tokenizer = 'splitByNonAlpha'),
    INDEX trace_id_index `trace_id` TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX tags_keys mapKeys(tags) TYPE bloom_filter(0.01),
    INDEX tags_values mapValues(tags) TYPE bloom_filter(0.01)
)
ENGINE = MergeTree
PARTITION BY toMonday(timestamp)
ORDER BY (project_id, toStartOfHour(timestamp), fingerprint, timestamp, event_id)
TTL toDateTime(timestamp) + toIntervalDay(retention_days)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 67108864;

CREATE TABLE IF NOT EXISTS errors_hourly
(
    `project_id` UInt64,
    `fingerprint` UInt64,
    `hour` DateTime('UTC'),
    `retention_days` SimpleAggregateFunction(max, UInt16),
    `events` SimpleAggregateFunction(sum, UInt64),
    `weight` SimpleAggregateFunction(sum, Float64),
    `users` AggregateFunction(uniq, String),
    `first_seen` SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    `last_seen` SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    `issue_id` UInt64 ALIAS dictGetOrDefault('issue_map', 'issue_id', (project_id, fingerprint), intHash64(bitXor(fingerprint, intHash64(project_id))))
)
ENGINE = AggregatingMergeTree
PARTITION BY toMonday(hour)
ORDER BY (project_id, fingerprint, hour)
TTL hour + toIntervalDay(retention_days)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 67108864;

CREATE MATERIALIZED VIEW IF NOT EXISTS errors_hourly_view TO errors_hourly AS
SELECT project_id, fingerprint, toStartOfHour(timestamp) AS hour, max(retention_days) AS retention_days, count() AS events, sum(sample_weight) AS weight, uniqStateIf(user, user != '') AS users, min(timestamp) AS first_seen, max(timestamp) AS last_seen
FROM errors
GROUP BY project_id, fingerprint, hour;
