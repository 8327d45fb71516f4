import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The root of the checkout, with a slash at its end. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** One page of the repository. */
export interface Page {
  /** Relative to the root. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly CodeBlock[];
  /** What stands between backticks outside of blocks. */
  readonly spans: readonly string[];
}

export interface CodeBlock {
  readonly language: string;
  readonly text: string;
}

/** The files that git knows or would take, relative to the root. */
export function listFiles(pattern: string): string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '--', pattern];
  const { stdout } = spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' });
  return stdout.split('\n').filter((path) => path !== '' && existsSync(ROOT + path));
}

/** A file of the repository as text. */
export const readText = (path: string): string => readFileSync(ROOT + path, 'utf8');

/** Reads one page into what a test can ask for. */
export function readPage(path: string): Page {
  const text = readText(path);
  const blocks = [...text.matchAll(/^```(\w*)[^\n]*\n([\s\S]*?)^```$/gm)].map(([, language = '', block = '']) => ({
    language,
    text: block,
  }));
  const prose = text.replaceAll(/^```\w*[^\n]*\n[\s\S]*?^```$/gm, '');
  // Words that a formatter has wrapped inside of a span belong together.
  const spans = [...prose.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span.replaceAll(/\s+/g, ' '));
  return { path, text, blocks, spans };
}

/** Every page of the repository. */
export const pages: readonly Page[] = listFiles('*.md').map(readPage);

/** Everything on a page that somebody could type: lines of shell blocks without comments, and spans. */
export function typedTexts({ blocks, spans }: Page): string[] {
  const lines = blocks.flatMap(({ text }) => text.replaceAll('\\\n', ' ').split('\n'));
  return [...lines.map((line) => line.replace(/(^|\s)#.*$/, '')), ...spans];
}
