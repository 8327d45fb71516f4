import { openIncident, takeAlerts } from '../../incidents/state/alerts.ts';
import { takeDelivery, takeTargets } from '../../incidents/state/answers.ts';
import { takeCommand } from '../../incidents/state/commands.ts';
import type { Change, Effect } from '../../incidents/state/effects.ts';
import { takeMaintenance } from '../../incidents/state/ladder.ts';
import type { IncidentOpening, IncidentState } from '../../incidents/state/state.ts';
import { nextDueMs, passTime } from '../../incidents/state/time.ts';
import type {
  AlertReference,
  ContactReference,
  IncidentCommand,
  Target,
  TimelineEntry,
} from '../../incidents/types.ts';
import { firing, opening } from './samples.ts';

/** Answers of the world to what an incident asks; each can be replaced by a test. */
export interface World {
  maintenanceUntilMs: (nowMs: number) => number | null;
  chainsOf: (target: Target) => ContactReference[][];
  isDelivered: (contact: ContactReference) => boolean;
}

const GOOD_WORLD: World = {
  maintenanceUntilMs: () => null,
  chainsOf: (target) => {
    if (target.kind === 'channel') return [[`channel:${target.channel}`]];
    const person = target.kind === 'person' ? target.person : target.schedule;
    return [[`person:${person}/chat`, `person:${person}/mail`]];
  },
  isDelivered: () => true,
};

/** An incident in a world that answers at once: what a workflow and its activities would do, without both. */
export class LivingIncident {
  state: IncidentState;
  nowMs = 0;
  readonly effects: Effect[] = [];
  readonly #world: World;

  constructor(how: { opening?: IncidentOpening; alerts?: readonly AlertReference[]; world?: Partial<World> } = {}) {
    this.#world = { ...GOOD_WORLD, ...how.world };
    const change = openIncident(how.opening ?? opening(), how.alerts ?? [firing()], 0);
    this.state = change.state;
    this.#take(change);
  }

  /** Lets time pass, with everything that happens by itself. */
  until(nowMs: number): this {
    for (let due = nextDueMs(this.state); due !== undefined && due <= nowMs; due = nextDueMs(this.state)) {
      this.nowMs = Math.max(this.nowMs, due);
      this.#take(passTime(this.state, this.nowMs));
    }
    this.nowMs = nowMs;
    return this;
  }

  alerts(...told: AlertReference[]): this {
    this.#take(takeAlerts(this.state, told, this.nowMs));
    return this;
  }

  command(command: Omit<IncidentCommand, 'via' | 'actor'> & { actor?: string }): this {
    this.#take(takeCommand(this.state, { actor: 'ada', via: 'http', ...command } as IncidentCommand, this.nowMs));
    return this;
  }

  change(work: (state: IncidentState, nowMs: number) => Change): this {
    this.#take(work(this.state, this.nowMs));
    return this;
  }

  get entries(): TimelineEntry[] {
    return this.effects.flatMap((effect) => (effect.kind === 'record' ? [effect.entry] : []));
  }

  /** Kinds of the timeline, in their order. */
  get kinds(): string[] {
    return this.entries.map(({ kind }) => kind);
  }

  /** Keys of what was handed to contacts, without the incident. */
  get told(): string[] {
    const { incidentId } = this.state.opening;
    return this.tells.map(({ deliveryKey }) => deliveryKey.slice(incidentId.length + 1));
  }

  get tells(): Extract<Effect, { kind: 'tell' }>[] {
    return this.effects.filter((effect) => effect.kind === 'tell');
  }

  #take({ state, effects }: Change): void {
    this.state = state;
    this.effects.push(...effects);
    for (const effect of effects) this.#answer(effect);
  }

  #answer(effect: Effect): void {
    const { nowMs } = this;
    if (effect.kind === 'ask_maintenance') {
      const untilMs = this.#world.maintenanceUntilMs(nowMs);
      const maintenanceId = untilMs === null ? null : 'planned';
      this.#take(takeMaintenance(this.state, effect.round, { maintenanceId, untilMs }, nowMs));
    } else if (effect.kind === 'notify') {
      const targets = effect.targets.map((target) => ({ target, chains: this.#world.chainsOf(target) }));
      this.#take(takeTargets(this.state, effect.noticeId, { targets, areOverridesKnown: true }, nowMs));
    } else if (effect.kind === 'tell') {
      const { deliveryKey, contact } = effect;
      const isSent = this.#world.isDelivered(contact);
      const result = isSent ? { outcome: 'sent' as const } : { outcome: 'failed' as const, code: 'channel_refused' };
      this.#take(takeDelivery(this.state, { deliveryKey, contact, ...result, bundled: 1, atMs: nowMs }, nowMs));
    }
  }
}
