import { Context } from '@temporalio/activity';
import { UnmogrowpError } from '../errors.ts';
import { type Cutoff, recordsMissing } from '../events/cutoff.ts';
import { openSpools } from '../postgres/spools.ts';
import type { WindowActivities } from './contract.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** After this long the attempt ends and leaves its place in the worker to others; the next one goes on from here. */
const ATTEMPT_MS_MAX = 60_000;

/** What is remembered over attempts, as the details of heartbeats. */
interface Progress {
  askedAtMs: number;
  /** The end of Kafka after the spools were empty; null while they are not. */
  target: Cutoff | null;
}

type Arrival = Pick<WindowActivities, 'awaitArrival' | 'checkArrival'>;

/**
 * The arrival barrier: returns when everything that ingest had accepted at the moment of the question is in ClickHouse.
 * Spools come first: what lies on one when we ask reaches Kafka only later, so the end of Kafka is read after they gave
 * it up. Then the sink has to have committed that end, which becomes the cut-off of the run. `checkArrival` looks once:
 * mostly all is there, and nobody has to wait.
 */
export function createArrival(dependencies: ActivityDependencies): Arrival {
  const { kafkaAdmin, eventsTopic, sinkGroup, arrivalPollMs, nowMs, metrics } = dependencies;
  const committed = shared(() => kafkaAdmin.committedOffsets(sinkGroup, eventsTopic));

  async function stepTo(progress: Progress): Promise<{ target: Cutoff | null; missing: string }> {
    if (progress.target === null) {
      const spools = await spoolsThatHold(dependencies, progress.askedAtMs);
      if (spools > 0) return { target: null, missing: `${spools} spools hold older events` };
    }
    const target = progress.target ?? { [eventsTopic]: await kafkaAdmin.endOffsets(eventsTopic) };
    const records = recordsMissing({ [eventsTopic]: await committed() }, target);
    return { target, missing: records === 0 ? '' : `the sink lacks ${records} records` };
  }

  const observe = ({ askedAtMs }: Progress): void => metrics.arrivalWait.observe((nowMs() - askedAtMs) / 1_000);

  async function checkArrival() {
    const progress: Progress = { askedAtMs: nowMs(), target: null };
    const { target, missing } = await stepTo(progress);
    if (missing !== '' || target === null) return null;
    observe(progress);
    return { cutoff: target };
  }

  async function awaitArrival() {
    const context = Context.current();
    const before = context.info.heartbeatDetails as Progress | undefined;
    let progress: Progress = before ?? { askedAtMs: nowMs(), target: null };
    const giveUpAtMs = performance.now() + ATTEMPT_MS_MAX;
    for (;;) {
      const { target, missing } = await stepTo(progress);
      progress = { ...progress, target };
      context.heartbeat({ ...progress, missing });
      if (missing === '' && target !== null) {
        observe(progress);
        return { cutoff: target };
      }
      if (performance.now() > giveUpAtMs) {
        throw new UnmogrowpError('arrival_incomplete', `Not everything is in ClickHouse yet: ${missing}`);
      }
      await context.sleep(arrivalPollMs);
    }
  }

  return { awaitArrival, checkArrival };
}

async function spoolsThatHold({ postgres }: ActivityDependencies, askedAtMs: number): Promise<number> {
  const spools = await openSpools(postgres);
  return spools.filter(({ oldest_received_at }) => oldest_received_at.getTime() <= askedAtMs).length;
}

/**
 * Many windows wait at once; they share one question to Kafka. The sink's offsets only grow, so an answer to a question
 * that was asked a little earlier is never too good.
 */
function shared<Result>(read: () => Promise<Result>): () => Promise<Result> {
  let underWay: Promise<Result> | undefined;
  return () => {
    underWay ??= read().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
}
