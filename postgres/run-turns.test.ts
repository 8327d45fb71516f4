import { expect, test } from 'vitest';
import { nextTurns } from './run-turns.ts';

const live = (name: string) => ({ name, is_replay: false });
const replay = (name: string) => ({ name, is_replay: true });
const namesOf = (turns: readonly { name: string }[]): string => turns.map(({ name }) => name).join(' ');

test.each([
  { is: 'all of them while there is room', waiting: [live('a'), live('b')], underWay: [], runsMax: 4, next: 'a b' },
  {
    is: 'the first ones when there is little',
    waiting: [live('a'), live('b')],
    underWay: [live('x')],
    runsMax: 2,
    next: 'a',
  },
  { is: 'none without room', waiting: [live('a')], underWay: [live('x'), live('y')], runsMax: 2, next: '' },
  {
    is: 'none when the limit was lowered below what runs',
    waiting: [live('a')],
    underWay: [live('x'), live('y')],
    runsMax: 1,
    next: '',
  },
  {
    is: 'replays up to one less than the limit',
    waiting: [replay('a'), replay('b'), replay('c')],
    underWay: [],
    runsMax: 3,
    next: 'a b',
  },
  {
    is: 'a live run beside as many replays as may be',
    waiting: [live('a'), replay('b')],
    underWay: [replay('x'), replay('y')],
    runsMax: 3,
    next: 'a',
  },
  { is: 'a replay where there is only one turn', waiting: [replay('a')], underWay: [], runsMax: 1, next: 'a' },
  {
    is: 'no replay where a live run has the only turn',
    waiting: [replay('a')],
    underWay: [live('x')],
    runsMax: 1,
    next: '',
  },
])('of the runs that wait may begin: $is', ({ waiting, underWay, runsMax, next }) => {
  expect(namesOf(nextTurns(waiting, underWay, runsMax))).toBe(next);
});
