import { parseWindowStart } from '../activities/window-range.ts';

const SHORT = /^(\d{4}-\d\d-\d\d)[T ](\d\d)(?::(\d\d))?(?::(\d\d))?Z?$/;

/**
 * The start of a window as a person writes it and as the tables of the commands show it: a date, or a date and a time
 * that may lack minutes, seconds and zone. It is UTC, for windows are. Throws `window_invalid`.
 */
export function readWindowStart(text: string): number {
  const [, date, hour = '00', minute = '00', second = '00'] = SHORT.exec(text) ?? [];
  return parseWindowStart(date === undefined ? text : `${date}T${hour}:${minute}:${second}Z`);
}

/** The start of a window as tables show it: to the minute, and to be pasted into a command. */
export const windowText = (epochMs: number): string => `${new Date(epochMs).toISOString().slice(0, 16)}Z`;
