import { expect, test } from 'vitest';
import { type LateWindowFacts, arrivalsOf, decideLate } from './late-windows.ts';

const NOW_MS = 1_000_000;
const never: LateWindowFacts = { seen: null, firstPublishedAtMs: null, lateHorizonMs: 1_000, isRunning: false };
const open: LateWindowFacts = { ...never, seen: { events: [10, 20] }, firstPublishedAtMs: NOW_MS - 999 };
const frozen: LateWindowFacts = { ...open, firstPublishedAtMs: NOW_MS - 1_000 };
const inconsistent: LateWindowFacts = { ...never, seen: { events: [10, 20] } };
const none = new Map<number, number>();
const seen = new Map([[0, 10]]);
const unseen = new Map([
  [0, 10],
  [1, 21],
]);

test.each([
  { is: 'rows of a window that nobody knows', facts: never, own: seen, changing: none, decision: 'start' },
  { is: 'rows that change one that is not closed yet', facts: never, own: seen, changing: unseen, decision: 'start' },
  { is: 'rows of other windows that change it', facts: never, own: none, changing: unseen, decision: 'none' },
  {
    is: 'rows that come while its first run is under way',
    facts: { ...never, isRunning: true },
    own: unseen,
    changing: unseen,
    decision: 'reopen',
  },
  {
    is: 'rows that change nothing while its first run is under way',
    facts: { ...never, isRunning: true },
    own: unseen,
    changing: none,
    decision: 'start',
  },
  { is: 'rows that its run has seen', facts: open, own: seen, changing: seen, decision: 'none' },
  { is: 'rows that change nothing in an open window', facts: open, own: unseen, changing: none, decision: 'none' },
  { is: 'rows that its run has not seen', facts: open, own: none, changing: unseen, decision: 'reopen' },
  { is: 'rows that change a frozen window', facts: frozen, own: none, changing: unseen, decision: 'beyond' },
  { is: 'rows that only lie in a frozen window', facts: frozen, own: unseen, changing: none, decision: 'beyond' },
  { is: 'rows of a frozen window that it has seen', facts: frozen, own: seen, changing: seen, decision: 'none' },
  {
    is: 'rows that change one whose run did not add up',
    facts: inconsistent,
    own: none,
    changing: unseen,
    decision: 'reopen',
  },
  {
    is: 'rows of one whose run did not add up, which change nothing',
    facts: inconsistent,
    own: unseen,
    changing: none,
    decision: 'start',
  },
])('decides: $decision for $is', ({ facts, own, changing, decision }) => {
  expect(decideLate(facts, { own, changing }, { topic: 'events', nowMs: NOW_MS })).toBe(decision);
});

test('a run that has to see rows has to see at least their offsets', () => {
  expect(arrivalsOf('events', unseen)).toEqual({ events: [10, 21] });
  expect(arrivalsOf('events', new Map([[2, 5]]))).toEqual({ events: [0, 0, 5] });
});
