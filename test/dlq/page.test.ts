import { expect, test } from 'vitest';
import { readPage } from '../docs/markdown.ts';
import { startSinkProcess } from '../sink/setup.ts';
import { type Listed, dlq, dlqJson, openDeadLetters, poison, recordOf, untilJudged } from './setup.ts';

const { produceRecords } = await openDeadLetters();

/** The words of every command on the page, in its order, with a real letter where the page says ID. */
function commandsOfPage(id: string): string[][] {
  const lines = readPage('docs/dead-letters.md')
    .blocks.filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => text.split('\n').filter((line) => line !== ''));
  return lines.map((line) => {
    const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain = '']) => quoted ?? plain);
    return words.map((word) => (word === 'ID' ? id : word));
  });
}

test('every command of docs/dead-letters.md, typed as it stands there, does what the page says', async () => {
  await produceRecords([recordOf([poison(), poison()])]);
  const sink = await startSinkProcess();
  await untilJudged(1);
  const [letter] = (await dlqJson<Listed>('list')).letters;
  const commands = commandsOfPage(letter?.id ?? '');
  expect(commands.map(([, , name]) => name)).toEqual(['list', 'list', 'show', 'replay', 'replay', 'discard']);
  const codes: number[] = [];
  for (const [program, area, ...args] of commands) {
    expect([program, area]).toEqual(['unmogrowp', 'dlq']);
    codes.push((await dlq(...args)).code);
  }
  // Nobody has mended the cause, so the replay says that both have failed again.
  expect(codes).toEqual([0, 0, 0, 0, 1, 0]);
  expect((await dlqJson<Listed>('list')).letters.map(({ attempt }) => attempt)).toEqual([2, 2]);
  expect(await sink.end('SIGTERM')).toBe(0);
});
