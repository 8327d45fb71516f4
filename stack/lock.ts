import { mkdirSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { dirname } from 'node:path';

/** A lock that is held until it is released or its process ends, however it ends. */
export interface Lock {
  release(): void;
}

/**
 * Takes the lock on a file, or answers undefined when another live process (or another part of this one) holds it.
 *
 * SQLite's exclusive transaction is used because the kernel drops it with the process: a lock file of our own would
 * have to guess, after a `kill -9`, whether its owner is still alive.
 */
export function tryLock(file: string): Lock | undefined {
  mkdirSync(dirname(file), { recursive: true });
  const database = new DatabaseSync(file);
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  return {
    release: () => {
      if (database.isOpen) database.close();
    },
  };
}

const SQLITE_BUSY = 5;
const isBusy = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'errcode' in error && error.errcode === SQLITE_BUSY;
