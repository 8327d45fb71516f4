import { Consumer } from '@platformatic/kafka';
import type { UnmogrowpError } from '../errors.ts';
import { type KafkaConnection, clientOptions } from './connection.ts';
import { classifyKafkaError } from './errors.ts';
import { type FetchLimits, type FetchedPartition, type Position, createFetcher } from './fetcher.ts';
import { type CommittedPosition, type Member, createOffsets } from './offsets.ts';
import { pause } from './pause.ts';

export interface GroupConsumerConfig extends KafkaConnection {
  group: string;
  topic: string;
  fetch: FetchLimits;
  /** Told about everything that went wrong and is tried again. */
  onError: (error: UnmogrowpError) => void;
  /** How long the group waits for a sign of life before it gives a member's partitions to others. */
  sessionTimeoutMs?: number;
}

/** Partitions that this process may work on, until the group gives them to somebody else. */
export interface Assignment {
  readonly generation: number;
  /** The identity of the topic, which its name is not: the offsets of a topic made anew begin at 0 again. */
  readonly topicId: string;
  /** Where the group stands, read after the group had shut out everybody who had these partitions before. */
  readonly positions: readonly CommittedPosition[];
  /** One round of reading: records from each of the offsets, as far as the limits go. */
  fetch: (from: readonly Position[]) => Promise<FetchedPartition[]>;
  /**
   * Writes where the group stands on one partition, with a note for whoever has it next. Throws `kafka_fenced` once the
   * group has given the partition away, whoever has it then.
   */
  commit: (position: CommittedPosition) => Promise<void>;
}

export interface GroupConsumer {
  /** Whether this process has its place in the group and knows where to go on. */
  isJoined: () => boolean;
  /** The offset after the newest record of each partition. */
  endOffsets: () => Promise<number[]>;
  /** Ends the work, then leaves the group, which gives the partitions to others at once. */
  close: () => Promise<void>;
}

/** Works on an assignment until the signal tells it to end. */
type Work = (assignment: Assignment, signal: AbortSignal) => Promise<void>;

/** The least that brokers allow by default: a killed process is replaced after this time. */
const SESSION_TIMEOUT_MS = 6_000;
const HEARTBEAT_MS = 1_000;
/** How long a member may take to come back when the group gathers; all of them come within a heartbeat. */
const REBALANCE_TIMEOUT_MS = 20_000;
const REJOIN_WAIT_MS = 1_000;

/**
 * Joins a consumer group, and calls `work` with the partitions of each generation. The next generation's work begins
 * only when the one before has ended, so that one process never works twice on a partition.
 *
 * The client library keeps the membership; commits are sent here, because they carry a note and the generation in which
 * the partition was given, and the library would send the newest generation that it knows.
 */
export function consumeAsGroup(config: GroupConsumerConfig, work: Work): GroupConsumer {
  const { sessionTimeoutMs = SESSION_TIMEOUT_MS, onError } = config;
  const offsets = createOffsets(config);
  const fetcher = createFetcher(config, config.topic, config.fetch);
  const member = new Consumer({
    ...clientOptions({ ...config, requestTimeoutMs: REBALANCE_TIMEOUT_MS + sessionTimeoutMs }),
    groupId: config.group,
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: REBALANCE_TIMEOUT_MS,
    heartbeatInterval: Math.min(HEARTBEAT_MS, sessionTimeoutMs / 3),
    retries: 3,
    retryDelay: 200,
  });
  member.topics.track(config.topic);

  let isClosing = false;
  let isWorking = false;
  let revoke = new AbortController();
  let working: Promise<void> = Promise.resolve();
  let joining: Promise<void> | undefined;

  const revokeAll = (): void => {
    isWorking = false;
    revoke.abort();
  };

  member.on('consumer:group:join', ({ memberId, generationId = 0, assignments = [] }) => {
    revokeAll();
    if (isClosing) return;
    const partitions = assignments.filter(({ topic }) => topic === config.topic).flatMap((entry) => entry.partitions);
    const next = { memberId, generationId };
    const mine = (revoke = new AbortController());
    working = working.then(() => workOn(next, partitions, mine));
  });
  member.on('consumer:group:rebalance', revokeAll);
  member.on('consumer:heartbeat:error', ({ error }) => onError(classifyKafkaError(error)));
  // The library has given up its place and sends no heartbeats any more.
  member.on('error', (error: Error) => {
    onError(classifyKafkaError(error));
    revokeAll();
    join();
  });

  async function workOn(place: Member, partitions: readonly number[], mine: AbortController): Promise<void> {
    const found = await retry(mine.signal, () => Promise.all([offsets.topicId(), offsets.read(partitions)]));
    if (found === undefined || mine.signal.aborted) return;
    const [topicId, positions] = found;
    isWorking = true;
    const commit = (position: CommittedPosition): Promise<void> =>
      offsets.commit({ place, position, findCoordinator: () => member.findGroupCoordinator() });
    const fetch: Assignment['fetch'] = (from) => fetcher.fetch(from, { topicId });
    try {
      await work({ generation: place.generationId, topicId, positions, fetch, commit }, mine.signal);
    } catch (error) {
      onError(classifyKafkaError(error));
    }
  }

  /** Undefined when there is no point any more. */
  async function retry<Result>(signal: AbortSignal, call: () => Promise<Result>): Promise<Result | undefined> {
    while (!signal.aborted) {
      try {
        return await call();
      } catch (error) {
        onError(classifyKafkaError(error));
        await pause(REJOIN_WAIT_MS, signal);
      }
    }
    return undefined;
  }

  const closing = new AbortController();
  function join(): void {
    if (isClosing) return;
    joining ??= retry(closing.signal, () => member.joinGroup({})).then(() => {
      joining = undefined;
    });
  }
  join();

  async function close(): Promise<void> {
    isClosing = true;
    closing.abort();
    revokeAll();
    await working;
    await Promise.allSettled([member.close(true), fetcher.close(), offsets.close()]);
  }

  return {
    isJoined: () => isWorking,
    endOffsets: offsets.ends,
    close,
  };
}
