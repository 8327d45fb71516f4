import { setTimeout as wait } from 'node:timers/promises';
import type { ActiveAlert, Labels } from '../ask.ts';
import type { Pipeline } from '../pipeline.ts';

const POLL_MS = 200;

/** How one alert has been since somebody began to watch it. */
export interface Life {
  readonly name: string;
  /** The labels with which it fired first. */
  labels?: Labels;
  pendingAt?: number;
  firingAt?: number;
  /** When it was no longer there, for the labels with which it fired first. */
  endedAt?: number;
}

/** Looks at Prometheus and Loki again and again. */
export interface Watch {
  /** Begins anew for these alerts. */
  begin(names: readonly string[]): void;
  life(name: string): Life;
  /** Alerts that fire or wait now. */
  active(): readonly ActiveAlert[];
  stop(): Promise<void>;
}

/** Of the pairs of windows of a burn rate the fastest is followed: the others end hours later, scaled or not. */
const isFollowed = ({ labels }: ActiveAlert): boolean =>
  labels['long_window'] === undefined || labels['long_window'] === '1h';

/** Begins to look. */
export function watchAlerts({ prometheus, loki }: Pick<Pipeline, 'prometheus' | 'loki'>): Watch {
  let lives = new Map<string, Life>();
  let active: readonly ActiveAlert[] = [];
  const stopping = new AbortController();
  const running = (async () => {
    while (!stopping.signal.aborted) {
      const found = await Promise.all([prometheus.alerts(), loki.alerts()]).catch(() => undefined);
      // A Prometheus that is being restarted says nothing about its alerts.
      if (found !== undefined) {
        active = found.flat();
        for (const life of lives.values()) note(life, active);
      }
      await wait(POLL_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();
  return {
    begin(names) {
      lives = new Map(names.map((name) => [name, { name }]));
    },
    life: (name) => lives.get(name) ?? { name },
    active: () => active,
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

function note(life: Life, active: readonly ActiveAlert[]): void {
  const mine = active.filter((alert) => alert.labels['alertname'] === life.name && isFollowed(alert));
  const now = Date.now();
  if (mine.some(({ state }) => state === 'pending')) life.pendingAt ??= now;
  const firing = mine.find(({ state }) => state === 'firing');
  if (firing !== undefined && life.firingAt === undefined) {
    life.firingAt = now;
    life.labels = firing.labels;
  }
  if (life.labels !== undefined) {
    const { labels } = life;
    const isThere = mine.some((alert) => alert.state === 'firing' && sameLabels(alert.labels, labels));
    if (isThere) delete life.endedAt;
    else life.endedAt ??= now;
  }
}

/** Whether two alerts are the same one. */
export const sameLabels = (left: Labels, right: Labels): boolean =>
  Object.keys(left).length === Object.keys(right).length &&
  Object.entries(left).every(([name, value]) => right[name] === value);
