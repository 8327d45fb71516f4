import { userInfo } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { GRANULARITY_SECONDS, MODELS, type Settings } from '../../events/settings.ts';
import { parseWindowStart, toIso } from '../../activities/window-range.ts';
import { UnmogrowpError } from '../../errors.ts';

/** Who wants something of a replay, and why. */
export interface WhoAndWhy {
  reason: string;
  by: string;
}

/** Adds the options that say who wants something and why; both go into the audit trail. */
export function withWhoAndWhy(command: Command): Command {
  return command.option('--reason <text>', 'why, for the audit trail', '').addOption(byOption());
}

/** Who wants something. */
export const byOption = (): Option =>
  new Option('--by <name>', 'who, for the audit trail').default(systemUser(), 'the user of the system');

/** The name by which the system knows who types; `unknown` where it has none. */
function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}

/** A replay is named by its UUID. */
export function replayId(text: string): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) {
    throw new InvalidArgumentError('A replay is named by its UUID. See: unmogrowp replay list');
  }
  return text.toLowerCase();
}

export function atOnce(text: string): number {
  if (!/^[1-9]\d?$|^100$/.test(text)) throw new InvalidArgumentError('It is not a whole number from 1 to 100.');
  return Number(text);
}

/** Text with commas as a list. */
export const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

export function modelsOf(text: string): string[] {
  const models = listOf(text);
  const unknown = models.filter((model) => !(MODELS as readonly string[]).includes(model));
  if (unknown.length > 0 || models.length === 0) {
    throw new InvalidArgumentError(`Models are ${MODELS.join(', ')}.`);
  }
  return models;
}

/** From the first window that begins then to those that begin before the end. Throws `window_invalid`. */
export function rangeOf(
  options: { from: string; to: string },
  { granularity }: Pick<Settings, 'granularity'>,
): { rangeStart: Date; rangeEnd: Date } {
  const [startMs, endMs] = [parseWindowStart(options.from), parseWindowStart(options.to)];
  const lengthMs = GRANULARITY_SECONDS[granularity] * 1_000;
  const wrong = [startMs, endMs].find((epochMs) => epochMs % lengthMs !== 0);
  if (wrong !== undefined) {
    throw new UnmogrowpError(
      'window_invalid',
      `No window begins at ${toIso(wrong)}: they are ${granularity} long, in UTC.`,
    );
  }
  if (startMs >= endMs) {
    throw new UnmogrowpError(
      'window_invalid',
      `--to ${options.to} is not after --from ${options.from}. A window belongs to the range if it begins at --from or later, and before --to.`,
    );
  }
  return { rangeStart: new Date(startMs), rangeEnd: new Date(endMs) };
}
