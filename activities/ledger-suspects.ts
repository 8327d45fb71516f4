import { type TriedOrigin, WHOLE_RECORD, originOfHeaders, receivedAtOf } from '../events/dead-letter.ts';
import type { TopicLog } from '../kafka/admin.ts';
import { type ConsumedRecord, headerOf } from '../kafka/fetcher.ts';
import { scanTopic } from '../kafka/scan.ts';
import { type BuriedEvents, readBuriedEvents } from '../postgres/ledger-letters.ts';
import type { LedgerParts } from './dependencies.ts';
import { HOUR_MS } from './ledger-hours.ts';

/** A record of which not all has arrived; nothing of it when `hour` is null, and then only Kafka knows what it was. */
export interface SuspectRecord {
  partition: number;
  offset: number;
  arrived: number;
  announced: number;
  hour: { tenantId: string; hourMs: number } | null;
}

/** What became of the rest of a record. */
export interface JudgedRecord {
  tenantId: string;
  hourMs: number;
  /** What the record announced, if nothing of it arrived. */
  onKafka: number;
  deadLettered: number;
  offsetGap: number;
  rowGap: number;
}

/** What is read of Kafka at most; of what lies behind it the dead letters say whose it was, or nobody. */
const BYTES_MAX = 67_108_864;
const READS_MAX = 200;
/** Records between two suspects that are read along. */
const NEAR_RECORDS = 50;

/** Says of each suspect what of it lies among the dead letters and what is lost. Records that are gone from Kafka are left out. */
export async function judgeSuspects(
  dependencies: LedgerParts,
  log: TopicLog,
  suspects: readonly SuspectRecord[],
): Promise<JudgedRecord[]> {
  const { postgres } = dependencies;
  const buried = byPlace(await readBuriedEvents(postgres, log.topicId, suspects));
  const firstOf = (place: Place): Buried => sumOfBuried(buried.get(`${placeOf(place)}/1`));
  const isExplained = (suspect: SuspectRecord): boolean =>
    suspect.hour !== null && firstOf(suspect).events >= suspect.announced - suspect.arrived;
  const unexplained = suspects.filter((suspect) => !isExplained(suspect));
  const records = await readRecords(dependencies, log, unexplained);
  const origins = [...records.values()].flatMap(({ tried }) => (tried === undefined ? [] : [tried.origin]));
  const buriedAgain = byPlace(await readBuriedEvents(postgres, log.topicId, origins));
  return suspects.flatMap((suspect) => {
    const record = records.get(placeOf(suspect));
    const letter = record?.tried === undefined ? firstOf(suspect) : lastOf(record.tried, buriedAgain);
    const judged = judge(suspect, record, letter);
    return judged === undefined ? [] : [judged];
  });
}

interface Place {
  partition: number;
  offset: number;
}

const placeOf = ({ partition, offset }: Place): string => `${partition}/${offset}`;

type BuriedByPlace = ReadonlyMap<string, readonly BuriedEvents[]>;

const byPlace = (buried: readonly BuriedEvents[]): BuriedByPlace =>
  Map.groupBy(buried, (events) => `${placeOf(events)}/${events.attempt}`);

/** What is among the dead letters of a record, and whose it was. */
interface Buried {
  events: number;
  tenantId?: string;
  receivedAtMs?: number;
}

function sumOfBuried(letters: readonly BuriedEvents[] = []): Buried {
  const [first] = letters;
  const events = letters.reduce((sum, letter) => sum + letter.events, 0);
  return first === undefined ? { events } : { events, tenantId: first.tenantId, receivedAtMs: first.receivedAtMs };
}

/** Of a record that was tried again: the letters of just this attempt, and of its line if it was only one. */
function lastOf({ origin, attempt }: TriedOrigin, buried: BuriedByPlace): Buried {
  const letters = buried.get(`${placeOf(origin)}/${attempt}`) ?? [];
  return sumOfBuried(letters.filter(({ line }) => origin.line === WHOLE_RECORD || line === origin.line));
}

function judge(suspect: SuspectRecord, record: ReadRecord | undefined, letter: Buried): JudgedRecord | undefined {
  if (suspect.hour !== null) {
    const lacking = suspect.announced - suspect.arrived;
    const deadLettered = Math.min(letter.events, lacking);
    return { ...suspect.hour, onKafka: 0, deadLettered, offsetGap: 0, rowGap: lacking - deadLettered };
  }
  const tenantId = record?.tenantId ?? letter.tenantId;
  const receivedAtMs = record?.receivedAtMs ?? letter.receivedAtMs;
  if (tenantId === undefined || receivedAtMs === undefined) return undefined;
  const onKafka = record?.rows ?? letter.events;
  const deadLettered = Math.min(letter.events, onKafka);
  return {
    tenantId,
    hourMs: hourOf(receivedAtMs),
    onKafka,
    deadLettered,
    offsetGap: onKafka - deadLettered,
    rowGap: 0,
  };
}

const hourOf = (epochMs: number): number => epochMs - (epochMs % HOUR_MS);

interface ReadRecord {
  tenantId: string;
  receivedAtMs: number;
  rows: number;
  /** Of one that was put back from the dead letters. */
  tried: TriedOrigin | undefined;
}

/** Reads records from Kafka, those that lie near each other at once. */
async function readRecords(
  { kafka, eventsTopic: topic }: LedgerParts,
  log: TopicLog,
  places: readonly SuspectRecord[],
): Promise<Map<string, ReadRecord>> {
  const wanted = new Set(places.map(placeOf));
  const found = new Map<string, ReadRecord>();
  let bytesLeft = BYTES_MAX;
  for (const { partition, from, until } of nearRanges(places).slice(0, READS_MAX)) {
    const start = Math.max(from, log.starts[partition] ?? 0);
    if (start >= until || bytesLeft <= 0) continue;
    const only = (offset: number): number[] => log.ends.map((_, index) => (index === partition ? offset : 0));
    await scanTopic(kafka, {
      topic,
      from: only(start),
      to: only(until),
      bytesMax: bytesLeft,
      onRecord: (record) => {
        bytesLeft -= record.value.length;
        const place = placeOf({ partition, offset: record.offset });
        if (wanted.has(place)) found.set(place, toRead(record));
      },
    });
  }
  return found;
}

/** Ranges of the log in which all of these places lie, in their order. */
export function nearRanges(places: readonly Place[]): { partition: number; from: number; until: number }[] {
  const ranges: { partition: number; from: number; until: number }[] = [];
  const sorted = places.toSorted((left, right) => left.partition - right.partition || left.offset - right.offset);
  for (const { partition, offset } of sorted) {
    const last = ranges.at(-1);
    if (last !== undefined && last.partition === partition && offset - last.until <= NEAR_RECORDS) {
      last.until = offset + 1;
    } else ranges.push({ partition, from: offset, until: offset + 1 });
  }
  return ranges;
}

function toRead(record: ConsumedRecord): ReadRecord {
  const lines = record.value.toString().split('\n');
  const header = (name: string): string | undefined => headerOf(record, name);
  const receivedAt = Number(header('received_at') ?? Number.NaN);
  return {
    tenantId: header('tenant_id') ?? '',
    receivedAtMs: Number.isSafeInteger(receivedAt) ? receivedAt : (receivedAtOf(lines[0] ?? '') ?? record.timestampMs),
    rows: Number(header('row_count')) || lines.filter((line) => line !== '').length,
    tried: originOfHeaders(header),
  };
}
