import { by, series } from '../otel/promql.ts';
import { INGEST_METRICS } from '../otel/registry/ingest.ts';
import { PROCESS_METRICS } from '../otel/registry/process.ts';
import { WINDOWS_METRICS } from '../otel/registry/windows.ts';
import { emptyBecause } from './expectation.ts';
import { quantile, rate } from './expressions.ts';
import { NEUTRAL, QUIET, WELL, WRONG, textColors } from './look.ts';
import { type Panel, graph, logPanel } from './panels.ts';
import { logLines, metric, seldom, slowTraces } from './queries.ts';
import { grid } from './grid.ts';
import type {
  CounterDeclaration,
  ExternalDeclaration,
  HistogramDeclaration,
  Labels,
} from '../otel/registry/declare.ts';

/** Lines as a person reads them: what was said, of whom, and the code of the error. */
export const problemLines = (selector: string): string =>
  `${selector} | json message="msg", error="code", whose="tenant" | line_format "{{.service}}: {{.message}} {{.error}} {{.whose}}"`;

type Service = 'ingest' | 'sink' | 'worker' | 'incidents';

/** What a service complains about. */
export const problemsOf = (services: readonly Service[]): Panel =>
  logPanel({
    title: 'Warnings and errors',
    description:
      'Log lines of level warn and above, the newest first. Open a line to see its fields and to go on to its trace.',
    queries: [logLines(problemLines(`{service=~"${services.join('|')}", level=~"warn|error|fatal"}`))],
    expects: emptyBecause('a healthy process complains of nothing'),
  });

/** How much a service itself takes. */
export const processesOf = (service: Service): Panel =>
  graph({
    title: 'Processor time of each process',
    description:
      'Processors that each process keeps busy; one is all that JavaScript can use at a time. At 1 it cannot follow.',
    unit: 'percentunit',
    queries: [metric(rate(series(PROCESS_METRICS.processorTime, { job: service })), '{{instance}}')],
  });

/** The middle, the slow and the slowest of a histogram, with single measurements that lead to their traces. */
export const quantiles = <L extends Labels>(
  histogram: HistogramDeclaration<L> | ExternalDeclaration<'histogram', L>,
  matchers?: Parameters<typeof quantile<L>>[2],
) => [
  metric(quantile(0.99, histogram, matchers), '99 of 100', { exemplars: true }),
  metric(quantile(0.9, histogram, matchers), '9 of 10'),
  metric(quantile(0.5, histogram, matchers), 'half'),
];

export const QUANTILE_COLORS = { '99 of 100': 'red', '9 of 10': 'orange', half: 'green' } as const;

/** Single traces that took long: what a slow line is made of. */
export const tracesOf = (service: Service, operation: string, minDuration: string): Panel =>
  grid({
    title: `Slow traces (${operation})`,
    description: `Traces with a span ${operation} that took longer than ${minDuration}. A click on one shows it.`,
    queries: [slowTraces({ service, operation, minDuration })],
    none: `none took longer than ${minDuration}`,
    expects: emptyBecause(`nothing takes ${minDuration}`),
  });

/** Errors that were met, by their code. */
export const errorRates = (service?: Service): ReturnType<typeof metric> =>
  metric(
    `sum ${by(PROCESS_METRICS.errors, 'job', 'code')} (${rate(
      series(PROCESS_METRICS.errors, service === undefined ? {} : { job: service }),
    )}) > 0`,
    '{{job}}: {{code}}',
  );

/** How many of a counter there were in each minute, as bars by one of its labels. */
export function countedBy<L extends Labels>(
  declaration: CounterDeclaration<L>,
  label: keyof L & string,
  options: Pick<Parameters<typeof graph>[0], 'title' | 'description' | 'colors' | 'expects'> & { hidesZeros?: boolean },
): Panel {
  const { hidesZeros = false, ...shown } = options;
  const counts = `sum ${by(declaration, label)} (increase(${series(declaration)}[$__interval]))`;
  return graph({
    ...shown,
    unit: 'short',
    decimals: 0,
    stacked: true,
    drawn: 'bars',
    interval: '1m',
    queries: [metric(hidesZeros ? `${counts} > 0` : counts, `{{${label}}}`)],
  });
}

/** Windows that workflows look after, by where they stand. */
export const windowStates = (description: string): Panel =>
  graph({
    title: 'Windows by where they stand',
    description,
    unit: 'short',
    decimals: 0,
    stacked: true,
    colors: { open: WELL, waiting: NEUTRAL, failed: WRONG, inconsistent: 'dark-red', loading: QUIET },
    queries: [
      metric(`sum ${by(WINDOWS_METRICS.windows, 'state')} (${series(WINDOWS_METRICS.windows)}) > 0`, '{{state}}'),
    ],
  });

/** Events that were refused one by one. */
export const rejectedEvents = (description: string): Panel =>
  graph({
    title: 'Rejected events, by the reason',
    description,
    unit: 'suffix:/s',
    decimals: 2,
    colors: { all: QUIET },
    queries: [
      metric(`sum(${rate(series(INGEST_METRICS.rejectedEvents))})`, 'all'),
      seldom(
        metric(
          `sum ${by(INGEST_METRICS.rejectedEvents, 'code')} (${rate(series(INGEST_METRICS.rejectedEvents))}) > 0`,
          '{{code}}',
        ),
        'a code appears when it happens',
      ),
    ],
  });

/** How 1 and 0 are shown where they say whether something answers. */
export const UP_OR_DOWN = textColors([
  { pattern: '1', color: WELL, text: 'up' },
  { pattern: '0', color: WRONG, text: 'down' },
]);

/** Each process of ours with its version, and when it started in milliseconds. */
export const RUNNING =
  `${series(PROCESS_METRICS.build)} * on (job, instance) group_left () ` +
  `(${series(PROCESS_METRICS.processStart)} * 1000)`;
