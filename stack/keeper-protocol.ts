import type { ProcessIdentity } from './procfs.ts';

/** How a child is started and stopped: everything that the keeper needs to know. */
export interface ChildSpec {
  readonly name: string;
  /** Children of a higher level stop before those of a lower one; within a level they stop together. */
  readonly level: number;
  readonly command: string;
  readonly arguments: readonly string[];
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly stopSignal: 'SIGTERM' | 'SIGINT';
  readonly stopTimeoutMs: number;
  /** Run as another user (PostgreSQL refuses to run as root). */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** What the keeper writes down about each child that runs, for whoever must clean up after it. */
export interface ChildRecord extends ProcessIdentity {
  readonly name: string;
  readonly level: number;
  readonly stopSignal: 'SIGTERM' | 'SIGINT';
  readonly stopTimeoutMs: number;
}

export type KeeperRequest =
  | { readonly kind: 'start'; readonly id: number; readonly spec: ChildSpec }
  | { readonly kind: 'stop'; readonly id: number; readonly names: readonly string[] };

export type KeeperMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'started'; readonly id: number; readonly identity: ProcessIdentity }
  | { readonly kind: 'stopped'; readonly id: number }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string }
  | {
      readonly kind: 'exited';
      readonly name: string;
      readonly pid: number;
      readonly code: number | null;
      readonly signal: string | null;
    };
