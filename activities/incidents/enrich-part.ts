import { toUnmogrowpError } from '../../errors.ts';
import { oneLine } from '../../incidents/page/text.ts';
import type { Part } from '../../incidents/page/types.ts';

const REASON_CHARACTERS_MAX = 160;

/**
 * Looks for something that is good to have, for so long at most. Whatever goes wrong is the reason why it is not on the page,
 * and told to `onError`; that something is not set up here is nothing that goes wrong.
 */
export async function gather<Value>(
  timeoutMs: number,
  look: (signal: AbortSignal) => Promise<Value>,
  onError: (thrown: unknown) => void,
): Promise<Part<Value>> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    return { state: 'found', value: await Promise.race([look(signal), rejectedBy(signal)]) };
  } catch (thrown) {
    const { code, message } = toUnmogrowpError(thrown);
    if (code !== 'configuration_invalid') onError(thrown);
    if (signal.aborted) return { state: 'unavailable', reason: `no answer within ${timeoutMs / 1_000} s` };
    return { state: 'unavailable', reason: oneLine(`${message} (${code})`, REASON_CHARACTERS_MAX) };
  }
}

/** Clients that know no signal are left to themselves when the time is over. */
const rejectedBy = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
