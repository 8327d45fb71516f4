import { type Command, InvalidArgumentError } from 'commander';
import type { DeadLetterFilter } from '../../postgres/dead-letters.ts';
import { listOf } from '../replay/options.ts';
import { readWindowStart } from '../window-time.ts';

/** Which dead letters, as it is typed. */
export interface FilterOptions {
  reason?: string[];
  tenant?: string;
  from?: string;
  to?: string;
  id?: string[];
  all?: boolean;
}

/** Adds the options that say which dead letters are meant. */
export function withFilter(command: Command): Command {
  return command
    .option('--reason <list>', 'only those of these reasons, with commas: row_refused, unknown_row_format', listOf)
    .option('--tenant <id>', 'only those of one tenant')
    .option('--from <time>', 'only those that were buried then or later: 2026-01-05 or 2026-01-05T10:00:00Z')
    .option('--to <time>', 'only those that were buried before')
    .option('--id <id>', 'only this one, and others with more of --id', addId);
}

/** The filter that was typed. Throws `window_invalid` where a time is none. */
export function filterOf({ reason, tenant, from, to, id }: FilterOptions): DeadLetterFilter {
  return {
    ...(reason === undefined ? {} : { reasons: reason }),
    ...(tenant === undefined ? {} : { tenantId: tenant }),
    ...(from === undefined ? {} : { from: new Date(readWindowStart(from)) }),
    ...(to === undefined ? {} : { to: new Date(readWindowStart(to)) }),
    ...(id === undefined ? {} : { ids: id }),
  };
}

/** Ends the program with a word about usage when nothing says which letters are meant: all of them has to be typed. */
export function refuseAll(options: FilterOptions, command: Command): void {
  if (options.all === true || Object.keys(filterOf(options)).length > 0) return;
  command.error('error: say which ones, with --reason, --tenant, --from, --to or --id; or --all');
}

const addId = (text: string, before: readonly string[] = []): string[] => [...before, idOf(text)];

/** `topic/partition/offset` of a letter or of its origin, which may have `/line` behind it. */
export function idOf(text: string): string {
  if (/^[^/\s]+\/\d{1,9}\/\d{1,16}(\/\d{1,9})?$/.test(text)) return text;
  throw new InvalidArgumentError(
    'A dead letter is named topic/partition/offset, as in dead-letters/0/17, or so by its origin, as in events/3/1200.',
  );
}
