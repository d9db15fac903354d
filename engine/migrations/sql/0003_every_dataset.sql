CREATE TABLE IF NOT EXISTS logs
(
    `project_id` UInt64 CODEC(ZSTD(1)),
    `id` String CODEC(ZSTD(1)),
    `timestamp` DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
    `ingested_at` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    `retention_days` UInt16 DEFAULT 30 CODEC(ZSTD(1)),
    `sample_weight` Float64 DEFAULT 1 CODEC(ZSTD(1)),
    `trace_id` String CODEC(ZSTD(1)),
    `span_id` String CODEC(ZSTD(1)),
    `level` LowCardinality(String),
    `severity_number` UInt8 CODEC(ZSTD(1)),
    `body` String CODEC(ZSTD(1)),
    `template` String CODEC(ZSTD(1)),
    `template_id` UInt64 CODEC(ZSTD(1)),
    `logger` LowCardinality(String),
    `event_name` LowCardinality(String),
    `environment` LowCardinality(String),
    `release` LowCardinality(String),
    `service` LowCardinality(String),
    `platform` LowCardinality(String),
    `server_name` LowCardinality(String),
    `sdk_name` LowCardinality(String),
    `sdk_version` LowCardinality(String),
    `user` String CODEC(ZSTD(1)),
    `user_id` String CODEC(ZSTD(1)),
    `user_email` String CODEC(ZSTD(1)),
    `user_username` String CODEC(ZSTD(1)),
    `user_ip` String CODEC(ZSTD(1)),
    `replay_id` String CODEC(ZSTD(1)),
    `measurements` Map(LowCardinality(String), Float64) CODEC(ZSTD(1)),
    `contexts` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `tags` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `remarks` Array(LowCardinality(String)) CODEC(ZSTD(1)),
    `payload` String CODEC(ZSTD(1)),
    INDEX id_index `id` TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX trace_id_index `trace_id` TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX body_index lower(body) TYPE text(tokenizer = 'splitByNonAlpha'),
    INDEX tags_keys mapKeys(tags) TYPE bloom_filter(0.01),
    INDEX tags_values mapValues(tags) TYPE bloom_filter(0.01)
)
ENGINE = MergeTree
PARTITION BY toMonday(timestamp)
ORDER BY (project_id, toStartOfHour(timestamp), level, template_id, timestamp, id)
TTL toDateTime(timestamp) + toIntervalDay(retention_days)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 67108864;

CREATE TABLE IF NOT EXISTS metrics
(
    `project_id` UInt64 CODEC(ZSTD(1)),
    `id` String CODEC(ZSTD(1)),
    `timestamp` DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
    `ingested_at` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    `retention_days` UInt16 DEFAULT 30 CODEC(ZSTD(1)),
    `sample_weight` Float64 DEFAULT 1 CODEC(ZSTD(1)),
    `name` LowCardinality(String),
    `kind` LowCardinality(String),
    `unit` LowCardinality(String),
    `value` Float64 CODEC(ZSTD(1)),
    `count` UInt64 DEFAULT 1 CODEC(ZSTD(1)),
    `sum` Float64 CODEC(ZSTD(1)),
    `min` Nullable(Float64) CODEC(ZSTD(1)),
    `max` Nullable(Float64) CODEC(ZSTD(1)),
    `temporality` LowCardinality(String),
    `is_monotonic` Bool,
    `start_timestamp` DateTime64(9, 'UTC') CODEC(ZSTD(1)),
    `bounds` Array(Float64) CODEC(ZSTD(1)),
    `bucket_counts` Array(UInt64) CODEC(ZSTD(1)),
    `scale` Int32 CODEC(ZSTD(1)),
    `positive_offset` Int32 CODEC(ZSTD(1)),
    `negative_bucket_counts` Array(UInt64) CODEC(ZSTD(1)),
    `negative_offset` Int32 CODEC(ZSTD(1)),
    `zero_count` UInt64 CODEC(ZSTD(1)),
    `zero_threshold` Float64 CODEC(ZSTD(1)),
    `quantiles` Array(Float64) CODEC(ZSTD(1)),
    `quantile_values` Array(Float64) CODEC(ZSTD(1)),
    `scope` LowCardinality(String),
    `scope_version` LowCardinality(String),
    `trace_id` String CODEC(ZSTD(1)),
    `span_id` String CODEC(ZSTD(1)),
    `exemplars` String CODEC(ZSTD(1)),
    `environment` LowCardinality(String),
    `release` LowCardinality(String),
    `service` LowCardinality(String),
    `platform` LowCardinality(String),
    `server_name` LowCardinality(String),
    `sdk_name` LowCardinality(String),
    `sdk_version` LowCardinality(String),
    `measurements` Map(LowCardinality(String), Float64) CODEC(ZSTD(1)),
    `tags` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `remarks` Array(LowCardinality(String)) CODEC(ZSTD(1)),
    `payload` String CODEC(ZSTD(1)),
    INDEX id_index `id` TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX trace_id_index `trace_id` TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX tags_keys mapKeys(tags) TYPE bloom_filter(0.01),
    INDEX tags_values mapValues(tags) TYPE bloom_filter(0.01)
)
ENGINE = MergeTree
PARTITION BY toMonday(timestamp)
ORDER BY (project_id, toStartOfHour(timestamp), name, timestamp, id)
TTL toDateTime(timestamp) + toIntervalDay(retention_days)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 67108864;

CREATE TABLE IF NOT EXISTS sessions
(
    `project_id` UInt64 CODEC(ZSTD(1)),
    `id` String CODEC(ZSTD(1)),
    `timestamp` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    `ingested_at` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    `retention_days` UInt16 DEFAULT 90 CODEC(ZSTD(1)),
    `sample_weight` Float64 DEFAULT 1 CODEC(ZSTD(1)),
    `session_id` String CODEC(ZSTD(1)),
    `user` String CODEC(ZSTD(1)),
    `status` LowCardinality(String),
    `is_init` Bool,
    `sequence` UInt64 CODEC(ZSTD(1)),
    `errors` UInt32 CODEC(ZSTD(1)),
    `updated` DateTime64(3, 'UTC') CODEC(ZSTD(1)),
    `duration_ns` UInt64 CODEC(ZSTD(1)),
    `started_count` UInt64 CODEC(ZSTD(1)),
    `exited_count` UInt64 CODEC(ZSTD(1)),
    `errored_count` UInt64 CODEC(ZSTD(1)),
    `unhandled_count` UInt64 CODEC(ZSTD(1)),
    `abnormal_count` UInt64 CODEC(ZSTD(1)),
    `crashed_count` UInt64 CODEC(ZSTD(1)),
    `abnormal_mechanism` LowCardinality(String),
    `user_agent` String CODEC(ZSTD(1)),
    `ip` String CODEC(ZSTD(1)),
    `environment` LowCardinality(String),
    `release` LowCardinality(String),
    `service` LowCardinality(String),
    `platform` LowCardinality(String),
    `server_name` LowCardinality(String),
    `sdk_name` LowCardinality(String),
    `sdk_version` LowCardinality(String),
    `tags` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `remarks` Array(LowCardinality(String)) CODEC(ZSTD(1)),
    `payload` String CODEC(ZSTD(1)),
    INDEX id_index `id` TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX tags_keys mapKeys(tags) TYPE bloom_filter(0.01),
    INDEX tags_values mapValues(tags) TYPE bloom_filter(0.01)
)
ENGINE = MergeTree
PARTITION BY toMonday(timestamp)
ORDER BY (project_id, toStartOfHour(timestamp), release, timestamp, id)
TTL toDateTime(timestamp) + toIntervalDay(retention_days)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 67108864;

CREATE TABLE IF NOT EXISTS check_ins
(
    `project_id` UInt64 CODEC(ZSTD(1)),
    `id` String CODEC(ZSTD(1)),
    `timestamp` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    `ingested_at` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    `retention_days` UInt16 DEFAULT 90 CODEC(ZSTD(1)),
    `sample_weight` Float64 DEFAULT 1 CODEC(ZSTD(1)),
    `monitor` LowCardinality(String),
    `status` LowCardinality(String),
    `duration_ns` UInt64 CODEC(ZSTD(1)),
    `schedule_type` LowCardinality(String),
    `schedule` LowCardinality(String),
    `timezone` LowCardinality(String),
    `checkin_margin` UInt32 CODEC(ZSTD(1)),
    `max_runtime` UInt32 CODEC(ZSTD(1)),
    `failure_issue_threshold` UInt32 CODEC(ZSTD(1)),
    `recovery_threshold` UInt32 CODEC(ZSTD(1)),
    `trace_id` String CODEC(ZSTD(1)),
    `span_id` String CODEC(ZSTD(1)),
    `environment` LowCardinality(String),
    `release` LowCardinality(String),
    `service` LowCardinality(String),
    `platform` LowCardinality(String),
    `server_name` LowCardinality(String),
    `sdk_name` LowCardinality(String),
    `sdk_version` LowCardinality(String),
    `tags` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `remarks` Array(LowCardinality(String)) CODEC(ZSTD(1)),
    `payload` String CODEC(ZSTD(1)),
    INDEX id_index `id` TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX trace_id_index `trace_id` TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX tags_keys mapKeys(tags) TYPE bloom_filter(0.01),
    INDEX tags_values mapValues(tags) TYPE bloom_filter(0.01)
)
ENGINE = MergeTree
PARTITION BY toMonday(timestamp)
ORDER BY (project_id, toStartOfHour(timestamp), monitor, timestamp, id, status)
TTL toDateTime(timestamp) + toIntervalDay(retention_days)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 67108864;

CREATE TABLE IF NOT EXISTS feedback
(
    `project_id` UInt64 CODEC(ZSTD(1)),
    `id` String CODEC(ZSTD(1)),
    `timestamp` DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    `ingested_at` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    `retention_days` UInt16 DEFAULT 90 CODEC(ZSTD(1)),
    `sample_weight` Float64 DEFAULT 1 CODEC(ZSTD(1)),
    `message` String CODEC(ZSTD(1)),
    `contact_email` String CODEC(ZSTD(1)),
    `name` String CODEC(ZSTD(1)),
    `url` String CODEC(ZSTD(1)),
    `associated_event_id` String CODEC(ZSTD(1)),
    `replay_id` String CODEC(ZSTD(1)),
    `source` LowCardinality(String),
    `trace_id` String CODEC(ZSTD(1)),
    `span_id` String CODEC(ZSTD(1)),
    `environment` LowCardinality(String),
    `release` LowCardinality(String),
    `service` LowCardinality(String),
    `platform` LowCardinality(String),
    `server_name` LowCardinality(String),
    `sdk_name` LowCardinality(String),
    `sdk_version` LowCardinality(String),
    `user` String CODEC(ZSTD(1)),
    `user_id` String CODEC(ZSTD(1)),
    `user_email` String CODEC(ZSTD(1)),
    `user_username` String CODEC(ZSTD(1)),
    `user_ip` String CODEC(ZSTD(1)),
    `contexts` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `tags` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `remarks` Array(LowCardinality(String)) CODEC(ZSTD(1)),
    `payload` String CODEC(ZSTD(1)),
    INDEX id_index `id` TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX message_index lower(message) TYPE text(tokenizer = 'splitByNonAlpha'),
    INDEX associated_event_id_index `associated_event_id` TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX trace_id_index `trace_id` TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX tags_keys mapKeys(tags) TYPE bloom_filter(0.01),
    INDEX tags_values mapValues(tags) TYPE bloom_filter(0.01)
)
ENGINE = MergeTree
PARTITION BY toMonday(timestamp)
ORDER BY (project_id, toStartOfHour(timestamp), timestamp, id)
TTL toDateTime(timestamp) + toIntervalDay(retention_days)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 67108864;

CREATE TABLE IF NOT EXISTS attachments
(
    `project_id` UInt64 CODEC(ZSTD(1)),
    `id` String CODEC(ZSTD(1)),
    `timestamp` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    `ingested_at` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    `retention_days` UInt16 DEFAULT 90 CODEC(ZSTD(1)),
    `sample_weight` Float64 DEFAULT 1 CODEC(ZSTD(1)),
    `event_id` String CODEC(ZSTD(1)),
    `trace_id` String CODEC(ZSTD(1)),
    `span_id` String CODEC(ZSTD(1)),
    `name` String CODEC(ZSTD(1)),
    `content_type` LowCardinality(String),
    `attachment_type` LowCardinality(String),
    `size` UInt64 CODEC(ZSTD(1)),
    `sha256` String CODEC(ZSTD(1)),
    `stored` Bool,
    `environment` LowCardinality(String),
    `release` LowCardinality(String),
    `service` LowCardinality(String),
    `platform` LowCardinality(String),
    `server_name` LowCardinality(String),
    `sdk_name` LowCardinality(String),
    `sdk_version` LowCardinality(String),
    `tags` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `remarks` Array(LowCardinality(String)) CODEC(ZSTD(1)),
    `payload` String CODEC(ZSTD(1)),
    INDEX id_index `id` TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX event_id_index `event_id` TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX trace_id_index `trace_id` TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX tags_keys mapKeys(tags) TYPE bloom_filter(0.01),
    INDEX tags_values mapValues(tags) TYPE bloom_filter(0.01)
)
ENGINE = MergeTree
PARTITION BY toMonday(timestamp)
ORDER BY (project_id, toStartOfHour(timestamp), timestamp, id)
TTL toDateTime(timestamp) + toIntervalDay(retention_days)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 67108864;

CREATE TABLE IF NOT EXISTS replays
(
    `project_id` UInt64 CODEC(ZSTD(1)),
    `id` String CODEC(ZSTD(1)),
    `timestamp` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    `ingested_at` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    `retention_days` UInt16 DEFAULT 90 CODEC(ZSTD(1)),
    `sample_weight` Float64 DEFAULT 1 CODEC(ZSTD(1)),
    `replay_id` String CODEC(ZSTD(1)),
    `segment_id` UInt32 CODEC(ZSTD(1)),
    `replay_type` LowCardinality(String),
    `urls` Array(String) CODEC(ZSTD(1)),
    `error_ids` Array(String) CODEC(ZSTD(1)),
    `trace_ids` Array(String) CODEC(ZSTD(1)),
    `started` DateTime64(3, 'UTC') CODEC(ZSTD(1)),
    `is_archived` Bool,
    `recording_sha256` String CODEC(ZSTD(1)),
    `recording_size` UInt64 CODEC(ZSTD(1)),
    `recording_kind` LowCardinality(String),
    `click_count` UInt32 CODEC(ZSTD(1)),
    `dead_click_count` UInt32 CODEC(ZSTD(1)),
    `rage_click_count` UInt32 CODEC(ZSTD(1)),
    `error_count` UInt32 CODEC(ZSTD(1)),
    `environment` LowCardinality(String),
    `release` LowCardinality(String),
    `service` LowCardinality(String),
    `platform` LowCardinality(String),
    `server_name` LowCardinality(String),
    `sdk_name` LowCardinality(String),
    `sdk_version` LowCardinality(String),
    `user` String CODEC(ZSTD(1)),
    `user_id` String CODEC(ZSTD(1)),
    `user_email` String CODEC(ZSTD(1)),
    `user_username` String CODEC(ZSTD(1)),
    `user_ip` String CODEC(ZSTD(1)),
    `contexts` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `tags` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `remarks` Array(LowCardinality(String)) CODEC(ZSTD(1)),
    `payload` String CODEC(ZSTD(1)),
    INDEX id_index `id` TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX replay_id_index `replay_id` TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX tags_keys mapKeys(tags) TYPE bloom_filter(0.01),
    INDEX tags_values mapValues(tags) TYPE bloom_filter(0.01)
)
ENGINE = MergeTree
PARTITION BY toMonday(timestamp)
ORDER BY (project_id, toStartOfHour(timestamp), replay_id, segment_id, timestamp, id)
TTL toDateTime(timestamp) + toIntervalDay(retention_days)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 67108864;

CREATE TABLE IF NOT EXISTS profiles
(
    `project_id` UInt64 CODEC(ZSTD(1)),
    `id` String CODEC(ZSTD(1)),
    `timestamp` DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
    `ingested_at` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    `retention_days` UInt16 DEFAULT 30 CODEC(ZSTD(1)),
    `sample_weight` Float64 DEFAULT 1 CODEC(ZSTD(1)),
    `profile_id` String CODEC(ZSTD(1)),
    `profiler_id` String CODEC(ZSTD(1)),
    `chunk_id` String CODEC(ZSTD(1)),
    `profile_sha256` String CODEC(ZSTD(1)),
    `event_id` String CODEC(ZSTD(1)),
    `trace_id` String CODEC(ZSTD(1)),
    `span_id` String CODEC(ZSTD(1)),
    `transaction` LowCardinality(String),
    `thread_id` String CODEC(ZSTD(1)),
    `thread_name` LowCardinality(String),
    `frames` Array(LowCardinality(String)) CODEC(ZSTD(1)),
    `functions` Array(LowCardinality(String)) CODEC(ZSTD(1)),
    `in_app` Array(Bool) CODEC(ZSTD(1)),
    `weight_ns` UInt64 CODEC(ZSTD(1)),
    `sample_count` UInt32 CODEC(ZSTD(1)),
    `environment` LowCardinality(String),
    `release` LowCardinality(String),
    `service` LowCardinality(String),
    `platform` LowCardinality(String),
    `server_name` LowCardinality(String),
    `sdk_name` LowCardinality(String),
    `sdk_version` LowCardinality(String),
    `tags` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `remarks` Array(LowCardinality(String)) CODEC(ZSTD(1)),
    `payload` String CODEC(ZSTD(1)),
    INDEX id_index `id` TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX profile_id_index `profile_id` TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX profiler_id_index `profiler_id` TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX event_id_index `event_id` TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX trace_id_index `trace_id` TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX tags_keys mapKeys(tags) TYPE bloom_filter(0.01),
    INDEX tags_values mapValues(tags) TYPE bloom_filter(0.01)
)
ENGINE = MergeTree
PARTITION BY toMonday(timestamp)
ORDER BY (project_id, toStartOfHour(timestamp), transaction, timestamp, id)
TTL toDateTime(timestamp) + toIntervalDay(retention_days)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 67108864;

CREATE TABLE IF NOT EXISTS changes
(
    `project_id` UInt64 CODEC(ZSTD(1)),
    `id` String CODEC(ZSTD(1)),
    `timestamp` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    `ingested_at` DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    `retention_days` UInt16 DEFAULT 90 CODEC(ZSTD(1)),
    `sample_weight` Float64 DEFAULT 1 CODEC(ZSTD(1)),
    `kind` LowCardinality(String),
    `title` String CODEC(ZSTD(1)),
    `description` String CODEC(ZSTD(1)),
    `link` String CODEC(ZSTD(1)),
    `author` LowCardinality(String),
    `before` String CODEC(ZSTD(1)),
    `after` String CODEC(ZSTD(1)),
    `started` Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    `finished` Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    `status` LowCardinality(String),
    `environment` LowCardinality(String),
    `release` LowCardinality(String),
    `service` LowCardinality(String),
    `platform` LowCardinality(String),
    `server_name` LowCardinality(String),
    `sdk_name` LowCardinality(String),
    `sdk_version` LowCardinality(String),
    `tags` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `remarks` Array(LowCardinality(String)) CODEC(ZSTD(1)),
    `payload` String CODEC(ZSTD(1)),
    INDEX id_index `id` TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX title_index lower(title) TYPE text(tokenizer = 'splitByNonAlpha'),
    INDEX description_index lower(description) TYPE text(tokenizer = 'splitByNonAlpha'),
    INDEX tags_keys mapKeys(tags) TYPE bloom_filter(0.01),
    INDEX tags_values mapValues(tags) TYPE bloom_filter(0.01)
)
ENGINE = MergeTree
PARTITION BY toMonday(timestamp)
ORDER BY (project_id, toStartOfHour(timestamp), kind, timestamp, id)
TTL toDateTime(timestamp) + toIntervalDay(retention_days)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 67108864;
