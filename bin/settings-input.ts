import { readFileSync } from 'node:fs';
import { UnmogrowpError } from '../errors.ts';
import { describeSettings } from '../events/settings.ts';

const SETTINGS = new Map<string, { fallback: unknown }>(describeSettings().map((setting) => [setting.name, setting]));

/** The settings that a command is given: those of a file, with single ones over them. Throws `settings_invalid`. */
export function readSettings(file: string | undefined, assignments: readonly string[] = []): Record<string, unknown> {
  const settings = {
    ...(file === undefined ? {} : readJsonFile(file)),
    ...Object.fromEntries(assignments.map(parseAssignment)),
  };
  const unknown = Object.keys(settings).filter((name) => !SETTINGS.has(name));
  if (unknown.length === 0) return settings;
  throw invalid(`There is no setting ${unknown.join(', ')}. There are: ${[...SETTINGS.keys()].join(', ')}`);
}

/** What `--help` says about settings. */
export function settingsHelp(): string {
  const settings = describeSettings();
  const width = Math.max(...settings.map(({ name }) => name.length));
  const lines = settings.map(
    ({ name, meaning, fallback }) => `  ${name.padEnd(width)}  ${meaning} Default: ${fallbackText(fallback)}`,
  );
  return `\nSettings (lists are written with commas, an empty list as key=):\n${lines.join('\n')}`;
}

const fallbackText = (fallback: unknown): string =>
  Array.isArray(fallback) ? fallback.join(',') || 'none' : String(fallback);

/** Takes what `tenant settings --json` prints as well: settings of one tenant are often those of the next. */
function readJsonFile(path: string): Record<string, unknown> {
  const parsed = parseFile(path);
  const settings = isRecord(parsed) && isRecord(parsed['settings']) ? parsed['settings'] : parsed;
  if (isRecord(settings)) return settings;
  throw invalid(`${path} holds no settings: it has to be a JSON object such as {"lookback_click_seconds": 86400}`);
}

function parseFile(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown;
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw invalid(`${path} cannot be read: ${isMissing ? 'there is no such file' : (error as Error).message}`);
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `key=value` with JSON values; text needs no quotes, and a list is written with commas. */
function parseAssignment(text: string): [string, unknown] {
  const [, name = '', value = ''] = /^([^=]+)=(.*)$/.exec(text) ?? [];
  if (name === '') throw invalid(`${text} is not key=value, such as lookback_click_seconds=86400`);
  const fallback = SETTINGS.get(name)?.fallback;
  if (Array.isArray(fallback) && !value.startsWith('[')) {
    return [name, value === '' ? [] : value.split(',').map((item) => item.trim())];
  }
  if (typeof fallback === 'string' && !value.startsWith('"')) return [name, value];
  try {
    return [name, JSON.parse(value) as unknown];
  } catch {
    return [name, value];
  }
}

const invalid = (message: string): UnmogrowpError => new UnmogrowpError('settings_invalid', message);
