import { readdirSync, writeFileSync } from 'node:fs';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { livesOfContacts, livesOfHeartbeats, livesOfIncidents } from '../incidents/lives-of-incidents.ts';
import { HISTORIES } from './histories.ts';
import type { History, Life } from './lives.ts';
import { livesOfLedgers, livesOfPages } from './lives-of-pages.ts';
import { livesOfReplays } from './lives-of-replays.ts';
import { livesOfWindows } from './lives-of-windows.ts';
import { quietRuntime } from './time-skipping.ts';

/**
 * Records one more history of each life in workflows/histories, on the Temporal at TEMPORAL_ADDRESS:
 * `npx node test/windows/record-histories.ts [names…]`. Do it when a workflow has got a new way to go. Older histories stay
 * for as long as a workflow of their time may be under way.
 */
quietRuntime();
const wanted = process.argv.slice(2);
const lives: readonly Life[] = [
  ...livesOfWindows,
  ...livesOfPages,
  ...livesOfLedgers,
  ...livesOfReplays,
  ...livesOfIncidents,
  ...livesOfHeartbeats,
  ...livesOfContacts,
];
const environment = await TestWorkflowEnvironment.createFromExistingServer({
  address: process.env['TEMPORAL_ADDRESS'] ?? '127.0.0.1:7233',
});
try {
  for (const life of lives) {
    for (const [name, history] of Object.entries(await life(environment))) write(name, history);
  }
} finally {
  await environment.teardown();
}
process.exit(0);

function write(name: string, history: History): void {
  if (wanted.length > 0 && !wanted.includes(name)) return;
  // Which process on which machine recorded it, and from which folder, is nobody's business.
  const json = historyToJSON(history)
    .replaceAll(/"identity": "[^"]*"/g, '"identity": "recorder"')
    .replaceAll(/"name": "\d+@[^"]*"/g, '"name": "recorder"')
    .replaceAll(/"stackTrace": "(?:[^"\\]|\\.)*"/g, '"stackTrace": ""');
  const earlier = readdirSync(HISTORIES).filter((file) => file.replace(/-\d+\.json$/, '') === name);
  const file = `${name}-${earlier.length + 1}.json`;
  writeFileSync(new URL(file, HISTORIES), `${json}\n`);
  process.stdout.write(`workflows/histories/${file}\n`);
}
