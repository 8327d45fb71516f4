import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { z } from 'zod';
import { UnmogrowpError } from '../errors.ts';
import type { Mapping } from './mapping.ts';
import { replaceFile } from './replace-file.ts';

const position = z.strictObject({ lines: z.int().min(0), bytes: z.int().min(0) });

const stateSchema = z.strictObject({
  version: z.literal(1),
  /** Of the file and its mapping: a state continues nothing else. */
  fingerprint: z.string(),
  /** Or what stands for the tenant where it is not known: an import without a lease knows only its write key. */
  tenant_id: z.string(),
  /** Up to here every event was answered by ingest. */
  position,
  counts: z.strictObject({
    rows: z.int().min(0),
    sent: z.int().min(0),
    accepted: z.int().min(0),
    rejected: z.int().min(0),
  }),
  /** Length of the rejects file at `position`: what a killed import wrote beyond it is cut off. */
  rejects_bytes: z.int().min(0),
  /** Earliest and latest event time of the file in epoch milliseconds; null when no row has a time. */
  range: z.strictObject({ start: z.int(), end: z.int() }).nullable(),
  rows_total: z.int().min(0),
  lease_id: z.string().nullable(),
});

/** How far an import has come, kept on disk so that it can be continued. */
export type ImportState = z.infer<typeof stateSchema>;

/** Names the file and the mapping; a file that has only grown keeps its name. */
export function fingerprintOf(mapping: Mapping, header: readonly string[], firstRow: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([mapping, header, firstRow]))
    .digest('hex');
}

/** The state of an import that was not finished, or undefined. Throws `import_invalid` when it cannot be continued. */
export async function readState(
  path: string,
  expected: { fingerprint: string; tenantId: string },
): Promise<ImportState | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new UnmogrowpError('import_invalid', `${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  const state = parseState(text);
  // Nothing was sent: whatever it was meant for, there is nothing to continue and nothing to lose.
  if (state?.counts.rows === 0 && !isFor(state, expected)) return undefined;
  if (state === undefined) throw unfit(path, 'it is not the state of an import');
  if (state.fingerprint !== expected.fingerprint) throw unfit(path, 'it belongs to another file or mapping');
  if (state.tenant_id !== expected.tenantId) {
    throw unfit(path, `it belongs to an import for ${state.tenant_id}, and this one is for ${expected.tenantId}`);
  }
  return state;
}

function parseState(text: string): ImportState | undefined {
  try {
    return stateSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

const isFor = (state: ImportState, expected: { fingerprint: string; tenantId: string }): boolean =>
  state.fingerprint === expected.fingerprint && state.tenant_id === expected.tenantId;

const unfit = (path: string, reason: string): UnmogrowpError =>
  new UnmogrowpError('import_invalid', `${path} cannot be continued: ${reason}. With --restart it is put aside.`);

/** Keeps the state; a reader never sees half of it, also after a crash of the machine. */
export async function writeState(path: string, state: ImportState): Promise<void> {
  await replaceFile(path, `${JSON.stringify(state, undefined, 2)}\n`);
}

/** Forgets the state of a finished import. */
export async function removeState(path: string): Promise<void> {
  await rm(path, { force: true });
}
