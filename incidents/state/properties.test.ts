import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MINUTE_MS, firing, opening } from '../../test/incidents/samples.ts';
import type { PolicySnapshot } from '../policy/snapshot.ts';
import type { AlertReference, DeliveryOutcome, IncidentCommand } from '../types.ts';
import { openIncident, takeAlerts } from './alerts.ts';
import { takeDelivery, takeTargets } from './answers.ts';
import { takeCommand, takeMergeFailure } from './commands.ts';
import type { Change, Effect } from './effects.ts';
import { takeMaintenance } from './ladder.ts';
import { refusalOf } from './refusals.ts';
import type { IncidentState } from './state.ts';
import { nextDueMs, passTime } from './time.ts';

/** Something that happens to an incident; what it has asked for is answered when the world likes. */
type Event =
  | { what: 'alerts'; told: AlertReference[] }
  | { what: 'command'; command: IncidentCommand }
  | { what: 'time'; ms: number }
  | { what: 'answer'; index: number; isGood: boolean };

interface How {
  policy: Partial<PolicySnapshot>;
  severity: 'critical' | 'info';
  events: readonly Event[];
}

interface Life {
  state: IncidentState;
  nowMs: number;
  effects: Effect[];
  unanswered: Effect[];
}

const alert = fc.record({
  fingerprint: fc.constantFrom('a', 'b', 'c'),
  status: fc.constantFrom<AlertReference['status']>('firing', 'resolved'),
  startsAtMs: fc.nat({ max: 5 }).map((minutes) => minutes * MINUTE_MS),
});
const who = fc.record({ actor: fc.constantFrom('ada', 'ben'), via: fc.constant('http' as const) });
const command = fc
  .tuple(
    who,
    fc.constantFrom<object>(
      { name: 'acknowledge' },
      { name: 'unacknowledge' },
      { name: 'escalate' },
      { name: 'snooze', untilMs: 40 * MINUTE_MS },
      { name: 'snooze', untilMs: 400 * MINUTE_MS },
      { name: 'reassign', target: { kind: 'person', person: 'cleo' } },
      { name: 'note', text: 'looking' },
      { name: 'resolve' },
      { name: 'merge', intoIncidentId: 'other', intoWorkflowId: 'incident/platform/other' },
      { name: 'link_replay', replayId: 'replay' },
    ),
  )
  .map(([base, what]) => ({ ...base, ...what }) as IncidentCommand);
const event = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ what: fc.constant('alerts' as const), told: fc.array(alert, { maxLength: 3 }) }),
  },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('command' as const), command }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constant('time' as const), ms: fc.nat({ max: 20 * MINUTE_MS }) }) },
  {
    weight: 6,
    arbitrary: fc.record({ what: fc.constant('answer' as const), index: fc.nat(20), isGood: fc.boolean() }),
  },
);
const policy = fc.record({
  repeat: fc.nat({ max: 2 }),
  holdMs: fc.constantFrom(0, 2 * MINUTE_MS),
  acknowledgeTimeoutMs: fc.constantFrom(null, 30 * MINUTE_MS),
  autoResolveMs: fc.constantFrom(null, 120 * MINUTE_MS),
  statusUpdateMs: fc.constantFrom(null, 10 * MINUTE_MS),
});
const severity = fc.constantFrom<'critical' | 'info'>('critical', 'info');
const life = fc.record({ policy, severity, events: fc.array(event, { maxLength: 40 }) });

function live(
  { policy: of, severity: how, events }: How,
  seen: (lived: Life, change: Change) => void = () => {},
): Life {
  const opened = openIncident(opening(of, { severity: how }), [firing()], 0);
  const lived: Life = { state: opened.state, nowMs: 0, effects: [], unanswered: [] };
  take(lived, opened);
  for (const each of events) {
    for (const work of [() => changeOf(lived, each), () => passTime(lived.state, lived.nowMs)]) {
      const change = work();
      take(lived, change);
      seen(lived, change);
    }
  }
  return lived;
}

function take(lived: Life, { state, effects }: Change): void {
  lived.state = state;
  lived.effects.push(...effects);
  lived.unanswered.push(...effects.filter(({ kind }) => kind !== 'record'));
}

function changeOf(lived: Life, happened: Event): Change {
  const { state } = lived;
  switch (happened.what) {
    case 'alerts':
      return takeAlerts(state, happened.told, lived.nowMs);
    case 'command':
      return takeCommand(state, happened.command, lived.nowMs);
    case 'time':
      lived.nowMs += happened.ms;
      return passTime(state, lived.nowMs);
    case 'answer':
      return answerOf(lived, happened);
  }
}

function answerOf(lived: Life, { index, isGood }: { index: number; isGood: boolean }): Change {
  const [asked] = lived.unanswered.splice(index % Math.max(1, lived.unanswered.length), 1);
  const { state, nowMs } = lived;
  switch (asked?.kind) {
    case 'ask_maintenance':
      return takeMaintenance(
        state,
        asked.round,
        isGood ? { maintenanceId: null, untilMs: null } : { maintenanceId: 'planned', untilMs: nowMs + 5 * MINUTE_MS },
        nowMs,
      );
    case 'notify': {
      const chains = isGood ? [['person:x/chat' as const, 'person:x/mail' as const], ['channel:room' as const]] : [];
      const targets = asked.targets.map((target) => ({ target, chains }));
      return takeTargets(state, asked.noticeId, { targets, areOverridesKnown: true }, nowMs);
    }
    case 'tell': {
      const { deliveryKey, contact } = asked;
      const result: Pick<DeliveryOutcome, 'outcome' | 'code'> = isGood
        ? { outcome: 'sent' }
        : { outcome: 'failed', code: 'channel_failed' };
      return takeDelivery(state, { deliveryKey, contact, ...result, bundled: 1, atMs: nowMs }, nowMs);
    }
    case 'merge':
      return isGood ? { state, effects: [] } : takeMergeFailure(state, nowMs);
    case 'record':
    case undefined:
      return { state, effects: [] };
  }
}

const RUNS = { numRuns: 1_000 };
const isPage = (effect: Effect): boolean => effect.kind === 'tell' && effect.noticeKind === 'page';
const withoutHearing = (state: IncidentState): Partial<IncidentState> => ({ ...state, lastMessageAtMs: 0 });

test('what is due lies ahead once time has passed', () => {
  fc.assert(
    fc.property(life, (how) => {
      const { state, nowMs } = live(how);
      expect(nextDueMs(state) ?? Infinity).toBeGreaterThan(nowMs);
    }),
    RUNS,
  );
});

test('no delivery key and no number of an entry is given twice', () => {
  fc.assert(
    fc.property(life, (how) => {
      const { effects } = live(how);
      const keys = effects.flatMap((effect) => (effect.kind === 'tell' ? [effect.deliveryKey] : []));
      const entries = effects.flatMap((effect) => (effect.kind === 'record' ? [effect.entry.entryId] : []));
      expect(new Set(keys).size).toBe(keys.length);
      expect(new Set(entries).size).toBe(entries.length);
    }),
    RUNS,
  );
});

test('nobody is paged for what is acknowledged, snoozed, suppressed, merged or over, however late an answer comes', () => {
  fc.assert(
    fc.property(life, (how) => {
      live(how, (_, { state, effects }) => {
        if (effects.some(isPage)) expect(state.status).toBe('triggered');
      });
    }),
    RUNS,
  );
});

test('an acknowledged incident pages nobody before its time is over', () => {
  fc.assert(
    fc.property(
      life,
      fc.array(
        event.filter(({ what }) => what !== 'command'),
        { maxLength: 20 },
      ),
      (how, after) => {
        const lived = live(how);
        take(lived, takeCommand(lived.state, { name: 'acknowledge', actor: 'cleo', via: 'cli' }, lived.nowMs));
        fc.pre(lived.state.status === 'acknowledged');
        const [since, expiresAtMs] = [lived.effects.length, lived.state.acknowledgement?.expiresAtMs ?? Infinity];
        for (const each of after) {
          if (each.what === 'time' && lived.nowMs + each.ms >= expiresAtMs) return;
          take(lived, changeOf(lived, each));
          take(lived, passTime(lived.state, lived.nowMs));
        }
        expect(lived.effects.slice(since).filter(isPage)).toEqual([]);
      },
    ),
    RUNS,
  );
});

test('the same message twice changes nothing, and neither does an older one', () => {
  fc.assert(
    fc.property(life, fc.array(alert, { minLength: 1, maxLength: 3 }), (how, told) => {
      const lived = live(how);
      const once = takeAlerts(lived.state, told, lived.nowMs);
      const twice = takeAlerts(once.state, told, lived.nowMs);
      const older = told.map((each) => ({ ...each, startsAtMs: -1 }));
      const late = takeAlerts(once.state, older, lived.nowMs);
      // Two messages about one alert at once contradict each other: the later one holds, and both are no repetition.
      fc.pre(new Set(told.map(({ fingerprint }) => fingerprint)).size === told.length);
      expect(twice).toEqual({ state: once.state, effects: [] });
      expect(late).toEqual({ state: once.state, effects: [] });
    }),
    RUNS,
  );
});

test('alerts end up the same in whatever order their messages come', () => {
  const messages = fc.array(alert, { maxLength: 8 });
  fc.assert(
    fc.property(messages, fc.infiniteStream(fc.nat()), (told, random) => {
      const shuffled = told
        .map((each) => ({ each, rank: random.next().value as number }))
        .toSorted((left, right) => left.rank - right.rank)
        .map(({ each }) => each);
      const after = (order: AlertReference[]): unknown => {
        const { state } = takeAlerts(openIncident(opening(), [firing('z')], 0).state, order, 0);
        return Object.entries(state.alerts)
          .map(([fingerprint, [isFiring, startsAtMs]]) => [fingerprint, isFiring, startsAtMs] as const)
          .toSorted(([left], [right]) => (left < right ? -1 : 1));
      };
      expect(after(shuffled)).toEqual(after(told));
    }),
    RUNS,
  );
});

test('when nobody answers, every round ends with exactly one nobody_answered, after all its loops', () => {
  const steps = fc.array(fc.nat({ max: 10 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(steps, fc.nat({ max: 5 }), (waits, repeat) => {
      const notify = [{ kind: 'person' as const, person: 'ada' }];
      const minutes = waits.reduce((sum, wait) => sum + wait + 1, 0) * (repeat + 1);
      const events = Array.from({ length: 5 * minutes + 20 }, (_, index): Event =>
        index % 5 === 0 ? { what: 'time', ms: MINUTE_MS } : { what: 'answer', index: 0, isGood: true },
      );
      const of = { steps: waits.map((minutes) => ({ notify, waitMs: minutes * MINUTE_MS })), repeat };
      const { effects } = live({ policy: of, severity: 'critical', events });
      const count = (wanted: string): number =>
        effects.filter((effect) => effect.kind === 'record' && effect.entry.kind === wanted).length;
      expect(count('nobody_answered')).toBe(1);
      expect(count('step_begun')).toBe(waits.length * (repeat + 1));
    }),
    { numRuns: 100 },
  );
});

test('what is of low urgency goes to the next step only when nobody of the one before could be reached', () => {
  fc.assert(
    fc.property(life, (how) => {
      const quiet = how.events.filter((each) => each.what !== 'command' && !(each.what === 'answer' && !each.isGood));
      const { effects } = live({ ...how, severity: 'info', events: quiet });
      const begun = effects.flatMap((effect) =>
        effect.kind === 'record' && effect.entry.kind === 'step_begun' ? [effect.entry.details['step']] : [],
      );
      expect(begun.every((step) => step === 1)).toBe(true);
      expect(begun.length).toBeLessThanOrEqual(1);
    }),
    RUNS,
  );
});

test('a command that was carried out is refused with a reason when it comes again', () => {
  const again = command.filter(({ name }) => name !== 'note');
  fc.assert(
    fc.property(life, again, (how, what) => {
      const lived = live(how);
      const once = takeCommand(lived.state, what, lived.nowMs);
      if (refusalOf(lived.state, what, lived.nowMs) !== undefined) {
        expect(once).toEqual({ state: lived.state, effects: [] });
        return;
      }
      expect(refusalOf(once.state, what, lived.nowMs)).toMatch(/\S/);
      expect(withoutHearing(takeCommand(once.state, what, lived.nowMs).state)).toEqual(withoutHearing(once.state));
    }),
    RUNS,
  );
});

test('everything that an incident remembers is plain JSON', () => {
  fc.assert(
    fc.property(life, (how) => {
      const { state } = live(how);
      expect(JSON.parse(JSON.stringify(state))).toEqual(state);
    }),
    RUNS,
  );
});
