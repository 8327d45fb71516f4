-- What an event says, as one number: all that its client sent, and nothing of how it came. Copies that differ in it are a
-- collision. Computed where it is asked for, so the rows themselves stay as they are.
ALTER TABLE events_raw_v1 {on_cluster} ADD COLUMN IF NOT EXISTS content UInt64 ALIAS cityHash64(
    app_id, user_key, occurred_at, event_type, name, channel, campaign, ad_group, creative, country, platform, revenue,
    currency, identifier_type, properties)
