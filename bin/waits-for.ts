import { type WindowClient, describeWindow } from '../activities/client.ts';
import { windowAt } from '../activities/window-range.ts';
import type { Granularity } from '../events/settings.ts';
import type { WindowDescription } from '../workflows/messages.ts';

const ASK_INTERVAL_MS = 2_000;
const NO_ANSWER_MS = 2_000;

/** Tells what a window waits for while somebody waits for it, asked now and then; empty where nothing answers. */
export function createWaitsFor(
  client: WindowClient,
  { tenantId, granularity }: { tenantId: string; granularity: Granularity },
): (windowStartMs: number) => Promise<string> {
  let [askedAtMs, asked, answer] = [Number.NEGATIVE_INFINITY, 0, ''];
  return async function waitsFor(windowStartMs) {
    if (asked === windowStartMs && performance.now() - askedAtMs < ASK_INTERVAL_MS) return answer;
    const description = await client.temporal
      .withDeadline(Date.now() + NO_ANSWER_MS, () =>
        describeWindow(client, windowAt(tenantId, granularity, windowStartMs)),
      )
      .catch(() => undefined);
    [askedAtMs, asked, answer] = [performance.now(), windowStartMs, textOf(description)];
    return answer;
  };
}

/** An open window that does not know yet of the data that somebody waits for still waits for just any. */
function textOf(description: WindowDescription | undefined): string {
  if (description === undefined) return '';
  const isUntold = description.phase === 'open' && !description.isReopenPending;
  return isUntold ? 'the look for late data, which is under way' : description.waitsFor;
}
