import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { expect, test } from 'vitest';
import { parseEnv } from '../../env.ts';
import { generateDay } from '../../events/generator.ts';
import { type Page, ROOT, listFiles, pages, readPage, readText, typedTexts } from './markdown.ts';

/** Variables that belong to Node, not to us. */
const FOREIGN_VARIABLES = ['NODE_EXTRA_CA_CERTS'];

test('there are pages to judge', () => {
  expect(pages.map(({ path }) => path)).toEqual(
    expect.arrayContaining(['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md']),
  );
});

test.for(pages)('every relative link of $path leads somewhere', (page) => {
  expect(linksOf(page).filter((link) => !leadsSomewhere(page, link))).toEqual([]);
});

test.for(pages)('every file that $path names exists', (page) => {
  const named = page.spans.filter((span) =>
    /^[a-z][\w.-]*\/[\w./-]*\.(ts|sql|ya?ml|json|md|sh|csv|java|xml)$/.test(span),
  );
  const real = named.filter((path) => !path.includes('NNNN'));
  expect(real.filter((path) => !existsSync(ROOT + path) && !existsSync(besides(page, path)))).toEqual([]);
});

test.for(pages)('every script and test folder that $path says to run exists', (page) => {
  const { scripts } = JSON.parse(readText('package.json')) as { scripts: Record<string, string> };
  const texts = typedTexts(page);
  const named = texts.flatMap((text) =>
    [...text.matchAll(/npm run (?:--silent )?([\w:]+)/g)].map(([, name = '']) => name),
  );
  expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  const folders = texts.flatMap((text) => [...text.matchAll(/vitest run ([\w./-]+)/g)].map(([, path = '']) => path));
  expect(folders.filter((path) => !existsSync(ROOT + path))).toEqual([]);
});

test.for(pages)('every variable that $path sets or names is read by the platform', (page) => {
  const variables = new Set([...Object.keys(parseEnv({})), ...declaredInEnv(), ...FOREIGN_VARIABLES]);
  const texts = typedTexts(page);
  const exported = texts
    .filter((text) => text.trimStart().startsWith('export '))
    .flatMap((text) => [...text.matchAll(/\b([A-Z][A-Z0-9_]+)=/g)].map(([, name = '']) => name));
  expect(exported.filter((name) => !variables.has(name))).toEqual([]);
  const named = texts.flatMap((text) => [...text.matchAll(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g)].map(([name]) => name));
  expect(named.filter((name) => !variables.has(name) && !isInSources(name))).toEqual([]);
});

test('README.md lists every root folder with a page of its own, and no other', () => {
  const listed = [...readText('README.md').matchAll(/^\| \[`([a-z]+)\/`\]/gm)].map(([, name = '']) => name);
  const folders = listFiles('*/README.md').map((path) => path.split('/'));
  const roots = folders.filter((parts) => parts.length === 2).map(([name = '']) => name);
  expect(listed.toSorted()).toEqual(roots.toSorted());
});

test('README.md shows the counts that the demo has today', () => {
  const options = { seed: 1, events: 20_000, eventsPerRequest: 250, dayStartMs: Date.UTC(2026, 10, 23) };
  const { sent, accepted, rejected, distinct, conversions, organic } = generateDay(options).expected;
  const shown = readPage('README.md').blocks.find(({ language, text }) => language === 'text' && text.includes('sent'));
  const counts = [...(shown?.text ?? '').matchAll(/^│ +(\w[\w ]*?) +│ +(\d+) │/gm)].map(([, stage = '', count]) => [
    stage,
    Number(count),
  ]);
  expect(Object.fromEntries(counts)).toEqual({
    sent,
    accepted,
    rejected,
    'on Kafka': accepted,
    'in ClickHouse': accepted,
    distinct,
    conversions,
    credited: conversions - organic,
    organic,
  });
});

test('CONTRIBUTING.md says what each gate wants', () => {
  const gates = [...readText('checks/run.ts').matchAll(/name: '([\w ]+)'/g)].map(([, name = '']) => name);
  const described = [...readText('CONTRIBUTING.md').matchAll(/^\| ([\w ]+?) +\|/gm)].map(([, name = '']) => name);
  expect(gates.length).toBeGreaterThan(5);
  expect(described).toEqual(['gate', ...gates]);
});

test('CI and the documents run the same commands', () => {
  expect(readText('.github/workflows/ci.yml')).toContain('run: .ci/run');
  for (const command of ['npm ci', 'npm run --silent check', 'npm test', 'npm run --silent demo']) {
    expect(readText('.ci/run')).toContain(command);
  }
  for (const command of ['npm ci && npm run demo', 'npm ci && npm test']) {
    expect(readPage('README.md').blocks.map(({ text }) => text.trim())).toContain(command);
  }
});

/** Targets of the links that stay in the repository. */
function linksOf(page: Page): string[] {
  const prose = page.text.replaceAll(/^```\w*\n[\s\S]*?^```$/gm, '').replaceAll(/`[^`]*`(?!\])/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target).filter((to) => !/^[a-z]+:/.test(to));
}

function leadsSomewhere(page: Page, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? ROOT + page.path : besides(page, path);
  if (!existsSync(target)) return false;
  return anchor === undefined || anchorsOf(target.slice(ROOT.length)).includes(anchor);
}

const besides = (page: Page, path: string): string => ROOT + posix.join(posix.dirname(page.path), path);

/** The anchors that GitHub makes of the headings of a page. */
const anchorsOf = (path: string): string[] =>
  [...readText(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );

/** Also the variables without a default. */
const declaredInEnv = (): string[] =>
  [...readText('env.ts').matchAll(/^ {4}([A-Z][A-Z0-9_]+):/gm)].map(([, name = '']) => name);

const sources = ['*.ts', '*.yml', '*.sh'].flatMap(listFiles).filter((path) => !path.startsWith('test/docs/'));
const sourceText = sources.map(readText).join('\n');
const isInSources = (name: string): boolean => new RegExp(`\\b${name}\\b`).test(sourceText);
