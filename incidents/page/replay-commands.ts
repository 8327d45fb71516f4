import { shellWord } from './text.ts';
import type { PageReplay } from './types.ts';

const COMMANDS_MAX = 5;

/** Time of a tenant whose windows are computed again. */
export interface ReplayRange {
  readonly tenant: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** The commands that compute windows again without publishing them: one for each stretch of windows without a gap. */
export function replayCommands(
  incidentId: string,
  ranges: readonly ReplayRange[],
  scope: PageReplay['scope'],
): PageReplay {
  return { commands: stretchesOf(ranges).map((range) => commandOf(incidentId, range)), scope };
}

const commandOf = (incidentId: string, { tenant, fromMs, toMs }: ReplayRange): string =>
  `unmogrowp replay --tenant ${tenantWord(tenant)} --from ${timeText(fromMs)} --to ${timeText(toMs)} --reason ${shellWord(`incident ${incidentId}`)} --dry-run`;

/** Of an alert about no tenant somebody has to say which one it is. */
const tenantWord = (tenant: string): string => (tenant === '' ? '"$TENANT"' : shellWord(tenant));

const timeText = (epochMs: number): string => new Date(epochMs).toISOString().replace('.000Z', 'Z');

/** Windows beside each other are one stretch; when there are too many, those with the least between them become one. */
function stretchesOf(ranges: readonly ReplayRange[]): ReplayRange[] {
  const stretches: ReplayRange[] = [];
  for (const range of ranges.toSorted(byTenantAndTime)) {
    const last = stretches.at(-1);
    const isNext = last !== undefined && last.tenant === range.tenant && range.fromMs <= last.toMs;
    if (isNext) stretches.splice(-1, 1, joined(last, range));
    else stretches.push(range);
  }
  while (stretches.length > COMMANDS_MAX) {
    const at = narrowestGap(stretches);
    const [left, right] = [stretches[at], stretches[at + 1]];
    if (left === undefined || right === undefined || at < 0) break;
    stretches.splice(at, 2, joined(left, right));
  }
  return stretches.slice(0, COMMANDS_MAX);
}

const byTenantAndTime = (left: ReplayRange, right: ReplayRange): number =>
  left.tenant === right.tenant ? left.fromMs - right.fromMs : left.tenant < right.tenant ? -1 : 1;

const joined = (left: ReplayRange, right: ReplayRange): ReplayRange => ({
  ...left,
  toMs: Math.max(left.toMs, right.toMs),
});

/** Where two stretches of one tenant lie closest; -1 when all are of different tenants. */
function narrowestGap(stretches: readonly ReplayRange[]): number {
  let best = -1;
  let bestGapMs = Number.POSITIVE_INFINITY;
  for (const [at, right] of stretches.entries()) {
    const left = stretches[at - 1];
    if (left === undefined || left.tenant !== right.tenant) continue;
    if (right.fromMs - left.toMs >= bestGapMs) continue;
    bestGapMs = right.fromMs - left.toMs;
    best = at - 1;
  }
  return best;
}
