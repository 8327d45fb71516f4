/**
 * Why the sides of a ledger's hour differ; counted in events. The first four say that something is wrong, the others
 * explain why Kafka or ClickHouse hold more than was accepted, which readers never see.
 *
 * - `missing`: accepted, and neither on a spool nor on Kafka.
 * - `offset_gap`: of records on Kafka that the sink has passed and of which nothing was stored.
 * - `row_gap`: announced by records of which other events were stored, or taken away since.
 * - `uncredited`: conversions that a publication has seen and that have no credit in it.
 * - `uncounted`: on Kafka, and never counted by ingest: a process was killed before it had told its last second.
 * - `repeated`: put on Kafka more than once by ingest itself, because an acknowledgement was lost.
 * - `replayed`: put back on Kafka from the dead letters.
 * - `inserted_twice`: stored more than once by the sink.
 */
export const LEDGER_CODES = [
  'missing',
  'offset_gap',
  'row_gap',
  'uncredited',
  'uncounted',
  'repeated',
  'replayed',
  'inserted_twice',
] as const;
export type LedgerCode = (typeof LEDGER_CODES)[number];

/** Events that are not where they should be: nothing is published that they may belong to. */
export const LOSSES = ['missing', 'offset_gap', 'row_gap'] as const satisfies readonly LedgerCode[];

/** Differences that somebody has to look at. */
export const FAULTS = [...LOSSES, 'uncredited'] as const satisfies readonly LedgerCode[];

export type LedgerDifferences = Partial<Record<LedgerCode, number>>;

/** What was measured of one tenant and one hour of receipt, as far as sides can differ by it; in events. */
export interface LedgerMeasures {
  /** Counted by ingest. */
  accepted: number;
  /** Still on spools. */
  spooled: number;
  /** As the records on Kafka say it. */
  onKafka: number;
  /** Put back on Kafka from the dead letters, as far as is known. */
  replayed: number;
  /** Stored more than once with the same moment of receipt. */
  repeated: number;
  offsetGap: number;
  rowGap: number;
  insertedTwice: number;
  uncredited: number;
}

/** By what the sides of one hour differ. What Kafka holds more is explained as far as it can be; the rest is `uncounted`. */
export function differencesOf(measures: LedgerMeasures): LedgerDifferences {
  const { accepted, spooled, onKafka } = measures;
  const more = onKafka - (accepted - spooled);
  const replayed = clamp(measures.replayed, more);
  const repeated = clamp(measures.repeated, more - replayed);
  const all: Record<LedgerCode, number> = {
    missing: Math.max(0, -more),
    offset_gap: measures.offsetGap,
    row_gap: measures.rowGap,
    uncredited: measures.uncredited,
    uncounted: Math.max(0, more - replayed - repeated),
    repeated,
    replayed,
    inserted_twice: measures.insertedTwice,
  };
  return Object.fromEntries(Object.entries(all).filter(([, events]) => events > 0));
}

/** As much of a number as there is room for. */
const clamp = (value: number, room: number): number => Math.max(0, Math.min(value, room));

/** The sum of some of the differences. */
export function sumOf(differences: LedgerDifferences, codes: readonly LedgerCode[]): number {
  return codes.reduce((sum, code) => sum + (differences[code] ?? 0), 0);
}

/** Differences in words: `1 row_gap, 20 missing`; empty when there are none of these. */
export function differencesText(differences: LedgerDifferences, codes: readonly LedgerCode[] = LEDGER_CODES): string {
  return codes.flatMap((code) => (differences[code] === undefined ? [] : [`${differences[code]} ${code}`])).join(', ');
}
