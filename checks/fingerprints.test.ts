import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { beforeEach, expect, test } from 'vitest';
import { fingerprintProblems, renewFingerprints } from './fingerprints.ts';
import { workflowCodes } from './workflow-code.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** A copy of the workflows, that a test may change. */
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'unmogrowp-twin-'));
  for (const folder of ['workflows', 'events', 'incidents']) {
    cpSync(join(ROOT, folder), join(root, folder), { recursive: true, filter: (path) => !path.endsWith('.test.ts') });
  }
  renewFingerprints(root, 'as it was');
  return () => rmSync(root, { recursive: true, force: true });
});

const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const write = (file: string, text: string): void => {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
};
/** Changes one thing in a file, which must be there. */
function change(file: string, from: string, to: string): void {
  expect(read(file)).toContain(from);
  write(file, read(file).replace(from, to));
}
const named = (): string[] => fingerprintProblems(root).flatMap((line) => /^\w+(?=: )/.exec(line) ?? []);

test('the code of the workflows is what somebody has stood up for', () => {
  expect(fingerprintProblems(ROOT)).toEqual([]);
});

test('comments, formatting, types, the order of declarations and the words for people change no fingerprint', async () => {
  const before = workflowCodes(root);
  for (const file of ['window.ts', 'window-run.ts', 'window-state.ts', 'replay.ts', 'replay-state.ts', 'audit.ts']) {
    const text = await format(read(`workflows/${file}`), {
      parser: 'typescript',
      printWidth: 60,
      singleQuote: false,
      semi: false,
    });
    write(`workflows/${file}`, `// Another word about it.\n${text}\ninterface Unused { name: string }\n`);
  }
  change('workflows/window-state.ts', 'late data, until the late horizon', 'late data until the horizon comes');
  change('workflows/window-state.ts', 'state: WindowState', 'state: Readonly<WindowState>');
  const moved = /\nfunction showTrouble[\s\S]*?\n}\n/.exec(read('workflows/window-run.ts'))?.[0] ?? '';
  expect(moved).not.toBe('');
  change('workflows/window-run.ts', moved, '');
  change('workflows/window-run.ts', '\nconst LEASE_POLL_MS_MAX', `${moved}\nconst LEASE_POLL_MS_MAX`);
  expect(workflowCodes(root)).toEqual(before);
  expect(named()).toEqual([]);
});

test('what can change a command of a workflow is found, for each workflow that it reaches and no other', () => {
  change('workflows/window-run.ts', 'await waitForTurn(life, reason);', '');
  expect(named()).toEqual(['window']);
  change('workflows/replay.ts', 'WINDOWS_PER_RUN = 500', 'WINDOWS_PER_RUN = 501');
  expect(named()).toEqual(['replay', 'window']);
  change('workflows/pages.ts', 'page >= pagesPerRun', 'page > pagesPerRun');
  expect(named()).toEqual(['audit', 'ledger', 'reconcile', 'replay', 'window']);
});

test('a name that comes to stand for something else is found', () => {
  change('workflows/window-run.ts', 'loadWindow as load,', 'enterRun as load,');
  expect(named()).toEqual(['window']);
});

test('a change is told with the rule to follow, and is not renewed without a history, a patch or a reason', () => {
  change('workflows/window-run.ts', 'await waitForTurn(life, reason);', '');
  const told = fingerprintProblems(root).join('\n');
  for (const way of ['npm run fingerprint', "patched('a-name')", 'record-histories.ts', '--because']) {
    expect(told).toContain(way);
  }
  expect(renewFingerprints(root)).toEqual({ renewed: [], refused: ['window'] });
  expect(named()).toEqual(['window']);
});

test('a change behind a patch is renewed', () => {
  const wait = 'await waitForTurn(life, reason);';
  change('workflows/window-run.ts', wait, `if (!patched('no-turns')) ${wait}`);
  expect(named()).toEqual(['window']);
  expect(renewFingerprints(root)).toEqual({ renewed: ['window'], refused: [] });
  expect(named()).toEqual([]);
  expect(workflowCodes(root)['window']?.patches).toEqual(['no-turns']);
});

test('a change with a new history is renewed, and one for which a reason is given keeps it', () => {
  change('workflows/window-run.ts', 'await waitForTurn(life, reason);', '');
  write('workflows/histories/window-unqueued-1.json', '{}');
  expect(renewFingerprints(root)).toEqual({ renewed: ['window'], refused: [] });
  change('workflows/replay.ts', 'WINDOWS_PER_RUN = 500', 'WINDOWS_PER_RUN = 501');
  expect(renewFingerprints(root, 'no replay has run yet')).toEqual({ renewed: ['replay'], refused: [] });
  expect(read('workflows/fingerprints.json')).toContain('"because": "no replay has run yet"');
  expect(named()).toEqual([]);
});

test('a history more leaves the reason that was given for the code as it is', () => {
  change('workflows/replay.ts', 'WINDOWS_PER_RUN = 500', 'WINDOWS_PER_RUN = 501');
  renewFingerprints(root, 'no replay has run yet');
  write('workflows/histories/replay-again-1.json', '{}');
  expect(renewFingerprints(root)).toEqual({ renewed: ['replay'], refused: [] });
  expect(read('workflows/fingerprints.json')).toContain('"because": "no replay has run yet"');
  expect(named()).toEqual([]);
});

test('a workflow without a history, one whose history is gone, and one that is gone are told', () => {
  const [history = ''] = (JSON.parse(read('workflows/fingerprints.json')) as Record<string, { histories: string[] }>)[
    'window'
  ]?.histories ?? [''];
  rmSync(join(root, 'workflows/histories', history));
  expect(named()).toEqual(['window']);
  change(
    'workflows/index.ts',
    "export { audit } from './audit.ts';\n",
    "export { audit as other } from './audit.ts';\n",
  );
  expect(named()).toEqual(['audit', 'other', 'window']);
  expect(renewFingerprints(root).refused).toEqual(['audit', 'other', 'window']);
});
