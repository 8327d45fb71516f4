import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXAMPLE_ENVIRONMENT, EXAMPLE_TEXT } from '../../test/incidents/example-policy.ts';
import { DEFAULT_POLICY_FILE, type LoadedPolicy, openPolicy, readPolicy } from './load.ts';

const NOW_MS = Date.parse('2026-11-26T08:00:00Z');

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'incident-policy-'));
  file = join(directory, 'policy.yaml');
  writeFileSync(file, EXAMPLE_TEXT);
});
afterEach(() => rmSync(directory, { recursive: true }));

const open = (onChange?: (loaded: LoadedPolicy) => void) =>
  openPolicy({ file, environment: EXAMPLE_ENVIRONMENT, nowMs: () => NOW_MS, ...(onChange && { onChange }) });

describe('a policy file', () => {
  it('counts as soon as it is changed', () => {
    const changes: string[] = [];
    const source = open((loaded) => changes.push(loaded.version));
    const { version } = source.current();
    writeFileSync(file, EXAMPLE_TEXT.replace('wait: 15m', 'wait: 20m'));
    const next = source.current();
    expect(next.version).not.toBe(version);
    expect(next).toMatchObject({ isOutdated: false, problems: [] });
    expect(next.document.policies[1]?.steps[0]?.wait).toBe('20m');
    source.current();
    expect(changes).toEqual([next.version]);
  });

  it('counts when another one takes its place, as mounted volumes do it', () => {
    const source = open();
    const before = source.current().version;
    const other = join(directory, 'next.yaml');
    writeFileSync(other, EXAMPLE_TEXT.replace('wait: 15m', 'wait: 20m'));
    renameSync(other, file);
    expect(source.current().version).not.toBe(before);
  });

  it('that turns bad is not used, and its problems are known', () => {
    const changes: LoadedPolicy[] = [];
    const source = open((loaded) => changes.push(loaded));
    const good = source.current();
    writeFileSync(file, EXAMPLE_TEXT.replace('{ person: ada }', '{ person: alan }'));
    const kept = source.current();
    expect(kept).toMatchObject({ version: good.version, document: good.document, isOutdated: true });
    expect(kept.problems).toMatchObject([{ severity: 'error', path: 'policies.0.steps.1.notify.1.person' }]);
    writeFileSync(file, EXAMPLE_TEXT);
    expect(source.current()).toMatchObject({ version: good.version, isOutdated: false, problems: [] });
    expect(changes.map(({ isOutdated }) => isOutdated)).toEqual([true, false]);
  });

  it('that goes away leaves the last good policy', () => {
    const source = open();
    const good = source.current();
    rmSync(file);
    expect(source.current()).toMatchObject({
      version: good.version,
      isOutdated: true,
      problems: [{ message: 'cannot be read' }],
    });
    writeFileSync(file, EXAMPLE_TEXT);
    expect(source.current()).toMatchObject({ version: good.version, isOutdated: false });
  });

  it('that is bad at the start is refused, with the lines and without values', () => {
    writeFileSync(
      file,
      EXAMPLE_TEXT.replace('url_variable: ROOM_SLACK_URL', 'url_variable: https://secret.example.com'),
    );
    const line = EXAMPLE_TEXT.slice(0, EXAMPLE_TEXT.indexOf('ROOM_SLACK_URL')).split('\n').length;
    expect(() => open()).toThrow(
      expect.objectContaining({
        code: 'incident_policy_invalid',
        message: expect.stringContaining(
          `policy.yaml:${line}: error: channels.0.url_variable has to be the name`,
        ) as string,
      }),
    );
    expect(() => open()).not.toThrow(/secret/);
    rmSync(file);
    expect(() => open()).toThrow(/policy\.yaml:1: error: cannot be read/);
  });
});

it('is there when no file is named: the default policy has no error', () => {
  const facts = { environment: {}, nowMs: NOW_MS };
  const { document, problems } = readPolicy(DEFAULT_POLICY_FILE, facts);
  expect(document?.policies.at(-1)?.matchers).toEqual([]);
  expect(problems.map(({ message }) => message)).toEqual([
    'needs the variable INCIDENT_WEBHOOK_URL, which is not set here',
    'needs the variable INCIDENT_WEBHOOK_SECRET, which is not set here',
  ]);
  expect(openPolicy({ ...facts, nowMs: () => NOW_MS }).current().file).toBe(DEFAULT_POLICY_FILE);
});
