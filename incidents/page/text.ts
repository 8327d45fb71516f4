import { cut } from '../channels/words.ts';

/** What does not show, or turns the direction of writing: it could make a command look like another one. */
const INVISIBLE = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** One line without anything that does not show, cut at a number of characters. */
export function oneLine(text: string, charactersMax: number): string {
  return cut(text.replaceAll(/\s+/g, ' ').replaceAll(INVISIBLE, '').trim(), charactersMax);
}

/** The same with its lines kept. */
export const lines = (text: string, charactersMax: number): string =>
  cut(text.replaceAll(/\r\n?/g, '\n').replaceAll(INVISIBLE, '').trimEnd(), charactersMax);

/** Words of others inside Markdown: read as they stand, and never as a link, markup or HTML. */
export const prose = (text: string): string =>
  text
    .replaceAll(/[\\`*[\]<>~|]/g, String.raw`\$&`)
    // Between letters it is a letter.
    .replaceAll(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, String.raw`\_`)
    .replace(/^(?=[#+=-])/, '\\');

/** A name or a number as it is typed. */
export function code(text: string): string {
  const fence = '`'.repeat(longestRun(text) + 1);
  const space = /^`|`$/.test(text) ? ' ' : '';
  return `${fence}${space}${text}${space}${fence}`;
}

/** Something to be pasted. */
export function block(language: string, text: string): string {
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}${language}\n${text}\n${fence}`;
}

const longestRun = (text: string): number => Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));

/** A word as a shell reads it, whatever it holds. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** `https://…` without what would end a link in Markdown; undefined for what is no address of a page. */
export function webAddress(text: string | undefined): string | undefined {
  if (text === undefined || !/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  return new URL(text).href.replaceAll(/[()<>[\]`*\\]/g, (character) => `%${hex(character)}`);
}

const hex = (character: string): string => (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(2, '0');

/** A moment of UTC to the minute: `2026-01-05 03:12`. */
export const minuteText = (epochMs: number): string => new Date(epochMs).toISOString().slice(0, 16).replace('T', ' ');

/** The same without the day when it is that of another moment: a phone is narrow. */
export const momentText = (epochMs: number, besideMs: number): string =>
  minuteText(epochMs).slice(0, 10) === minuteText(besideMs).slice(0, 10)
    ? minuteText(epochMs).slice(11)
    : minuteText(epochMs);

/** `1 window`, `2 windows`. */
export const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
] as const;

/** A length of time in its two largest units: `2 h 5 min`. */
export function durationText(durationMs: number): string {
  if (durationMs < 60_000) return `${Math.max(0, Math.round(durationMs / 1_000))} s`;
  const first = UNITS.findIndex(([, length]) => durationMs >= length);
  let rest = durationMs;
  const parts = UNITS.slice(first, first + 2).map(([unit, length]) => {
    const count = Math.floor(rest / length);
    rest -= count * length;
    return count === 0 ? '' : `${count} ${unit}`;
  });
  return parts.filter((part) => part !== '').join(' ');
}
