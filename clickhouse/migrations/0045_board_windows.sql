-- Each window with what is published of it and whether that can still change: the view of boards, read without any right
-- on what lies below it.
--
-- A window is known from its rows or from its runs. How long windows of a tenant wait and stay open is in the settings of
-- its newest run; before the first one windows are taken for hours. `state`: `final` cannot change any more but by a
-- replay; `published` may be corrected by late data; `inconsistent`: the last run found that something is missing;
-- `overdue` and `not due` are not published yet.
CREATE OR REPLACE VIEW board_windows {on_cluster} DEFINER = CURRENT_USER SQL SECURITY DEFINER AS
WITH
    newest AS (
        SELECT
            tenant_id,
            argMax(granularity, started_at) AS granularity,
            argMax(settings, started_at) AS settings
        FROM runs_raw_v1
        GROUP BY tenant_id
    ),
    with_rows AS (
        SELECT
            tenant_id,
            if(newest.granularity = '1d', toStartOfDay(hour, 'UTC'), hour) AS window_start,
            if(newest.granularity = '1d', 86400, 3600) AS seconds,
            JSONExtractUInt(newest.settings, 'allowed_lateness_seconds') AS allowed_lateness_seconds
        FROM (SELECT DISTINCT tenant_id, hour FROM arrivals_per_hour_v1) AS hours
        LEFT JOIN newest USING (tenant_id)
        GROUP BY tenant_id, window_start, seconds, allowed_lateness_seconds
    ),
    judged AS (
        SELECT
            tenant_id,
            window_start,
            argMax(state, started_at) AS run_state,
            count() AS runs
        FROM runs
        WHERE state != 'computed'
        GROUP BY tenant_id, window_start
    ),
    first_published AS (
        SELECT tenant_id, window_start, min(published_at) AS first_published_at
        FROM publications_raw_v1
        GROUP BY tenant_id, window_start
    )
SELECT
    with_rows.tenant_id AS tenant_id,
    with_rows.window_start AS window_start,
    with_rows.window_start + toIntervalSecond(with_rows.seconds) AS window_end,
    window_end + toIntervalSecond(with_rows.allowed_lateness_seconds) AS due_at,
    multiIf(
        judged.run_state = 'inconsistent', 'inconsistent',
        published.version > 0 AND now64(3) >= final_at, 'final',
        published.version > 0, 'published',
        now64(3) >= due_at, 'overdue',
        'not due') AS state,
    published.version AS version,
    if(published.version > 0, toString(published.reason), '') AS reason,
    published.settings_version AS settings_version,
    if(published.version > 0, published.published_at, NULL) AS published_at,
    if(published.version > 0, first_published.first_published_at, NULL) AS first_published_at,
    if(
        published.version > 0,
        first_published.first_published_at + toIntervalSecond(JSONExtractUInt(run.settings, 'late_horizon_seconds')),
        NULL) AS final_at,
    judged.runs AS runs,
    run.conversions AS conversions,
    run.conversions_attributed AS conversions_attributed,
    run.conversions_organic AS conversions_organic,
    run.touchpoints AS touchpoints,
    run.credits AS credits,
    run.duration_ms / 1000 AS run_seconds,
    run.code_version AS code_version,
    published.trace_id AS trace_id
FROM with_rows
LEFT JOIN judged USING (tenant_id, window_start)
LEFT JOIN first_published USING (tenant_id, window_start)
LEFT JOIN current_publications AS published USING (tenant_id, window_start)
LEFT JOIN runs AS run ON run.tenant_id = with_rows.tenant_id AND run.window_start = with_rows.window_start
    AND run.run_id = published.run_id
