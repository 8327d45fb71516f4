import { describe, expect, it } from 'vitest';
import { replayCommands } from './replay-commands.ts';

const HOUR_MS = 3_600_000;
const begin = Date.parse('2026-01-05T10:00:00Z');
const hour = (tenant: string, number: number) => ({
  tenant,
  fromMs: begin + number * HOUR_MS,
  toMs: begin + (number + 1) * HOUR_MS,
});
const rangeIn = (command: string): string =>
  /--tenant (\S+) --from (\S+) --to (\S+)/.exec(command)?.slice(1).join(' ') ?? '';

describe('the commands that compute windows again', () => {
  it('are one for each stretch without a gap, in any order of the windows, and publish nothing', () => {
    const { commands, scope } = replayCommands(
      '019b',
      [hour('acme', 1), hour('beta', 0), hour('acme', 0), hour('acme', 5)],
      'affected',
    );
    expect(scope).toBe('affected');
    expect(commands).toEqual([
      "unmogrowp replay --tenant acme --from 2026-01-05T10:00:00Z --to 2026-01-05T12:00:00Z --reason 'incident 019b' --dry-run",
      "unmogrowp replay --tenant acme --from 2026-01-05T15:00:00Z --to 2026-01-05T16:00:00Z --reason 'incident 019b' --dry-run",
      "unmogrowp replay --tenant beta --from 2026-01-05T10:00:00Z --to 2026-01-05T11:00:00Z --reason 'incident 019b' --dry-run",
    ]);
  });

  it('are few: the stretches with the least between them become one, and no window is left out', () => {
    const hours = [0, 2, 10, 20, 30, 40, 50];
    const { commands } = replayCommands(
      '019b',
      hours.map((number) => hour('acme', number)),
      'affected',
    );
    expect(commands.map(rangeIn)).toHaveLength(5);
    expect(rangeIn(commands[0] ?? '')).toBe('acme 2026-01-05T10:00:00Z 2026-01-05T21:00:00Z');
    expect(rangeIn(commands.at(-1) ?? '')).toContain('2026-01-07T12:00:00Z');
  });

  it('ask for the tenant where the alert names none', () => {
    const { commands } = replayCommands('019b', [hour('', 0)], 'since_alert');
    expect(commands[0]).toContain('--tenant "$TENANT" ');
  });
});
