import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fingerprintProblems } from './fingerprints.ts';
import { generatedProblems } from './generated.ts';
import { importProblems } from './imports.ts';
import { runbookProblems } from './runbooks.ts';
import { telemetryProblems } from './telemetry.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const README_LINES_MAX = 20;
const FILE_LINES_MAX = 400;

/** All gates in the order of their cost; each names the command that mends it. */
const GATES: readonly { name: string; fix: string; run: () => string[] | Promise<string[]> }[] = [
  {
    name: 'imports',
    fix: 'change the import, or argue for a new edge in checks/imports.ts',
    run: () => importProblems(ROOT, files('*.ts')),
  },
  { name: 'folders', fix: `give the folder a README.md of at most ${README_LINES_MAX} lines`, run: folderProblems },
  { name: 'length', fix: 'split the file', run: lengthProblems },
  { name: 'types', fix: 'npm run typecheck', run: () => tool('tsc', ['--noEmit']) },
  { name: 'lint', fix: 'npx oxlint --type-aware', run: () => tool('oxlint', ['--type-aware', '--deny-warnings']) },
  { name: 'dead code', fix: 'delete what nothing uses: npx knip', run: () => tool('knip', []) },
  { name: 'format', fix: 'npm run format', run: () => tool('prettier', ['--check', '--log-level', 'warn', '.']) },
  {
    name: 'workflows',
    fix: 'think of what is under way, then npm run fingerprint',
    run: () => fingerprintProblems(ROOT),
  },
  {
    name: 'telemetry',
    fix: 'declare it in otel/registry/, or stop using it',
    run: () => telemetryProblems(ROOT, files('*')),
  },
  {
    name: 'runbooks',
    fix: 'give the alert a page, a test and a fault of its name',
    run: () => runbookProblems(ROOT),
  },
  { name: 'generated files', fix: 'npm run generate', run: () => generatedProblems(ROOT) },
];

/** The files that git knows or would take, relative to the root. */
function files(pattern: string): string[] {
  const listed = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--', pattern], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return listed.stdout.split('\n').filter((file) => file !== '' && existsSync(`${ROOT}/${file}`));
}

function tool(name: string, args: readonly string[]): string[] {
  const result = spawnSync(`${ROOT}/node_modules/.bin/${name}`, args, { cwd: ROOT, encoding: 'utf8' });
  return result.status === 0
    ? []
    : [`${result.stdout}${result.stderr}`.trim() || `${name} ended with ${result.status}`];
}

function folderProblems(): string[] {
  const folders = readdirSync(ROOT, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && !entry.name.startsWith('.') && !['node_modules', 'docs'].includes(entry.name),
  );
  return folders.flatMap(({ name }) => {
    const path = `${ROOT}/${name}/README.md`;
    if (!existsSync(path)) return [`${name}/README.md is missing`];
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n').length;
    return lines > README_LINES_MAX ? [`${name}/README.md has ${lines} lines`] : [];
  });
}

function lengthProblems(): string[] {
  return files('*.ts').flatMap((file) => {
    const lines = readFileSync(`${ROOT}/${file}`, 'utf8').split('\n').length;
    return lines > FILE_LINES_MAX ? [`${file} has ${lines} lines`] : [];
  });
}

let failed = 0;
for (const gate of GATES) {
  const started = performance.now();
  const problems = await gate.run();
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  process.stdout.write(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${gate.name} (${seconds} s)\n`);
  if (problems.length === 0) continue;
  failed += 1;
  process.stdout.write(`${problems.join('\n').replace(/^/gm, '     ')}\n     to mend: ${gate.fix}\n`);
}
process.exit(failed === 0 ? 0 : 1);
