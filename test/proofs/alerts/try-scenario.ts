import { setTimeout as wait } from 'node:timers/promises';
import type { Delivered } from '../webhook.ts';
import { type BlockOutcome, blocksOf, runBlock } from './pages.ts';
import type { LastingFault, Scenario, Scene } from './scenario.ts';
import { type Life, type Watch, sameLabels } from './watch.ts';

const POLL_MS = 200;
const QUIET_MS_MAX = 90_000;
const FIRING_MS_MAX = 120_000;
const DELIVERED_MS_MAX = 30_000;
const RESOLVED_MS_MAX = 100_000;
const COMMAND_MS_MAX = 25_000;
/** What was lost is seen for a while, and who lost it tries again at growing intervals. */
const VERIFY_MS_MAX = 60_000;

/** What became of one alert under its fault; times are milliseconds since the fault began. */
export interface AlertOutcome {
  readonly name: string;
  readonly scenario: Scenario;
  readonly pendingMs?: number;
  readonly firingMs?: number;
  readonly receiver?: string;
  readonly deliveredMs?: number;
  /** Since the mitigation. */
  readonly resolvedMs?: number;
  readonly commands: readonly (BlockOutcome & { readonly section: string })[];
  readonly problems: readonly string[];
}

export interface TryOptions {
  readonly watch: Watch;
  readonly timeScale: number;
  /** Whether the pages of the alerts are followed. */
  readonly withPages: boolean;
  /** Fires though nothing is wrong, and never ends. */
  readonly endless: ReadonlySet<string>;
}

/** Brings a fault about, waits for its alerts, ends it, and waits until they have ended. */
export async function tryScenario(scenario: Scenario, scene: Scene, options: TryOptions): Promise<AlertOutcome[]> {
  const { watch, endless } = options;
  const names = [...scenario.alerts, ...(scenario.alertsAfter ?? [])];
  await untilQuiet(
    names.filter((name) => !endless.has(name)),
    scene,
    watch,
  );
  const begunAt = Date.now();
  watch.begin(names);
  const trials = new Map(names.map((name) => [name, newTrial()]));
  const trial = (name: string): Trial => trials.get(name) ?? newTrial();
  const fault = await scenario.inject(scene);
  let healedAt = Date.now();
  try {
    for (const name of scenario.alerts) await follow(name, { scene, fault, options, trial: trial(name), begunAt });
    for (const name of scenario.alerts) await mitigate(name, { scene, fault, options, trial: trial(name) });
  } finally {
    healedAt = Date.now();
    await fault.heal();
  }
  for (const name of scenario.alertsAfter ?? [])
    await follow(name, { scene, fault, options, trial: trial(name), begunAt: healedAt });
  for (const name of names) await settle(name, { scene, fault, options, trial: trial(name) });
  return names.map((name) =>
    outcomeOf(name, { scenario, life: watch.life(name), trial: trial(name), begunAt, healedAt }),
  );
}

/** What is found out about one alert. */
interface Trial {
  delivered?: Delivered;
  resolved?: Delivered;
  words: Readonly<Record<string, string>>;
  readonly commands: (BlockOutcome & { section: string })[];
  readonly problems: string[];
}

const newTrial = (): Trial => ({ words: {}, commands: [], problems: [] });

interface Following {
  readonly scene: Scene;
  readonly fault: LastingFault;
  readonly options: TryOptions;
  readonly trial: Trial;
}

async function untilQuiet(names: readonly string[], { signal }: Scene, watch: Watch): Promise<void> {
  const still = () => watch.active().filter(({ labels }) => names.includes(labels['alertname'] ?? ''));
  await until(() => still().length === 0, { timeoutMs: QUIET_MS_MAX, signal });
}

/** Until it fires and was delivered; then its Diagnosis. */
async function follow(name: string, following: Following & { begunAt: number }): Promise<void> {
  const { scene, fault, options, trial, begunAt } = following;
  const { signal, pipeline } = scene;
  const life = options.watch.life(name);
  // All alerts of a fault have the same time.
  const timeoutMs = begunAt + FIRING_MS_MAX - Date.now();
  if (!(await until(() => life.firingAt !== undefined, { timeoutMs, signal }))) {
    trial.problems.push(`it does not fire within ${FIRING_MS_MAX / 1_000} s`);
    return;
  }
  const isMine = (one: Delivered): boolean =>
    one.status === 'firing' && one.deliveredAt >= begunAt && sameLabels(one.labels, life.labels ?? {});
  const delivered = await pipeline.webhook.until(isMine, { timeoutMs: DELIVERED_MS_MAX, signal });
  if (delivered === undefined) trial.problems.push(`it is not delivered within ${DELIVERED_MS_MAX / 1_000} s`);
  else trial.delivered = delivered;
  if (!options.withPages) return;
  trial.words =
    (await fault.words?.().catch((error: unknown) => {
      trial.problems.push(String(error));
      return {};
    })) ?? {};
  await runSection('Diagnosis', name, following);
}

/** The commands of a Mitigation; what needs a hand is done by the fault afterwards. */
async function mitigate(name: string, following: Following): Promise<void> {
  if (!following.options.withPages || following.options.watch.life(name).firingAt === undefined) return;
  // A window is computed again when what it lacks is back.
  const isAfter = (id: string): boolean => id === 'close';
  for (const block of blocksOf(name).filter(({ section, id }) => section === 'Mitigation' && !isAfter(id)))
    await runOne(block, following);
}

/** Its Verify, and until it has ended and somebody was told. */
async function settle(name: string, following: Following): Promise<void> {
  const { scene, options, trial } = following;
  const { signal, pipeline } = scene;
  const life = options.watch.life(name);
  if (life.firingAt === undefined) return;
  if (options.withPages) {
    for (const block of blocksOf(name).filter(({ section, id }) => section === 'Mitigation' && id === 'close'))
      await runOne(block, following);
    await runSection('Verify', name, following);
  }
  if (options.endless.has(name)) return;
  if (!(await until(() => life.endedAt !== undefined, { timeoutMs: RESOLVED_MS_MAX, signal }))) {
    trial.problems.push(`it does not end within ${RESOLVED_MS_MAX / 1_000} s after the mitigation`);
    return;
  }
  const isMine = (one: Delivered): boolean =>
    one.status === 'resolved' && one.deliveredAt >= (life.firingAt ?? 0) && sameLabels(one.labels, life.labels ?? {});
  const resolved = await pipeline.webhook.until(isMine, { timeoutMs: DELIVERED_MS_MAX, signal });
  if (resolved === undefined)
    trial.problems.push(`nobody is told within ${DELIVERED_MS_MAX / 1_000} s that it has ended`);
  else trial.resolved = resolved;
}

async function runSection(section: 'Diagnosis' | 'Verify', name: string, following: Following): Promise<void> {
  for (const block of blocksOf(name).filter((each) => each.section === section)) await runOne(block, following);
}

async function runOne(block: ReturnType<typeof blocksOf>[number], following: Following): Promise<void> {
  const { scene, options, trial } = following;
  const outcome = await runBlock(scene.pipeline, block, {
    timeScale: options.timeScale,
    words: trial.words,
    timeoutMs: block.section === 'Verify' ? VERIFY_MS_MAX : COMMAND_MS_MAX,
    signal: scene.signal,
  });
  trial.commands.push({ ...outcome, section: block.section });
  if (outcome.problem !== undefined) trial.problems.push(`${block.section} ${block.id}: ${outcome.problem}`);
}

function outcomeOf(
  name: string,
  found: { scenario: Scenario; life: Life; trial: Trial; begunAt: number; healedAt: number },
): AlertOutcome {
  const { scenario, life, trial, begunAt, healedAt } = found;
  const { delivered, resolved, commands } = trial;
  // An alert that ends by itself proves nothing about its mitigation.
  const tooEarly = resolved !== undefined && resolved.deliveredAt < healedAt ? ['it ended before the mitigation'] : [];
  const problems = [...trial.problems, ...tooEarly];
  return {
    name,
    scenario,
    ...(life.pendingAt === undefined ? {} : { pendingMs: life.pendingAt - begunAt }),
    ...(life.firingAt === undefined ? {} : { firingMs: life.firingAt - begunAt }),
    ...(delivered === undefined ? {} : { receiver: delivered.receiver, deliveredMs: delivered.deliveredAt - begunAt }),
    ...(resolved === undefined ? {} : { resolvedMs: resolved.deliveredAt - healedAt }),
    commands,
    problems,
  };
}

async function until(
  holds: () => boolean,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<boolean> {
  const giveUpAt = performance.now() + timeoutMs;
  while (!holds()) {
    if (performance.now() > giveUpAt) return false;
    await wait(POLL_MS, undefined, { signal });
  }
  return true;
}
