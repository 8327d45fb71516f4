import type { LatenessLine, LatenessReport } from './lateness.ts';
import { printLine, printTable } from './output.ts';

/** The report for people. */
export function printLateness(report: LatenessReport): void {
  if (report.lines.length === 0) {
    printLine(`No event of ${report.tenant_id} was received between ${report.from} and ${report.to}.`);
    return;
  }
  printTable(
    ['channel', 'events', 'p50', 'p90', 'p99', '> 1 h', '> 6 h', '> 1 d', '> 7 d', 'after close', 'beyond horizon'],
    report.lines.map(toRow),
    { numbersFrom: 1 },
  );
  printLine();
  printTable(
    ['a window that closes', 'gets so many events too late'],
    report.waits.map(({ wait_seconds: wait, share_after: share }) => [
      wait === 0 ? 'at its end' : `${durationText(wait)} after its end`,
      shareText(share),
    ]),
    { numbersFrom: 1 },
  );
  printLine();
  printAdvice(report);
  printBeyondHorizon(report);
}

function toRow(line: LatenessLine): (string | number)[] {
  return [
    line.channel === null ? 'all' : line.channel === '' ? '(none)' : line.channel,
    line.events,
    ...[line.p50_seconds, line.p90_seconds, line.p99_seconds].map(durationText),
    ...[line.share_over_1h, line.share_over_6h, line.share_over_1d, line.share_over_7d].map(shareText),
    shareText(line.share_over_allowed_lateness),
    shareText(line.share_over_late_horizon),
  ];
}

function printAdvice(report: LatenessReport): void {
  const { allowed_lateness_seconds: allowed, late_horizon_seconds: horizon, advice } = report;
  printLine(`Now: allowed lateness ${durationText(allowed)}, late horizon ${durationText(horizon)}.`);
  if (advice === null) {
    printLine('Too few events came in this time to advise anything.');
    return;
  }
  printLine(
    `Advice: allowed lateness ${durationText(advice.allowed_lateness_seconds)}, late horizon ${durationText(advice.late_horizon_seconds)}. ` +
      'Then at most 5 % of the events come after the first close of their window, and at most 0.1 % after its horizon.',
  );
  printLine(
    'A shorter lateness publishes sooner and computes windows more often; the numbers end the same. ' +
      `unmogrowp tenant settings ${report.tenant_id} --set allowed_lateness_seconds=${advice.allowed_lateness_seconds} late_horizon_seconds=${advice.late_horizon_seconds}`,
  );
}

function printBeyondHorizon({ late_beyond_horizon: days }: LatenessReport): void {
  if (days.length === 0) return;
  printLine();
  printLine('Came after the late horizon of their window, and are in no credits until it is replayed:');
  printTable(
    ['day', 'rows', 'touchpoints', 'conversions'],
    days.map(({ day, rows, touchpoints, conversions }) => [day, rows, touchpoints, conversions]),
  );
}

const shareText = (share: number): string => `${(share * 100).toFixed(1)} %`;

const UNITS: readonly { name: string; seconds: number }[] = [
  { name: 'd', seconds: 86_400 },
  { name: 'h', seconds: 3_600 },
  { name: 'm', seconds: 60 },
  { name: 's', seconds: 1 },
];

/** The two largest units: 3 h 38 m. */
export function durationText(seconds: number): string {
  const whole = Math.round(seconds);
  const first = UNITS.findIndex((unit) => whole >= unit.seconds);
  if (first < 0) return '0 s';
  let left = whole;
  const words = UNITS.slice(first, first + 2).map(({ name, seconds: length }) => {
    const count = Math.floor(left / length);
    left -= count * length;
    return count === 0 ? '' : `${count} ${name}`;
  });
  return words.filter((word) => word !== '').join(' ');
}
