import { setTimeout as wait } from 'node:timers/promises';
import { PART_NAMES, PIPELINE_PROCESSES, type PipelineProcess } from '../../stack/types.ts';
import type { Fault, Scene } from './fault.ts';
import type { Holds, Pattern, Side } from './hold.ts';
import type { Stage } from './stage.ts';

type Name = (typeof PART_NAMES)[number] | PipelineProcess;

const TITLES: Readonly<Partial<Record<Name, string>>> = {
  clickhouse: 'ClickHouse',
  postgres: 'PostgreSQL',
  kafka: 'Kafka',
  temporal: 'Temporal',
  jaeger: 'Jaeger',
};

/** As people write it. */
function titleOf(name: Name): string {
  return TITLES[name] ?? name;
}

/** A point between two steps of a process, as the messages show it that pass by on its lines. */
interface Point {
  readonly name: string;
  readonly title: string;
  readonly process: PipelineProcess;
  readonly line: 'kafka' | 'clickhouse';
  readonly pattern: Pattern;
}

const POINTS: readonly Point[] = [
  { name: 'produce', title: 'the produce', process: 'ingest', line: 'kafka', pattern: { name: 'Produce' } },
  {
    name: 'metadata-commit',
    title: 'the commit that begins a range',
    process: 'sink',
    line: 'kafka',
    pattern: { name: 'OffsetCommit', detail: /^begun$/ },
  },
  {
    name: 'insert',
    title: 'the insert',
    process: 'sink',
    line: 'clickhouse',
    pattern: { name: 'insert_events' },
  },
  {
    name: 'offset-commit',
    title: 'the commit that ends a range',
    process: 'sink',
    line: 'kafka',
    pattern: { name: 'OffsetCommit', detail: /^plain$/ },
  },
  {
    name: 'credits',
    title: 'the insert of the credits of a run',
    process: 'worker',
    line: 'clickhouse',
    pattern: { name: 'compute_credits' },
  },
  {
    name: 'run-insert',
    title: 'the insert of a run',
    process: 'worker',
    line: 'clickhouse',
    pattern: { name: 'insert_run', detail: /^(?!published$)/ },
  },
  {
    name: 'publication',
    title: 'the publication',
    process: 'worker',
    line: 'clickhouse',
    pattern: { name: 'insert_publication' },
  },
];

const SHORT_POINTS: ReadonlySet<string> = new Set([
  'kill-after-produce',
  'kill-after-insert',
  'kill-after-publication',
]);
/** After this long without such a message the process is killed wherever it is: another fault may be in the way. */
const POINT_MS_MAX = 10_000;

/** `kill -9` just before a message is sent, and just after its effect, when nobody has heard of it. */
const KILLS_AT_POINTS: readonly Fault[] = POINTS.flatMap((point) => [
  killAt(point, 'request', `kill-before-${point.name}`),
  killAt(point, 'answer', `kill-after-${point.name}`),
]);

function killAt({ title, process, line, pattern }: Point, side: Side, name: string): Fault {
  const when = side === 'request' ? 'before' : 'after';
  return {
    name,
    title: `kill -9 of ${process} just ${when} ${title}`,
    targets: [process],
    isShort: SHORT_POINTS.has(name),
    async inject({ stage, signal }) {
      await untilKept(stage.lines[line].holds, { pattern, side, signal, kill: () => stage.processes[process].kill() });
      return () => stage.processes[process].start();
    },
  };
}

async function untilKept(
  holds: Holds,
  { pattern, side, signal, kill }: { pattern: Pattern; side: Side; signal: AbortSignal; kill: () => Promise<void> },
): Promise<void> {
  const hold = holds.begin(pattern, side);
  try {
    await Promise.race([hold.isKept, wait(POINT_MS_MAX, undefined, { signal })]);
    await kill();
  } finally {
    hold.end();
  }
}

const KILLS_MAX = 3;
const BETWEEN_KILLS_MS_MAX = 1_500;

/** `kill -9` of one of our processes at moments of chance, each time started again at once. */
const RANDOM_KILLS: readonly Fault[] = PIPELINE_PROCESSES.map((name) => ({
  name: `kill-${name}`,
  title: `kill -9 of ${name} at ${KILLS_MAX} random moments`,
  targets: [name],
  async inject({ stage, random, signal }) {
    for (let kill = 1; kill <= KILLS_MAX; kill += 1) {
      await wait(random.whole(0, BETWEEN_KILLS_MS_MAX), undefined, { signal });
      await stage.processes[name].kill();
      if (kill < KILLS_MAX) await stage.processes[name].start();
    }
    return () => stage.processes[name].start();
  },
}));

const SHORT_KILLED_PARTS: ReadonlySet<string> = new Set(['kafka', 'clickhouse', 'postgres']);

/** `kill -9` of a part with all its processes, and its start on the same data. */
const KILLS_OF_PARTS: readonly Fault[] = PART_NAMES.map((name) => ({
  name: `kill-${name}`,
  title: `kill -9 and restart of ${titleOf(name)}`,
  targets: [name],
  isShort: SHORT_KILLED_PARTS.has(name),
  lasts: true,
  async inject({ stage }) {
    await stage.parts[name].kill();
    return () => stage.parts[name].start();
  },
}));

/** Longer than the group of the sinks and most calls wait for a sign of life. */
const FROZEN_MS_MIN = 8_000;

/** Parts and processes that stand still, as on a machine that swaps. */
const FREEZES: readonly Fault[] = [...PART_NAMES, ...PIPELINE_PROCESSES].map((name) => ({
  name: `freeze-${name}`,
  title: `${titleOf(name)} stopped by SIGSTOP`,
  targets: [name],
  isShort: name === 'sink',
  lasts: true,
  lastsMsMin: FROZEN_MS_MIN,
  inject({ stage }) {
    const one = partOrProcess(stage, name);
    one.freeze();
    return Promise.resolve(() => Promise.resolve(one.thaw()));
  },
}));

/** A part that nobody can reach. */
const REFUSALS: readonly Fault[] = PART_NAMES.map((name) => ({
  name: `refuse-${name}`,
  title: `${titleOf(name)} refuses connections`,
  targets: [name],
  isShort: name === 'temporal',
  lasts: true,
  async inject({ stage }: Scene) {
    await stage.lines[name].cut();
    return () => stage.lines[name].restore();
  },
}));

const partOrProcess = ({ parts, processes }: Stage, name: Name) =>
  name === 'ingest' || name === 'sink' || name === 'worker' ? processes[name] : parts[name];

/** Everything that is killed, frozen, or cut off. */
export const FAULTS_OF_KILLS: readonly Fault[] = [
  ...KILLS_AT_POINTS,
  ...RANDOM_KILLS,
  ...KILLS_OF_PARTS,
  ...FREEZES,
  ...REFUSALS,
];
