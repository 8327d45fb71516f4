import type { BenchReport } from './bench.ts';
import type { RunDescription } from './machine.ts';

/** The report of one bench as a section of docs/benchmarks.md. */
export function renderReport(report: BenchReport, run: RunDescription & { seconds: number }): string {
  const versions = Object.entries(report.versions).map(([name, version]) => `${name} ${version}`);
  return [
    `## ${report.title}`,
    '',
    report.how,
    '',
    ...report.tables.flatMap(({ head, rows }) => [...renderTable(head, rows), '']),
    ...renderTable(
      ['goal', 'measured', 'met'],
      report.goals.map(({ text, measured, isMet }) => [text, measured, isMet ? 'yes' : '**no**']),
    ),
    '',
    ...(report.notes ?? []).flatMap((note) => [note, '']),
    `\`${run.command}\`, ${run.startedAt} UTC, ${Math.round(run.seconds)} s, commit ${run.commit}. ${run.machine}; load before: ` +
      `${run.loadBefore.toFixed(1)}. ${versions.join(', ')}.`,
  ].join('\n');
}

function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
