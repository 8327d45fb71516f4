import type { Command } from 'commander';
import { whoIsOnCall } from '../../incidents/oncall/who.ts';
import { DEFAULT_POLICY_FILE, readPolicy } from '../../incidents/policy/load.ts';
import { problemText } from '../../incidents/policy/problems.ts';
import type { PolicyDocument } from '../../incidents/policy/schema.ts';
import { policyVersion } from '../../incidents/policy/version.ts';
import { printFacts, printJson, printLine, printProgress, printTable } from '../output.ts';

/** `unmogrowp incident check`: judges a policy file without touching anything that runs. */
export function registerCheck(incident: Command): void {
  incident
    .command('check [file]')
    .description(
      'says what is wrong with a policy file, line by line; without one, with the file that is used. Exit code 1 when it cannot be used',
    )
    .option('--json', 'print JSON')
    .action(check);
}

function check(named: string | undefined, { json = false }: { json?: boolean }): void {
  const file = named ?? (process.env['INCIDENT_POLICY_FILE'] || DEFAULT_POLICY_FILE);
  const nowMs = Date.now();
  const { document, problems } = readPolicy(file, { environment: process.env, nowMs });
  if (document === undefined) process.exitCode = 1;
  const summary = document === undefined ? null : summaryOf(document, nowMs);
  if (json) {
    printJson({ file, ok: document !== undefined, problems, ...summary });
    return;
  }
  const lines = problems.map((problem) => problemText(file, problem));
  // What makes the exit code 1 is the answer; warnings beside a good answer are no part of it.
  for (const line of lines) (document === undefined ? printLine : printProgress)(line);
  if (summary !== null) printSummary(file, summary);
}

const summaryOf = (document: PolicyDocument, nowMs: number) => ({
  version: policyVersion(document),
  policies: document.policies.map(({ id, matchers, steps }) => ({ id, matchers, steps: steps.length })),
  on_call: document.schedules.map((schedule) => {
    const { people, untilMs } = whoIsOnCall(schedule, [], nowMs);
    return { schedule: schedule.id, people, until: untilMs === null ? null : new Date(untilMs).toISOString() };
  }),
});

function printSummary(file: string, { version, policies, on_call: onCall }: ReturnType<typeof summaryOf>): void {
  printFacts([
    ['file', file],
    ['version', version],
  ]);
  printTable(
    ['policy', 'takes', 'steps'],
    policies.map(({ id, matchers, steps }) => [id, matchers.join(', ') || 'everything else', steps]),
  );
  if (onCall.length === 0) return;
  printTable(
    ['schedule', 'on call now, without overrides', 'until'],
    onCall.map(({ schedule, people, until }) => [schedule, people.join(', ') || 'nobody', until ?? '']),
  );
}
