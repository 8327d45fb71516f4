import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { ROOT, pages, typedTexts } from './markdown.ts';

/** What `--help` says about a command. */
interface Help {
  readonly usage: string;
  readonly commands: readonly string[];
  readonly flags: readonly string[];
}

const known = new Map<string, Promise<Help>>();

test('the command line says what it can', async () => {
  const { commands } = await helpOf([]);
  expect(commands).toEqual(expect.arrayContaining(['up', 'status', 'tenant', 'migrate']));
});

test.for(pages)('every command and flag of unmogrowp that $path names exists', async (page) => {
  const problems: string[] = [];
  for (const words of typedTexts(page).flatMap(commandsIn)) {
    const problem = await problemWith(words);
    if (problem !== undefined) problems.push(`${words.join(' ')}: ${problem}`);
  }
  expect(problems).toEqual([]);
});

/** The words behind each `unmogrowp`, with `list|show` written out. */
function commandsIn(line: string): string[][] {
  const found = [...line.matchAll(/(?:(?<!=)\bunmogrowp(?:\.ts)?)(?: --(?= ))?((?: [^\s;&"'`)]+)+)/g)];
  return found.flatMap(([, rest = '']) => writtenOut(rest.trim().split(/\s+/)));
}

function writtenOut(words: readonly string[]): string[][] {
  const at = words.findIndex((word) => /^[a-z]+(\|[a-z]+)+$/.test(word));
  if (at < 0) return [[...words]];
  return (words[at] ?? '').split('|').flatMap((one) => writtenOut(words.with(at, one)));
}

/** Follows the words as long as they name commands, then looks for their flags in the help of the last one. */
async function problemWith(words: readonly string[]): Promise<string | undefined> {
  const path: string[] = [];
  let help = await helpOf(path);
  for (const word of words) {
    if (help.commands.length === 0 || word.startsWith('-')) break;
    if (!help.commands.includes(word)) return `${word} is none of ${help.commands.join(', ')}`;
    path.push(word);
    help = await helpOf(path);
  }
  const flags = words.filter((word) => word.startsWith('--')).map((word) => word.replace(/[=,.].*$/, ''));
  const missing = flags.filter((flag) => !help.flags.includes(flag));
  return missing.length === 0 ? undefined : `no ${missing.join(', ')}`;
}

function helpOf(path: readonly string[]): Promise<Help> {
  const key = path.join(' ');
  const asked = known.get(key) ?? askForHelp(path);
  known.set(key, asked);
  return asked;
}

async function askForHelp(path: readonly string[]): Promise<Help> {
  const child = spawn(process.execPath, [`${ROOT}bin/unmogrowp.ts`, ...path, '--help'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output = await text(child.stdout);
  const usage = output.split('\n')[0] ?? '';
  expect(usage).toMatch(new RegExp(`^Usage: ${['unmogrowp', ...path].join(' ')}\\b`));
  const section = (name: string) => output.split(new RegExp(`^${name}:$`, 'm'))[1]?.split(/^\S/m)[0] ?? '';
  return {
    usage,
    commands: [...section('Commands').matchAll(/^ {2}([a-z][\w-]*)/gm)]
      .map(([, name = '']) => name)
      .filter((name) => name !== 'help'),
    flags: [...section('Options').matchAll(/(--[a-z][\w-]*)/g)].map(([, flag = '']) => flag),
  };
}
