import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { notice } from '../../test/incidents/notices.ts';
import type { Throttle } from '../policy/snapshot.ts';
import type { Notice, NoticeKind } from '../types.ts';
import {
  type ContactState,
  SILENCE_MS,
  WAITING_MAX,
  type WaitingNotice,
  endMessage,
  isSilent,
  newContact,
  nextDueMs,
  takeMessage,
  takeNotice,
} from './state.ts';

const MINUTE_MS = 60_000;
const FIVE_IN_FIFTEEN: Throttle = { messages: 5, perMs: 15 * MINUTE_MS };
const ONE_IN_TEN: Throttle = { messages: 1, perMs: 10 * MINUTE_MS };

/** A notice about an incident, with a key of its own. */
const about = (incidentId: string, more: Partial<Notice> = {}): Notice =>
  notice({ incidentId, deliveryKey: `${incidentId}/${more.kind ?? 'page'}`, ...more });

function told(state: ContactState, notices: readonly Notice[], throttle: Throttle, nowMs: number): ContactState {
  return notices.reduce((before, one) => takeNotice(before, { notice: one, throttle }, nowMs).state, state);
}

/** Everything that may be sent at a moment, message by message. */
function messagesAt(
  state: ContactState,
  nowMs: number,
): { state: ContactState; messages: (readonly WaitingNotice[])[] } {
  const taken = takeMessage(state, nowMs);
  if (taken === null) return { state, messages: [] };
  const rest = messagesAt(taken.state, nowMs);
  return { state: rest.state, messages: [taken.told, ...rest.messages] };
}

const keysOf = (message: readonly WaitingNotice[]): string[] =>
  message.flatMap((one) => [...one.coveredKeys, one.notice.deliveryKey]);

describe('a contact', () => {
  it('is told at once, each notice in a message of its own, while the throttle has room', () => {
    const state = told(newContact(0), [about('a'), about('b'), about('c')], FIVE_IN_FIFTEEN, 0);
    const { state: after, messages } = messagesAt(state, 0);
    expect(messages.map(keysOf)).toEqual([['a/page'], ['b/page'], ['c/page']]);
    expect(after.waiting).toEqual([]);
  });

  it('gets what is more in one message, as soon as the throttle has room again', () => {
    let state = messagesAt(told(newContact(0), [about('first')], ONE_IN_TEN, 0), 0).state;
    state = told(state, [about('a'), about('b')], ONE_IN_TEN, MINUTE_MS);
    expect(takeMessage(state, MINUTE_MS)).toBeNull();
    expect(nextDueMs(state)).toBe(10 * MINUTE_MS);
    expect(takeMessage(state, 10 * MINUTE_MS - 1)).toBeNull();
    expect(messagesAt(state, 10 * MINUTE_MS).messages.map(keysOf)).toEqual([['a/page', 'b/page']]);
  });

  it('gets a storm as one message', () => {
    const storm = Array.from({ length: WAITING_MAX }, (_, index) => about(`incident-${index}`));
    const { messages, state } = messagesAt(told(newContact(0), storm, FIVE_IN_FIFTEEN, 0), 0);
    expect(messages.map((message) => message.length)).toEqual([WAITING_MAX]);
    expect(state.waiting).toEqual([]);
  });

  it('has a state that fits into a workflow in the worst storm', () => {
    const stormOf = (title: string, text: string) =>
      Array.from({ length: WAITING_MAX + 10 }, (_, index) =>
        about(`019a1f4e-8c00-7abc-8def-${String(index).padStart(12, '0')}`, {
          title: title.repeat(20),
          text: text.repeat(400),
          tenant: 'a-tenant-with-a-name-of-sixty-three-characters-as-it-may-be-long',
          workflowId: 'incident/a-tenant-with-a-name-of-sixty-three-characters-as-it-may-be-long/0123456789abcdef',
          deliveryKey: `019a1f4e-8c00-7abc-8def-${String(index).padStart(12, '0')}/12/3/10/person:somebody-with-a-long-name/telephone`,
        }),
      );
    for (const [title, text, waits] of [
      ['A title that goes on and on. ', 'A page that is as long as it may be. ', WAITING_MAX],
      ['長い題名はどこまでも続いていく', '許される限り長いページ', WAITING_MAX / 2],
    ] as const) {
      const storm = stormOf(title, text);
      const state = told(newContact(0), storm, FIVE_IN_FIFTEEN, 0);
      expect(state.waiting.length).toBeGreaterThanOrEqual(waits);
      expect(Buffer.byteLength(JSON.stringify(state))).toBeLessThan(2 * 1_024 * 1_024);
      expect(state.waiting[0]?.notice.text).toBe(storm[0]?.text);
    }
  });

  it('does not take one more than it can hold, so that somebody else is told', () => {
    const full = told(
      newContact(0),
      Array.from({ length: WAITING_MAX }, (_, index) => about(`i-${index}`)),
      ONE_IN_TEN,
      0,
    );
    const { state, taken } = takeNotice(full, { notice: about('one more'), throttle: ONE_IN_TEN }, 1);
    expect(taken).toBe('overloaded');
    expect(state.waiting).toHaveLength(WAITING_MAX);
    // The end of what waits makes room instead of needing it.
    const ended = takeNotice(full, { notice: about('i-7', { kind: 'resolved' }), throttle: ONE_IN_TEN }, 1);
    expect(ended.taken).toBe('waiting');
  });

  it('is told the same thing once, however often it is handed over', () => {
    let state = told(newContact(0), [about('a'), about('a')], FIVE_IN_FIFTEEN, 0);
    expect(state.waiting).toHaveLength(1);
    state = messagesAt(state, 0).state;
    expect(takeNotice(state, { notice: about('a'), throttle: FIVE_IN_FIFTEEN }, 1).taken).toBe('known');
    const others = Array.from({ length: 1_999 }, (_, index) => about(`i-${index}`));
    state = messagesAt(told(state, others, FIVE_IN_FIFTEEN, 1), 1).state;
    expect(takeNotice(state, { notice: about('a'), throttle: FIVE_IN_FIFTEEN }, 2).taken).toBe('known');
    expect(state.keys.length).toBeLessThanOrEqual(2_000);
  });

  it('is not woken by what has ended while it waited, and hears of its end once', () => {
    const busy = messagesAt(told(newContact(0), [about('first')], ONE_IN_TEN, 0), 0).state;
    const notices = [about('a'), about('b'), about('a', { kind: 'information' }), about('a', { kind: 'resolved' })];
    const { messages } = messagesAt(told(busy, notices, ONE_IN_TEN, 1), 10 * MINUTE_MS);
    expect(messages).toHaveLength(1);
    expect(messages[0]?.map(({ notice: one, coveredKeys }) => [one.incidentId, one.kind, coveredKeys])).toEqual([
      ['b', 'page', []],
      ['a', 'information', []],
      ['a', 'resolved', ['a/page']],
    ]);
  });

  it('hears of an end whose page it got as of any other', () => {
    const state = messagesAt(told(newContact(0), [about('a')], FIVE_IN_FIFTEEN, 0), 0).state;
    const { messages } = messagesAt(told(state, [about('a', { kind: 'resolved' })], FIVE_IN_FIFTEEN, 1), 1);
    expect(messages).toMatchObject([[{ notice: about('a', { kind: 'resolved' }), coveredKeys: [] }]]);
  });

  it('reads what is urgent first, and of one incident what came first', () => {
    const busy = messagesAt(told(newContact(0), [about('first')], ONE_IN_TEN, 0), 0).state;
    const notices = [
      about('low', { urgency: 'low' }),
      about('over', { kind: 'resolved' }),
      about('back', { kind: 'resolved' }),
      about('told', { kind: 'information', urgency: 'low' }),
      about('urgent'),
      about('back'),
    ];
    const { messages } = messagesAt(told(busy, notices, ONE_IN_TEN, 1), 10 * MINUTE_MS);
    expect(messages[0]?.map(({ notice: one }) => one.deliveryKey)).toEqual([
      'back/resolved',
      'back/page',
      'urgent/page',
      'over/resolved',
      'low/page',
      'told/information',
    ]);
  });

  it('is forgotten after an hour of silence, but not before its bucket is full', () => {
    const state = messagesAt(told(newContact(0), [about('a')], FIVE_IN_FIFTEEN, 0), 0).state;
    expect(isSilent(state, SILENCE_MS - 1)).toBe(false);
    expect(nextDueMs(state)).toBe(SILENCE_MS);
    expect(isSilent(state, SILENCE_MS)).toBe(true);
    const daily = { messages: 1, perMs: 24 * SILENCE_MS };
    const rare = messagesAt(told(newContact(0), [about('a')], daily, 0), 0).state;
    expect(nextDueMs(rare)).toBe(24 * SILENCE_MS);
    expect(isSilent(rare, 24 * SILENCE_MS - 1)).toBe(false);
    const waiting = told(rare, [about('b')], daily, 1);
    expect(isSilent(waiting, 100 * SILENCE_MS)).toBe(false);
  });

  it('remembers whether the last message was taken', () => {
    expect(endMessage(newContact(0), true).isFailing).toBe(true);
    expect(endMessage(endMessage(newContact(0), true), false).isFailing).toBe(false);
  });

  it('gets by the throttle of the newest notice, so that a mended policy counts at once', () => {
    const slow = messagesAt(told(newContact(0), [about('a')], ONE_IN_TEN, 0), 0).state;
    const quick = told(slow, [about('b')], { messages: 100, perMs: MINUTE_MS }, 1_000);
    expect(nextDueMs(quick)).toBeLessThan(10 * MINUTE_MS);
  });
});

interface Step {
  readonly afterMs: number;
  readonly incident: number;
  readonly kind: NoticeKind;
  readonly urgency: 'high' | 'low';
  /** Hands over what came so many steps before once more, instead of something new. */
  readonly again: number;
}

const anyThrottle: fc.Arbitrary<Throttle> = fc.record({
  messages: fc.integer({ min: 1, max: 10 }),
  perMs: fc.integer({ min: 1_000, max: 30 * MINUTE_MS }),
});

const anySteps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    afterMs: fc.oneof({ arbitrary: fc.constant(0), weight: 3 }, fc.integer({ min: 1, max: 10 * MINUTE_MS })),
    incident: fc.integer({ min: 0, max: 5 }),
    kind: fc.constantFrom<NoticeKind>('page', 'page', 'resolved', 'information', 'nobody_answered'),
    urgency: fc.constantFrom('high', 'low'),
    again: fc.oneof({ arbitrary: fc.constant(0), weight: 4 }, fc.integer({ min: 1, max: 5 })),
  }),
  { minLength: 1, maxLength: 60 },
);

interface Run {
  readonly handedOver: readonly Notice[];
  readonly sent: readonly { readonly atMs: number; readonly told: readonly WaitingNotice[] }[];
}

/** A contact's life as its workflow would live it: whatever is due at a moment is done before the next step. */
function live(steps: readonly Step[], throttle: Throttle): Run {
  let state = newContact(0);
  let nowMs = 0;
  const handedOver: Notice[] = [];
  const sent: { atMs: number; told: readonly WaitingNotice[] }[] = [];
  const sendDue = (untilMs: number): void => {
    for (;;) {
      const { state: after, messages } = messagesAt(state, nowMs);
      state = after;
      sent.push(...messages.map((message) => ({ atMs: nowMs, told: message })));
      if (state.waiting.length === 0 || nextDueMs(state) > untilMs) return;
      nowMs = nextDueMs(state);
    }
  };
  for (const [index, { afterMs, incident, kind, urgency, again }] of steps.entries()) {
    const untilMs = nowMs + afterMs;
    if (afterMs > 0) sendDue(untilMs);
    nowMs = untilMs;
    const repeated = again === 0 ? undefined : handedOver.at(-again);
    const one = repeated ?? about(`i-${incident}`, { kind, urgency, deliveryKey: `key-${index}`, createdAtMs: index });
    handedOver.push(one);
    state = takeNotice(state, { notice: one, throttle }, nowMs).state;
  }
  sendDue(Infinity);
  return { handedOver, sent };
}

describe('whatever comes, in whatever order', () => {
  it('every notice is told exactly once', () => {
    fc.assert(
      fc.property(anySteps, anyThrottle, (steps, throttle) => {
        const { handedOver, sent } = live(steps, throttle);
        const keys = [...new Set(handedOver.map(({ deliveryKey }) => deliveryKey))];
        expect(sent.flatMap((message) => keysOf(message.told)).toSorted()).toEqual(keys.toSorted());
      }),
      { numRuns: 500 },
    );
  });

  it('no period has more messages than a full bucket and what fills it meanwhile', () => {
    fc.assert(
      fc.property(anySteps, anyThrottle, (steps, throttle) => {
        const times = live(steps, throttle).sent.map(({ atMs }) => atMs);
        for (const [first, fromMs] of times.entries()) {
          for (const [last, untilMs] of times.entries()) {
            if (last < first) continue;
            const filled = Math.floor((untilMs - fromMs) / (throttle.perMs / throttle.messages));
            expect(last - first + 1).toBeLessThanOrEqual(throttle.messages + filled);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('nothing waits longer than one filling of the bucket', () => {
    fc.assert(
      fc.property(anySteps, anyThrottle, (steps, throttle) => {
        let state = newContact(0);
        let nowMs = 0;
        for (const [index, step] of steps.entries()) {
          nowMs += step.afterMs;
          const one = about(`i-${step.incident}`, { kind: step.kind, deliveryKey: `key-${index}` });
          state = messagesAt(takeNotice(state, { notice: one, throttle }, nowMs).state, nowMs).state;
          if (state.waiting.length > 0)
            expect(nextDueMs(state) - nowMs).toBeLessThanOrEqual(Math.ceil(throttle.perMs / throttle.messages));
          if (state.waiting.length > 0) expect(takeMessage(state, nextDueMs(state))).not.toBeNull();
        }
      }),
      { numRuns: 500 },
    );
  });

  it('a message holds the urgent incidents before the others, and each incident in the order in which it came', () => {
    fc.assert(
      fc.property(anySteps, anyThrottle, (steps, throttle) => {
        for (const { told: message } of live(steps, throttle).sent) {
          const groups = Map.groupBy(message, ({ notice: one }) => one.incidentId);
          for (const group of groups.values()) {
            const times = group.map(({ notice: one }) => one.createdAtMs);
            expect(times).toEqual(times.toSorted((left, right) => left - right));
          }
          const isUrgent = [...groups.values()].map((group) => group.some(({ notice: one }) => one.urgency === 'high'));
          expect(isUrgent.lastIndexOf(true)).toBeLessThan(
            isUrgent.includes(false) ? isUrgent.indexOf(false) : Infinity,
          );
          expect([...groups.keys()].length).toBe(new Set(message.map(({ notice: one }) => one.incidentId)).size);
          expect(contiguous(message.map(({ notice: one }) => one.incidentId))).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** Whether equal things stand beside each other. */
const contiguous = (values: readonly string[]): boolean =>
  values.filter((value, index) => value !== values[index - 1]).length === new Set(values).size;
