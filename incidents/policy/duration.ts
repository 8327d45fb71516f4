import { z } from 'zod';

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;
const PATTERN = /^(?=\d)(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?$/;

/** Milliseconds of a length of time such as `5m`, `1h30m` or `2d`; undefined when it is none. */
export function durationMs(text: string): number | undefined {
  const found = PATTERN.exec(text);
  if (found === null) return undefined;
  return UNITS.reduce((sum, [, unitMs], index) => sum + Number(found[index + 1] ?? 0) * unitMs, 0);
}

/** The length of time that a checked document holds. */
export function knownDurationMs(text: string): number {
  const lengthMs = durationMs(text);
  if (lengthMs === undefined) throw new RangeError('not a length of time: the document was not parsed');
  return lengthMs;
}

/** Text of a length of time between two others; of a limit it may also be `never`. */
export function durationSchema(least: string, most: string, limit: { orNever?: boolean } = {}): z.ZodString {
  const [leastMs, mostMs] = [knownDurationMs(least), knownDurationMs(most)];
  const never = limit.orNever === true ? ', or never' : '';
  const expected = `has to be a length of time such as 5m or 1h30m${never}`;
  return z.string({ error: expected }).superRefine((text, context) => {
    if (never !== '' && text === 'never') return;
    const lengthMs = durationMs(text);
    if (lengthMs === undefined) {
      context.addIssue({ code: 'custom', message: expected });
    } else if (lengthMs < leastMs || lengthMs > mostMs) {
      context.addIssue({ code: 'custom', message: `has to lie between ${least} and ${most}${never}` });
    }
  });
}
