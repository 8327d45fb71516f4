import { createRandom } from '../../../events/generator-random.ts';
import { settingsSchema } from '../../../events/settings.ts';
import { createTenant } from '../../../postgres/tenants.ts';
import { startClient } from '../../faults/client.ts';
import { makeEvents } from '../../faults/events.ts';
import { missingCredits, untilNothingMissing } from '../../faults/judge.ts';
import type { Stage } from '../../faults/stage.ts';

const CREDITED_MS_MAX = 120_000;

export interface OldTenant {
  readonly tenantId: string;
  readonly conversions: number;
}

/** A new tenant whose events of three past days are taken; its windows are due at once. */
export async function sendOldEvents(
  stage: Stage,
  { tenantId, seed, eventsPerDay }: { tenantId: string; seed: number; eventsPerDay: number },
): Promise<OldTenant> {
  const settings = settingsSchema.parse({ allowed_lateness_seconds: 0 });
  const { write_key: writeKey } = await createTenant(stage.postgres, { tenantId, settings });
  const { events, conversions } = makeEvents('usual', { seed, eventsPerDay, nowMs: Date.now() });
  const quiet = { copiesMax: 1, requestsPerSecond: 0, random: createRandom(seed) };
  await startClient({ url: stage.ingestUrl, writeKey, events, ...quiet }).finish();
  return { tenantId, conversions };
}

/** Waits until all its windows are published. */
export async function untilPublished(stage: Stage, tenant: OldTenant, signal: AbortSignal): Promise<void> {
  const missing = await untilNothingMissing(() => missingCredits(stage, tenant), {
    timeoutMs: CREDITED_MS_MAX,
    signal,
  });
  if (missing !== undefined) throw new Error(`${tenant.tenantId} is not credited: ${missing}`);
}

let last = 0;

/** A name that no other fault has taken: one fault may be tried several times. */
export const newTenantId = (name: string): string => `${name}-${(last += 1)}`;
