import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describeRun } from '../../bench/machine.ts';

const DOCUMENT = new URL('../../docs/proof.md', import.meta.url);

const HEAD = `# Proof

Written by the proofs themselves: what is said of the telemetry, and when and how it was last shown to be true on the real parts. A
proof that fails writes its section too. The section of a proof is replaced when it runs again.
`;

/** The proofs in the order of their sections. */
const TITLES = {
  metrics: 'Metrics: every one is scraped, with every label',
  panels: 'Panels: every query of every board has been run',
  alerts: 'Alerts: every one has fired by a real fault, and was delivered',
  runbooks: 'Runbooks: every command has been run under its fault',
  quiet: 'Quiet: what fires in health',
  traces: 'Traces: how many ways are unbroken',
  incident: 'Incident: from a fault to a report, and a ladder that nothing can make forget',
} as const;
export type ProofName = keyof typeof TITLES;

export interface ProofTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface ProofSection {
  /** A few lines: what was counted, and how much of it is proven. */
  readonly summary: string;
  readonly table: ProofTable;
  /** What is wrong; empty when everything is proven. */
  readonly problems: readonly string[];
  /** The options it was run with, such as \`--long\`. */
  readonly options?: string;
}

/** Puts the section of one proof into docs/proof.md and keeps the others as they are. */
export function writeProof(name: ProofName, section: ProofSection): void {
  const sections = new Map(Object.entries(readSections()));
  sections.set(name, textOf(name, section));
  const texts = Object.keys(TITLES).flatMap((each) => sections.get(each) ?? []);
  writeFileSync(DOCUMENT, `${[HEAD, ...texts].join('\n')}`);
}

function textOf(name: ProofName, { summary, table, problems, options = '' }: ProofSection): string {
  const run = describeRun('');
  const command = `npm run prove:${name}${options === '' ? '' : ` -- ${options}`}`;
  const verdict = problems.length === 0 ? '**Proven.**' : `**${problems.length} problems.**`;
  return [
    `## ${TITLES[name]}`,
    '',
    `${verdict} ${summary}`,
    '',
    ...(problems.length === 0 ? [] : [...problems.map((problem) => `- ${oneLine(problem)}`), '']),
    ...tableLines(table),
    '',
    `\`${command}\` on ${run.startedAt} UTC, commit ${run.commit}. ${run.machine}.`,
    '',
  ].join('\n');
}

function tableLines({ columns, rows }: ProofTable): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(oneLine).join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)];
}

/** A bar would end the cell, a line break the table. */
const oneLine = (text: string): string => text.replaceAll(/\s*\n\s*/g, ' ').replaceAll('|', '\\|');

/** The sections that are there, by the names of their proofs. */
function readSections(): Partial<Record<ProofName, string>> {
  const text = existsSync(DOCUMENT) ? readFileSync(DOCUMENT, 'utf8') : '';
  const bodies = text.split(/^(?=## )/m).slice(1);
  return Object.fromEntries(
    (Object.keys(TITLES) as ProofName[]).flatMap((name) => {
      const body = bodies.find((each) => each.startsWith(`## ${TITLES[name]}\n`));
      return body === undefined ? [] : [[name, `${body.trimEnd()}\n`]];
    }),
  );
}
