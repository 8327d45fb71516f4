import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StackTuning } from '../types.ts';

const DEFAULT_DIRECTORY = fileURLToPath(new URL('../../alerts/generated', import.meta.url));
const SCRAPE_INTERVAL_MS_DEFAULT = 5_000;

/** One of the rule files, or undefined when there is none. */
export function ruleFile(name: string, { alertsDirectory = DEFAULT_DIRECTORY }: StackTuning): string | undefined {
  const file = join(alertsDirectory, name);
  return existsSync(file) ? file : undefined;
}

/** What stands in one of the rule files, or undefined when there is none. */
export function ruleText(name: string, tuning: StackTuning): string | undefined {
  const file = ruleFile(name, tuning);
  return file === undefined ? undefined : readFileSync(file, 'utf8');
}

/** How often rules are looked at, as Go writes durations. */
export function scrapeInterval({ scrapeIntervalMs = SCRAPE_INTERVAL_MS_DEFAULT }: StackTuning): string {
  return `${scrapeIntervalMs}ms`;
}
