-- The published credits one by one, without who and which event: how long journeys are and how long they take. The
-- credits of a conversion sum to one in each model, so sums of `credit` count conversions.
CREATE OR REPLACE VIEW board_journeys {on_cluster} DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
SELECT
    tenant_id,
    window_start,
    model,
    app_id,
    conversion_name,
    channel,
    campaign,
    touchpoint_type,
    if(touchpoint_type = 'none', 0, journey_length) AS journey_length,
    position,
    if(touchpoint_type = 'none', NULL, dateDiff('second', touchpoint_at, conversion_at)) AS seconds_to_convert,
    credit
FROM credits
