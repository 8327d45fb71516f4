import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { EXAMPLE_ENVIRONMENT, EXAMPLE_TEXT, exampleDocument } from '../../test/incidents/example-policy.ts';
import { policyVersion } from '../../incidents/policy/version.ts';
import { registerCheck } from './incident-check.ts';

let directory: string;
let file: string;
let output: string;
let aside: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'incident-check-'));
  file = join(directory, 'policy.yaml');
  [output, aside] = ['', ''];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((output += String(text))));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean((aside += String(text))));
  for (const [name, value] of Object.entries(EXAMPLE_ENVIRONMENT)) vi.stubEnv(name, value);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
});

/** Runs the command and gives its exit code. */
async function check(text: string, ...options: string[]): Promise<number> {
  writeFileSync(file, text);
  return run(file, ...options);
}

async function run(...words: string[]): Promise<number> {
  const incident = new Command('incident');
  registerCheck(incident);
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    await incident.parseAsync(['check', ...words], { from: 'user' });
    return Number(process.exitCode);
  } finally {
    process.exitCode = before;
  }
}

it('says of a good policy its version, who takes what, and who is on call now', async () => {
  expect(await check(EXAMPLE_TEXT)).toBe(0);
  expect(output).toContain(policyVersion(exampleDocument()));
  expect(output).toMatch(/money .*severity="critical".* 3 /);
  expect(output).toMatch(/everything .*everything else.* 2 /);
  expect(output).toMatch(/primary .*(ada|grace)/);
  expect(aside).toBe('');
});

it('says of a bad policy what is wrong and where, and fails', async () => {
  expect(await check(EXAMPLE_TEXT.replace('{ person: ada }', '{ person: alan }'))).toBe(1);
  const line = EXAMPLE_TEXT.slice(0, EXAMPLE_TEXT.indexOf('{ person: ada }')).split('\n').length;
  expect(output).toBe(`${file}:${line}: error: policies.0.steps.1.notify.1.person is nobody of people\n`);
});

it('warns beside the answer', async () => {
  vi.stubEnv('ROOM_SLACK_URL', '');
  expect(await check(EXAMPLE_TEXT)).toBe(0);
  expect(aside).toMatch(/policy\.yaml:\d+: warning: channels\.0 needs the variable ROOM_SLACK_URL/);
  expect(output).not.toContain('warning');
});

it('says the same to a program', async () => {
  expect(await check(EXAMPLE_TEXT, '--json')).toBe(0);
  expect(JSON.parse(output)).toMatchObject({
    file,
    ok: true,
    problems: [],
    version: policyVersion(exampleDocument()),
    policies: [{ id: 'money', steps: 3 }, { id: 'everything' }],
    on_call: [{ schedule: 'primary' }],
  });
  output = '';
  expect(await check(EXAMPLE_TEXT.replace('repeat: 3', 'repeat: 9'), '--json')).toBe(1);
  expect(JSON.parse(output)).toMatchObject({ ok: false, problems: [{ severity: 'error', path: 'policies.0.repeat' }] });
});

it('judges the file that is used when none is named', async () => {
  vi.stubEnv('INCIDENT_POLICY_FILE', '');
  expect(await run()).toBe(0);
  expect(output).toContain('default-policy.yaml');
  output = '';
  writeFileSync(file, EXAMPLE_TEXT);
  vi.stubEnv('INCIDENT_POLICY_FILE', file);
  expect(await run()).toBe(0);
  expect(output).toContain(file);
});

it('fails when there is no such file', async () => {
  expect(await run(join(directory, 'none.yaml'))).toBe(1);
  expect(output).toMatch(/none\.yaml:1: error: cannot be read/);
});
