-- Rows that arrived after the run of a window had taken its cut-off, once for each window that they concern. Why a window
-- was reopened stands here, and what came too late for it.
--
-- changes_credits: the row may change credits in the window (a conversion in it, or a touchpoint or milestone in reach of
-- one). is_own: the row's own time lies in the window. is_beyond_horizon: the window was frozen when the row was examined,
-- so only a replay includes it. All that makes the row one is its order, so a row that is examined twice is stored once.
CREATE TABLE IF NOT EXISTS late_rows_raw_v1 {on_cluster}
(
    tenant_id LowCardinality(String),
    window_start DateTime('UTC'),
    kafka_topic LowCardinality(String),
    kafka_partition UInt32,
    kafka_offset UInt64,
    event_id UUID CODEC(NONE),
    event_type Enum8('click' = 1, 'impression' = 2, 'install' = 3, 'conversion' = 4),
    occurred_at DateTime64(3, 'UTC'),
    received_at DateTime64(3, 'UTC'),
    changes_credits SimpleAggregateFunction(max, UInt8),
    is_own SimpleAggregateFunction(max, UInt8),
    is_beyond_horizon SimpleAggregateFunction(max, UInt8),
    examined_at SimpleAggregateFunction(min, DateTime64(3, 'UTC')) DEFAULT now64(3)
)
ENGINE = {engine:AggregatingMergeTree}
PARTITION BY toYYYYMM(window_start)
PRIMARY KEY (tenant_id, window_start)
ORDER BY (tenant_id, window_start, kafka_topic, kafka_partition, kafka_offset, event_id, event_type, occurred_at, received_at)
