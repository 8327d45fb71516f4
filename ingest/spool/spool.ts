import type { EventRecord } from '../records.ts';

/** A record that waits for Kafka, with the time at which its events were taken. */
export interface SpooledRecord extends EventRecord {
  receivedAt: number;
}

export interface SpoolState {
  records: number;
  bytes: number;
  /** Epoch milliseconds of the oldest record, undefined when there is none. */
  oldestReceivedAt: number | undefined;
}

/** Events of one tenant and one hour of receipt that wait on a spool. */
export interface HeldEvents {
  tenantId: string;
  hourMs: number;
  events: number;
}

/** A part of the spool's records from its head, in their order. */
export interface SpoolBatch {
  records: SpooledRecord[];
  /** Forgets the records; called once they are on Kafka. */
  discard(): Promise<void>;
}

/**
 * Where accepted events wait while Kafka is away. What `append` has resolved for survives a kill of the process; it
 * throws `spool_full` or `spool_failed` when it cannot promise that.
 */
export interface Spool {
  /** The same over restarts: windows wait for it by this name. */
  readonly id: string;
  append(records: readonly SpooledRecord[]): Promise<void>;
  state(): SpoolState;
  /** What it holds, for the ledger. */
  held(): HeldEvents[];
  /** Whether it would take so many bytes now; one that is switched off (no bytes at all) stands in nobody's way. */
  hasRoom(bytes: number): boolean;
  /** The oldest records, at most about `bytesMax`, or undefined when the spool is empty. */
  readBatch(bytesMax: number): Promise<SpoolBatch | undefined>;
  close(): Promise<void>;
}
