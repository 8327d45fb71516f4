import { v7 as uuidv7 } from 'uuid';
import { UnmogrowpError } from '../../errors.ts';
import { type StoredOverride, addOverride, listOverrides, withdrawOverride } from '../../postgres/oncall-overrides.ts';
import { printJson, printLine, printProgress, printTable } from '../output.ts';
import { loadPolicy, scheduleOf, withPool } from './parts.ts';
import { isoText, momentText, readMoment, refuseEmpty } from './time.ts';

const YEAR_MS = 366 * 86_400_000;

export interface AddOptions {
  schedule: string;
  person: string[];
  from?: string;
  to: string;
  reason: string;
  by: string;
  id?: string;
  json?: boolean;
}

/** Puts somebody on call instead of whom the schedule names. */
export async function addOverrideNow(options: AddOptions): Promise<void> {
  const policy = loadPolicy();
  const { id: scheduleId, time_zone: timeZone } = scheduleOf(policy, options.schedule);
  const known = new Set(policy.people.map(({ id }) => id));
  if (!options.person.every((person) => known.has(person))) {
    throw new UnmogrowpError('oncall_invalid', '--person names somebody whom the incident policy does not know.');
  }
  const fromMs = options.from === undefined ? toSecond(Date.now()) : readMoment(options.from, timeZone);
  const range = { fromMs, toMs: readMoment(options.to, timeZone) };
  refuseEmpty(range);
  const override = await withPool((pool) =>
    addOverride(pool, {
      ...range,
      overrideId: options.id ?? uuidv7(),
      scheduleId,
      people: [...new Set(options.person)],
      reason: options.reason,
      createdBy: options.by,
    }),
  );
  if (options.json === true) printJson(toJson(override));
  else printLine(override.overrideId);
  printProgress(
    `${scheduleId}: ${override.people.join(', ')} from ${momentText(range.fromMs, timeZone)} to ${momentText(range.toMs, timeZone)}`,
  );
}

/** Calendars know no parts of a second. */
const toSecond = (epochMs: number): number => Math.floor(epochMs / 1_000) * 1_000;

export interface ListOptions {
  schedule?: string;
  from?: string;
  to?: string;
  withdrawn?: boolean;
  json?: boolean;
}

/** Overrides and imported shifts of a range. */
export async function printOverrides({ schedule, from, to, withdrawn, json }: ListOptions): Promise<void> {
  const timeZone = schedule === undefined ? 'UTC' : scheduleOf(loadPolicy(), schedule).time_zone;
  const fromMs = from === undefined ? Date.now() : readMoment(from, timeZone);
  const toMs = to === undefined ? fromMs + YEAR_MS : readMoment(to, timeZone);
  const overrides = await withPool((pool) =>
    listOverrides(pool, {
      scheduleIds: schedule === undefined ? undefined : [schedule],
      fromMs,
      toMs,
      isWithdrawnToo: withdrawn,
    }),
  );
  if (json === true) {
    printJson(overrides.map(toJson));
    return;
  }
  if (overrides.length === 0) {
    printProgress('No overrides.');
    return;
  }
  printTable(
    ['override', 'schedule', 'on call', 'from', 'to', 'kind', 'by', 'reason', 'withdrawn'],
    overrides.map((override) => [
      override.overrideId,
      override.scheduleId,
      override.people.join(', '),
      momentText(override.fromMs, timeZone),
      momentText(override.plannedToMs, timeZone),
      override.kind,
      override.createdBy,
      override.reason,
      override.withdrawnAtMs === null ? '' : momentText(override.withdrawnAtMs, timeZone),
    ]),
  );
}

/** Takes an override back; it stays in the list of withdrawn ones. */
export async function withdrawOverrideNow(id: string, { by, json }: { by: string; json?: boolean }): Promise<void> {
  const override = await withPool((pool) => withdrawOverride(pool, id, by));
  if (json === true) printJson(toJson(override));
  else printLine(`withdrawn at ${momentText(override.withdrawnAtMs ?? Date.now(), 'UTC')}`);
}

const toJson = (override: StoredOverride): Record<string, unknown> => ({
  override_id: override.overrideId,
  schedule: override.scheduleId,
  kind: override.kind,
  people: override.people,
  from: isoText(override.fromMs),
  to: isoText(override.plannedToMs),
  reason: override.reason,
  created_by: override.createdBy,
  created_at: isoText(override.createdAtMs),
  calendar_uid: override.calendarUid,
  withdrawn_at: override.withdrawnAtMs === null ? null : isoText(override.withdrawnAtMs),
  withdrawn_by: override.withdrawnBy,
});
