import { THRESHOLDS } from '../../otel/objectives.ts';
import { by, series } from '../../otel/promql.ts';
import { DEAD_LETTER_METRICS } from '../../otel/registry/dead-letters.ts';
import { INGEST_METRICS } from '../../otel/registry/ingest.ts';
import { SINK_METRICS } from '../../otel/registry/sink.ts';
import { WINDOWS_METRICS } from '../../otel/registry/windows.ts';
import { FAULTS } from '../../events/ledger.ts';
import type { BoardPlan } from '../board.ts';
import { emptyBecause } from '../expectation.ts';
import { increase, share } from '../expressions.ts';
import { grid } from '../grid.ts';
import { LOOK, NEUTRAL, QUIET, WRONG, redFrom, yellowThenRed } from '../look.ts';
import { CHANGES } from '../marks.ts';
import { figure, graph } from '../panels.ts';
import { metric, points, rows } from '../queries.ts';
import { countedBy, rejectedEvents } from '../shared-panels.ts';
import { queried } from '../variables.ts';

const accepted = `sum(${increase(series(INGEST_METRICS.acceptedEvents))})`;
const rejected = `sum(${increase(series(INGEST_METRICS.rejectedEvents))})`;

/** Is everything there, once, in time, and does it say what it should? */
export const dataQuality: BoardPlan<'dataQuality'> = {
  board: 'dataQuality',
  description: 'Is everything there, counted once, in time, and does it say what it should?',
  from: 'now-24h',
  refresh: '1m',
  variables: [
    queried('tenant', rows('windows/tenants'), {
      label: 'tenant',
      description: 'Tenants of all panels but the rejects, which ingest counts without tenants.',
      several: true,
    }),
  ],
  marks: CHANGES,
  rows: [
    {
      height: 4,
      panels: {
        rejectedShare: figure({
          title: 'Rejected events',
          description: 'Share of the events of the shown time that were refused one by one.',
          unit: 'percentunit',
          decimals: 2,
          none: 'no events',
          steps: yellowThenRed(0.01, 0.1),
          queries: [metric(share(rejected, `(${accepted} + ${rejected})`))],
        }),
        duplicateShare: figure({
          title: 'Duplicates',
          description:
            'Share of stored rows that were sent again and do not count, in the hours that the ledger has measured.',
          unit: 'percentunit',
          decimals: 2,
          none: 'not measured yet',
          queries: [rows('quality/duplicate-share')],
        }),
        ledgerDifference: figure({
          title: 'Lost or uncredited',
          description: 'Events that the ledger misses in the shown hours. Must be 0. See: unmogrowp reconcile.',
          unit: 'short',
          decimals: 0,
          none: 'not measured yet',
          steps: redFrom(THRESHOLDS.lostEventsMax + 1),
          queries: [rows('quality/lost')],
        }),
        deadLettersWaiting: figure({
          title: 'Dead letters waiting',
          description: 'Events that could not be stored and wait for somebody: unmogrowp dlq list.',
          unit: 'short',
          decimals: 0,
          none: 'no worker',
          steps: redFrom(THRESHOLDS.deadLettersMax + 1),
          queries: [metric(`sum(${series(DEAD_LETTER_METRICS.deadLettersWaiting)})`)],
        }),
        collisions: figure({
          title: 'Collisions',
          description:
            'Copies of the shown time that say something else than the event with the same event_id that came first.',
          unit: 'short',
          decimals: 0,
          steps: yellowThenRed(1, THRESHOLDS.collisionsMax),
          queries: [rows('quality/collisions-count')],
        }),
        lateShare: figure({
          title: 'A day late or more',
          description: 'Share of events that came more than a day after they had happened.',
          unit: 'percentunit',
          decimals: 2,
          none: 'no events',
          steps: redFrom(THRESHOLDS.lateEventsRatioMax),
          queries: [rows('quality/late-share')],
        }),
      },
    },
    {
      title: 'Is everything there? (ledger)',
      height: 8,
      panels: {
        ledger: grid({
          title: 'Hours of receipt, first those that lack something',
          description:
            'What was accepted, where it is, and what windows made of it. lost and uncredited must be 0; waiting comes into its windows soon; too late only by a replay.',
          queries: [rows('quality/ledger')],
          columns: {
            lost: { width: 60, colored: 'text', steps: redFrom(1) },
            uncredited: { width: 95, colored: 'text', steps: redFrom(1) },
            'too late': { width: 80, colored: 'text', steps: yellowThenRed(1, 1_000_000_000) },
          },
        }),
      },
    },
    {
      height: 7,
      panels: {
        ledgerDifferences: graph({
          title: 'Differences, by what happened',
          description:
            'missing, offset gap and row gap are losses; uncredited runs again by itself; the others explain why Kafka or ClickHouse hold more than counts.',
          unit: 'short',
          decimals: 0,
          stacked: true,
          drawn: 'bars',
          interval: '1h',
          colors: {
            missing: WRONG,
            'offset gap': 'dark-red',
            'row gap': 'semi-dark-red',
            uncredited: LOOK,
            uncounted: QUIET,
            repeated: QUIET,
            replayed: NEUTRAL,
            'inserted twice': QUIET,
          },
          queries: [points('quality/ledger-differences')],
        }),
        ledgerDifferencesNow: graph({
          title: 'Losses that are open now',
          description:
            'Of all hours that the ledger still measures, by tenant and kind. Windows of such hours are not verified.',
          unit: 'short',
          decimals: 0,
          steps: redFrom(1),
          queries: [
            metric(
              `sum ${by(WINDOWS_METRICS.ledgerDifferences, 'tenant', 'code')} (${series(WINDOWS_METRICS.ledgerDifferences, { code: FAULTS, tenant: { variable: 'tenant' } })}) > 0`,
              '{{tenant}}: {{code}}',
            ),
          ],
          expects: emptyBecause('a tenant appears with its first difference'),
        }),
        duplicates: graph({
          title: 'Duplicates of each tenant',
          description:
            'Share of rows that were sent again. A few percent are everyday; a jump is a client that does not hear our answers.',
          unit: 'percentunit',
          interval: '1h',
          seriesName: '${__field.labels.tenant}',
          queries: [points('quality/duplicates')],
        }),
        deadLetters: countedBy(SINK_METRICS.deadLetters, 'reason', {
          title: 'Dead letters, by the reason',
          description: 'Lines that ClickHouse refused, and records of an unknown format.',
        }),
      },
    },
    {
      title: 'Does it say what it should?',
      height: 8,
      panels: {
        rejectedEvents: rejectedEvents('By the code that the client was told.'),
        clockSkew: graph({
          title: 'Events from the future',
          description:
            'Share of events of an app that say to happen more than a minute after they were received: a wrong clock.',
          unit: 'percentunit',
          interval: '5m',
          steps: redFrom(THRESHOLDS.aheadEventsRatioMax),
          seriesName: '${__field.labels.app}',
          queries: [points('quality/clock-skew')],
        }),
        collisionTable: grid({
          title: 'Collisions',
          description:
            'Copies that do not count, and where the one lies that does. A client gives one event_id twice: unmogrowp event.',
          queries: [rows('quality/collisions')],
          none: 'no event_id was given twice',
          expects: emptyBecause('clients give an event_id once'),
        }),
      },
    },
    {
      title: 'Does it come in time?',
      height: 8,
      panels: {
        lateness: graph({
          title: 'How late events come',
          description:
            'From the moment at which an event happened to its receipt. Phones that were offline make the long end.',
          unit: 's',
          interval: '1m',
          colors: { '99 of 100': WRONG, '9 of 10': 'orange', half: 'green' },
          queries: [points('quality/lateness')],
        }),
        latenessByChannel: grid({
          title: 'The same, by channel',
          description: 'Which channel comes late. More: unmogrowp windows lateness.',
          queries: [rows('quality/lateness-by-channel')],
          columns: {
            half: { unit: 's' },
            '9 of 10': { unit: 's' },
            '99 of 100': { unit: 's' },
            'from the future': { unit: 'percentunit', decimals: 2 },
          },
        }),
        lateBeyondHorizon: grid({
          title: 'Too late: beyond the late horizon',
          description:
            'Rows that came when their window was final, by the day of their time. Only a replay includes them.',
          queries: [rows('quality/late-beyond-horizon')],
          none: 'nothing came too late',
          expects: emptyBecause('nothing comes after days in an ordinary week'),
        }),
      },
    },
  ],
};
