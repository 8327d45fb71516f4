import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { importProblems } from './imports.ts';

/** What the gate says about one file that imports another one. */
function problemsOf(file: string, text: string, imported: string): string[] {
  const root = mkdtempSync(join(tmpdir(), 'unmogrowp-imports-test-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [path, content] of [
    [file, text],
    [imported, ''],
  ] as const) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return importProblems(root, [file]);
}

test.for([
  ['a value', "import { a } from '../sink/a.ts';"],
  ['a type', "import type { A } from '../sink/a.ts';"],
  ['only its effects', "import '../sink/a.ts';"],
  ['what it gives on', "export * from '../sink/a.ts';"],
  ['late', "export const load = () => import('../sink/a.ts');"],
] as const)('kafka may not import the sink: %s', ([_what, text]) => {
  expect(problemsOf('kafka/b.ts', text, 'sink/a.ts')).toEqual([expect.stringContaining('kafka must not import sink')]);
});

test('whoever uses a folder may import it, and whoever wires everything together any', () => {
  expect(problemsOf('sink/b.ts', "import { a } from '../kafka/a.ts';", 'kafka/a.ts')).toEqual([]);
  expect(problemsOf('bin/b.ts', "import { a } from '../sink/a.ts';", 'sink/a.ts')).toEqual([]);
});

test('workflows see activities as types only', () => {
  expect(problemsOf('workflows/b.ts', "import type { A } from '../activities/a.ts';", 'activities/a.ts')).toEqual([]);
  for (const text of ["import { a } from '../activities/a.ts';", "export const a = import('../activities/a.ts');"]) {
    expect(problemsOf('workflows/b.ts', text, 'activities/a.ts')).toEqual([
      expect.stringContaining('workflows must not import activities except as types'),
    ]);
  }
});

test('a folder that nobody has put into the table, and a file that is not there, are told', () => {
  expect(problemsOf('new/b.ts', '', 'new/a.ts')).toEqual([expect.stringContaining('new/ is not in the import table')]);
  expect(problemsOf('sink/b.ts', "import '../kafka/absent.ts';", 'kafka/a.ts')).toEqual([
    expect.stringContaining('../kafka/absent.ts does not exist'),
  ]);
});
