import { THRESHOLDS } from '../../otel/objectives.ts';
import { by, series } from '../../otel/promql.ts';
import { INGEST_METRICS } from '../../otel/registry/ingest.ts';
import { WINDOWS_METRICS } from '../../otel/registry/windows.ts';
import type { BoardPlan } from '../board.ts';
import { emptyBecause } from '../expectation.ts';
import { rate } from '../expressions.ts';
import { bars, grid } from '../grid.ts';
import { LOOK, WELL, WRONG, redFrom } from '../look.ts';
import { boardLink } from '../links.ts';
import { CHANGES } from '../marks.ts';
import { graph } from '../panels.ts';
import { metric, points, rows } from '../queries.ts';
import { queried } from '../variables.ts';

const toAttribution = {
  title: 'Attribution of this tenant',
  url: `${boardLink('attribution').path}?var-tenant=\${__value.raw}&\${__url_time_range}`,
};

/** Who sends how much, and whether everybody is served. */
export const tenants: BoardPlan<'tenants'> = {
  board: 'tenants',
  description: 'Who sends how much, and is every tenant served: its windows published, nothing lost, nothing late?',
  from: 'now-24h',
  refresh: '1m',
  variables: [queried('tenant', rows('windows/tenants'), { label: 'tenant', description: 'Tenants.', several: true })],
  marks: CHANGES,
  rows: [
    {
      height: 9,
      panels: {
        tenants: grid({
          title: 'Tenants',
          description:
            'Events and duplicates of the shown time, and how the windows of all time stand. A click on a name leads to its attribution.',
          queries: [rows('tenants/tenants')],
          columns: {
            tenant: { link: toAttribution, width: 240 },
            duplicates: { unit: 'percentunit', decimals: 2 },
            lost: { colored: 'text', steps: redFrom(1) },
            overdue: { colored: 'text', steps: redFrom(1) },
            inconsistent: { colored: 'text', steps: redFrom(1) },
          },
        }),
      },
    },
    {
      height: 8,
      panels: {
        events: graph({
          title: 'Events received, by tenant',
          description: 'Rows a second as they were received, those sent again included.',
          unit: 'suffix:/s',
          stacked: true,
          interval: '1m',
          seriesName: '${__field.labels.tenant}',
          queries: [points('tenants/events')],
          width: 12,
        }),
        shares: bars({
          title: 'Events of the shown time',
          description: 'The largest tenants. One that grows suddenly takes room from the others.',
          unit: 'short',
          decimals: 0,
          xField: 'tenant',
          horizontal: true,
          queries: [rows('tenants/shares')],
        }),
        overQuota: graph({
          title: 'Requests over the quota',
          description:
            'Requests that were answered with 429 because their tenant sent more than it may: all tenants together.',
          unit: 'reqps',
          decimals: 2,
          queries: [
            metric(
              `sum ${by(INGEST_METRICS.tenantEvents, 'tenant')} (${rate(series(INGEST_METRICS.tenantEvents, { outcome: 'rate_limited', tenant: { variable: 'tenant' } }))})`,
              '{{tenant}}',
            ),
          ],
          expects: emptyBecause('a tenant appears with its first event beyond the quota'),
        }),
      },
    },
    {
      title: 'Windows of tenants',
      height: 8,
      panels: {
        freshness: graph({
          title: 'Time since the newest published window ended',
          description:
            'A saw whose teeth are as long as the windows of the tenant. A line that only climbs: nothing is published.',
          unit: 's',
          queries: [
            metric(
              `max ${by(WINDOWS_METRICS.freshness, 'tenant')} (${series(WINDOWS_METRICS.freshness, { tenant: { variable: 'tenant' } })})`,
              '{{tenant}}',
            ),
          ],
        }),
        windows: grid({
          title: 'Windows by where they stand',
          description: 'Of all time. overdue and inconsistent need somebody: unmogrowp windows list.',
          queries: [rows('tenants/windows')],
          columns: {
            overdue: {
              colored: 'text',
              steps: [
                { from: null, color: 'text' },
                { from: 1, color: LOOK },
              ],
            },
            inconsistent: {
              colored: 'text',
              steps: [
                { from: null, color: 'text' },
                { from: 1, color: WRONG },
              ],
            },
            final: { colored: 'text', steps: [{ from: null, color: WELL }] },
          },
        }),
        runTimes: grid({
          title: 'Runs of the shown time',
          description: 'How long runs of each tenant take, the one that takes most of the workers first.',
          queries: [rows('tenants/run-times')],
          columns: {
            half: { unit: 's', decimals: 1 },
            '95 of 100': { unit: 's', decimals: 1 },
            longest: { unit: 's', decimals: 1 },
          },
        }),
      },
    },
    {
      title: 'What is not everyday',
      height: 8,
      panels: {
        credits: bars({
          title: 'Conversions in published windows',
          description: 'Credited to touchpoints, and organic ones.',
          unit: 'short',
          decimals: 0,
          xField: 'tenant',
          horizontal: true,
          queries: [rows('tenants/credits')],
        }),
        late: grid({
          title: 'Late rows of the shown time',
          description: 'Rows that reopened a window, and rows that came too late for it.',
          queries: [rows('tenants/late')],
        }),
        ledgerDifferences: graph({
          title: 'Events that the ledger misses',
          description: 'Lost or uncredited events of each tenant. Must be 0.',
          unit: 'short',
          decimals: 0,
          steps: redFrom(THRESHOLDS.lostEventsMax + 1),
          queries: [
            metric(
              `sum ${by(WINDOWS_METRICS.ledgerDifferences, 'tenant')} (${series(WINDOWS_METRICS.ledgerDifferences, { tenant: { variable: 'tenant' }, code: ['missing', 'offset_gap', 'row_gap', 'uncredited'] })})`,
              '{{tenant}}',
            ),
          ],
          expects: emptyBecause('a tenant appears with its first difference'),
        }),
        collisions: graph({
          title: 'Collisions',
          description: 'Copies of events with another content under the same event_id: a mistake of the client.',
          unit: 'short',
          decimals: 0,
          queries: [
            metric(
              `max ${by(WINDOWS_METRICS.collisions, 'tenant')} (${series(WINDOWS_METRICS.collisions, { tenant: { variable: 'tenant' } })})`,
              '{{tenant}}',
            ),
          ],
          expects: emptyBecause('a tenant appears with its first collision'),
        }),
      },
    },
  ],
};
