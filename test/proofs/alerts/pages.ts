import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type RunbookBlock, readRunbook } from '../../../incidents/page/runbook-page.ts';
import type { Pipeline } from '../pipeline.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const AGAIN_MS = 500;
const RANGE_SECONDS_MIN = 5;
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

export interface PageOptions {
  readonly timeScale: number;
  readonly words: Readonly<Record<string, string>>;
  /** A command may have to be tried again until its part knows: so long at most. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What came of one command of a page. */
export interface BlockOutcome {
  readonly id: string;
  /** Undefined when it was as the page says. */
  readonly problem?: string;
}

/** The blocks of the page of an alert. */
export const blocksOf = (alert: string): readonly RunbookBlock[] =>
  readRunbook(readFileSync(`${ROOT}runbooks/${alert}.md`, 'utf8')).blocks;

/** Runs one command as somebody would paste it, until it shows what the page says or the time is over. */
export async function runBlock(pipeline: Pipeline, block: RunbookBlock, options: PageOptions): Promise<BlockOutcome> {
  const giveUpAt = performance.now() + options.timeoutMs;
  for (;;) {
    const shown = await show(pipeline, block, options).catch(
      (error: unknown) => `it could not be run: ${String(error)}`,
    );
    const problem = typeof shown === 'string' ? shown : judge(block, shown);
    if (problem === undefined) return { id: block.id };
    if (performance.now() > giveUpAt) return { id: block.id, problem };
    await wait(AGAIN_MS, undefined, { signal: options.signal });
  }
}

interface Shown {
  readonly text: string;
  readonly rows: number;
}

function judge({ expect }: RunbookBlock, { text: shown, rows }: Shown): string | undefined {
  const isGood = expect === 'some' ? rows > 0 : expect === 'none' ? rows === 0 : expect.test(shown);
  return isGood
    ? undefined
    : `expected ${String(expect)}, and it shows ${
        shown
          .replaceAll(/[\s│─┌┬┐├┼┤└┴┘]+/g, ' ')
          .trim()
          .slice(0, 200) || 'nothing'
      }`;
}

function show(pipeline: Pipeline, block: RunbookBlock, options: PageOptions): Promise<Shown> {
  if (block.language === 'sh') return showShell(pipeline, block.text, options);
  if (block.language === 'sql') return showSql(pipeline, block.text);
  const query = faster(block.text, options.timeScale);
  return block.language === 'promql' ? showPromql(pipeline, query) : showLogql(pipeline, query);
}

/** The same lengths of time as the rules have, in the time that passes here. */
function faster(query: string, timeScale: number): string {
  return query.replaceAll(/(\[|offset )(\d+)([smhd])\b/g, (_, before: string, number: string, unit: string) => {
    const seconds = (Number(number) * (UNITS[unit] ?? 1)) / timeScale;
    return `${before}${Math.max(RANGE_SECONDS_MIN, Math.round(seconds))}s`;
  });
}

async function showPromql({ prometheus }: Pipeline, query: string): Promise<Shown> {
  const samples = await prometheus.query(query);
  return {
    rows: samples.length,
    text: samples.map(({ metric, value }) => `${JSON.stringify(metric)} ${value}`).join('\n'),
  };
}

async function showLogql({ loki }: Pipeline, query: string): Promise<Shown> {
  const toMs = Date.now();
  if (query.startsWith('{')) {
    const lines = await loki.lines(query, { fromMs: toMs - 60_000 });
    return { rows: lines.length, text: lines.map(({ line }) => line).join('\n') };
  }
  const series = await loki.queryRange(query, { fromMs: toMs - 2_000, toMs, stepSeconds: 1 });
  const last = series.filter(({ values }) => (values.at(-1)?.[0] ?? 0) * 1_000 > toMs - 2_000);
  return { rows: last.length, text: JSON.stringify(last) };
}

async function showSql({ stage }: Pipeline, query: string): Promise<Shown> {
  const { client } = stage.clickhouse;
  if (!query.startsWith('SELECT')) {
    await client.command({ query });
    return { rows: 0, text: '' };
  }
  const answer = await client.query({ query, format: 'TabSeparated' });
  const shown = await answer.text();
  return { rows: shown.split('\n').length - 1, text: shown };
}

async function showShell(pipeline: Pipeline, script: string, { words, signal }: PageOptions): Promise<Shown> {
  const program = `unmogrowp() { ${process.execPath} ${ROOT}bin/unmogrowp.ts "$@"; }\n${script}`;
  const child = spawn('bash', ['-c', program], {
    cwd: ROOT,
    env: { ...process.env, ...pipeline.variables, ...words },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const shown = `${stdout}${stderr}`;
  return { rows: shown.trim() === '' ? 0 : shown.trim().split('\n').length, text: shown };
}
