import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { testVariables } from '../support/parts.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/unmogrowp.ts', import.meta.url));

/** A command while it runs. */
export interface RunningCommand {
  child: ChildProcess;
  ended: Promise<{ code: number | null; signal: string | null; stdout: string; stderr: string }>;
}

/** Starts `unmogrowp` on the parts of this test file. */
export function startCommand(args: readonly string[], variables: Record<string, string> = {}): RunningCommand {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: { ...process.env, ...testVariables, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.on('data', (chunk: Buffer) => (texts[name] += chunk.toString()));
  }
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as string | null,
    ...texts,
  }));
  return { child, ended };
}

/** Runs `unmogrowp` to its end. */
export const runCommand = (args: readonly string[], variables: Record<string, string> = {}) =>
  startCommand(args, variables).ended;

/** A folder of this test file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'unmogrowp-import-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a mapping that makes a click of every row, and a purchase of the ones with a price. */
export function writeMapping(folder: string): string {
  const path = join(folder, 'shop.yaml');
  writeFileSync(
    path,
    `name: shop
timezone: UTC
events:
  - type: click
    occurred_at: '{time}'
    app_id: shop
    channel: '{channel}'
    user_id: 'user-{user}'
  - type: conversion
    unless: { price: '' }
    name: purchase
    occurred_at: '{time}'
    app_id: shop
    user_id: 'user-{user}'
    revenue: '{price}'
    currency: EUR
`,
  );
  return path;
}

/**
 * Writes a file of `rows` rows, one a second, every hundredth of them with a price, and every `badEvery`th with a channel
 * that ingest refuses.
 */
export function writeShopFile(
  path: string,
  rows: number,
  { startsAt = Date.UTC(2026, 0, 5), badEvery = Infinity }: { startsAt?: number; badEvery?: number } = {},
): void {
  const lines = ['time,user,channel,price'];
  for (let row = 0; row < rows; row += 1) {
    const time = new Date(startsAt + row * 1_000).toISOString().slice(0, 19).replace('T', ' ');
    const channel = row % badEvery === badEvery - 1 ? 'x'.repeat(129) : `channel-${row % 7}`;
    lines.push(`${time},${row % 997},${channel},${row % 100 === 99 ? '9.90' : ''}`);
  }
  writeFileSync(path, `${lines.join('\n')}\n`);
}
