import { MODELS } from '../../events/settings.ts';
import { drawTrace } from '../draw-trace.ts';
import { printFacts } from '../event-text.ts';
import { printLine, printTable } from '../output.ts';
import { toUnits } from './reconciliation.ts';
import type { DemoResult } from './run-demo.ts';

/** Shows what came out of the demo: stages, windows, credits, and the way of one conversion. */
export function printDemo(result: DemoResult): void {
  const day = new Date(result.dayStartMs).toISOString().slice(0, 10);
  printLine();
  printLine(`Tenant ${result.tenantId}, the day ${day}`);
  printStages(result);
  printWindowSummary(result);
  printLine('Conversions credited to each channel, by model:');
  printCredits(result, (row) => toUnits(row.credit, 9), 1_000_000_000, 1);
  const currency = largestCurrency(result);
  if (currency !== undefined) {
    printLine(`Value in ${currency} credited to each channel, by model:`);
    printCredits(result, (row) => (row.currency === currency ? toUnits(row.value, 6) : 0n), 1_000_000, 2);
  }
  printConversion(result);
}

function printStages({ counts }: DemoResult): void {
  const { sent, accepted, rejected, rejectedByCode, onKafka, rows, distinct, conversions, models } = counts;
  const reasons = Object.entries(rejectedByCode).map(([code, count]) => `${code} ${count}`);
  const [first] = models;
  const whole = (nano: bigint | undefined): number => Number((nano ?? 0n) / 1_000_000_000n);
  printTable(
    ['stage', 'events', ''],
    [
      ['sent', sent, ''],
      ['accepted', accepted, ''],
      ['rejected', rejected, reasons.length === 0 ? '' : `for ${reasons.length} reasons, such as ${reasons[0] ?? ''}`],
      ['on Kafka', onKafka, ''],
      ['in ClickHouse', rows, 'rows'],
      ['distinct', distinct, `${rows - distinct} were sent again and count once`],
      ['conversions', conversions, ''],
      ['  credited', whole(first?.creditedNano), 'to touchpoints'],
      ['  organic', whole(first?.organicNano), 'no touchpoint within the lookback'],
    ],
  );
}

function printWindowSummary({ windows: { windows } }: DemoResult): void {
  const reopened = windows.filter(({ version }) => version > 1).length;
  printLine(
    `${windows.length} windows published; late events reopened ${reopened} of them, which are at version 2 or higher.`,
  );
  printLine();
}

type CreditRow = DemoResult['credits'][number];

function printCredits(
  { credits }: DemoResult,
  unitsOf: (row: CreditRow) => bigint,
  unit: number,
  digits: number,
): void {
  const models = MODELS.filter((model) => credits.some((row) => row.model === model));
  const cell = (channel: string, model: string): number =>
    Number(
      credits.reduce((sum, row) => (row.channel === channel && row.model === model ? sum + unitsOf(row) : sum), 0n),
    ) / unit;
  const channels = [...new Set(credits.map(({ channel }) => channel))].toSorted(
    (left, right) => rank(left) - rank(right) || cell(right, 'linear') - cell(left, 'linear'),
  );
  const total = (model: string): number => channels.reduce((sum, channel) => sum + cell(channel, model), 0);
  printTable(
    ['channel', ...models.map((model) => model.replace(/_touch$/, '').replaceAll('_', ' '))],
    [
      ...channels.map((channel) => [channel, ...models.map((model) => fixed(cell(channel, model), digits))]),
      ['all', ...models.map((model) => fixed(total(model), digits))],
    ],
    { numbersFrom: 1 },
  );
  printLine();
}

/** Organic stands last, however much it has. */
const rank = (channel: string): number => (channel === 'organic' ? 1 : 0);

const fixed = (value: number, digits: number): string =>
  value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });

function largestCurrency({ expected: { valueMicro } }: DemoResult): string | undefined {
  return Object.entries(valueMicro).toSorted(([, left], [, right]) => (left < right ? 1 : -1))[0]?.[0];
}

const WIDTH_WITHOUT_TERMINAL = 120;

function printConversion({ conversion }: DemoResult): void {
  if (conversion === undefined) return;
  const { facts, trace } = conversion;
  printLine('The way of one conversion (unmogrowp event):');
  printFacts(facts);
  printLine();
  if (trace === undefined) printLine('Jaeger has no trace of its request yet.');
  else {
    printLine('The trace of its request (unmogrowp trace):');
    const width = process.stdout.columns ?? WIDTH_WITHOUT_TERMINAL;
    printLine(drawTrace(trace, { traceId: facts.copies[0].traceId, width, fold: true }));
  }
  printLine();
}

/** Whether everything agrees, and what does not. */
export function printChecks({ checks }: DemoResult): void {
  const wrong = checks.filter(({ isEqual }) => !isEqual);
  if (wrong.length === 0) {
    printLine(`All ${checks.length} counts reconcile, to the last digit of every model.`);
    return;
  }
  printLine(`${wrong.length} of ${checks.length} counts do not reconcile:`);
  printTable(
    ['what', 'counted', 'expected'],
    wrong.map(({ what, actual, expected }) => [what, actual, expected]),
  );
}

/** The same as data. */
export function demoJson(result: DemoResult): Record<string, unknown> {
  const { counts, checks, credits, windows, conversion } = result;
  return {
    tenant_id: result.tenantId,
    day: new Date(result.dayStartMs).toISOString().slice(0, 10),
    is_reconciled: checks.every(({ isEqual }) => isEqual),
    stages: {
      sent: counts.sent,
      accepted: counts.accepted,
      rejected: counts.rejected,
      rejected_by_code: counts.rejectedByCode,
      on_kafka: counts.onKafka,
      rows: counts.rows,
      distinct: counts.distinct,
      duplicates_removed: counts.rows - counts.distinct,
      touchpoints: counts.touchpoints,
      conversions: counts.conversions,
      credited: windows.credited,
      organic: windows.organic,
    },
    windows: windows.windows,
    credits,
    conversion: conversion && {
      event_id: conversion.facts.eventId,
      trace_id: conversion.facts.copies[0].traceId,
      spans: conversion.trace?.length ?? 0,
    },
    checks: checks.map(({ what, actual, expected, isEqual }) => ({ what, actual, expected, is_equal: isEqual })),
  };
}
