-- The ledger: what was measured of each tenant and hour of receipt; the newest measure counts (view `ledger`). All in
-- events. These sides add up, with the differences that explain them (events/ledger.ts):
--
-- accepted - spooled - missing + uncounted + repeated + replayed = on_kafka
-- on_kafka = stored + dead_lettered + offset_gap + row_gap - inserted_twice
-- stored = duplicates + events, where an event is the first copy of what may have been sent often
-- events = inside_windows + waiting + late_beyond_horizon
-- conversions inside windows = credited + organic + not_counted + uncredited
--
-- is_told: the windows that the differences concern know of them.
CREATE TABLE IF NOT EXISTS ledger_raw_v1 {on_cluster}
(
    tenant_id LowCardinality(String),
    hour DateTime('UTC'),
    accepted UInt64,
    spooled UInt64,
    on_kafka UInt64,
    dead_lettered UInt64,
    stored UInt64,
    duplicates UInt64,
    events UInt64,
    inside_windows UInt64,
    waiting UInt64,
    late_beyond_horizon UInt64,
    conversions UInt64,
    credited UInt64,
    organic UInt64,
    not_counted UInt64,
    differences Map(LowCardinality(String), UInt64),
    is_closed Bool,
    is_told Bool,
    measured_at DateTime64(3, 'UTC')
)
ENGINE = {engine:ReplacingMergeTree}(measured_at)
PARTITION BY toYYYYMM(hour)
ORDER BY (tenant_id, hour)
TTL hour + INTERVAL 400 DAY
