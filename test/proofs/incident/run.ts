/**
 * `npm run prove:incident [-- --seed N]`: a real fault, the page about it by mail and webhook, its link, its runbook, its end and its
 * report; then a ladder whose process is killed at every step; then Temporal itself is killed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLoadOf } from '../alerts/load.ts';
import { writeRuleFiles } from '../alerts/rule-files.ts';
import { createIncidents, placeOfIncidents } from '../incidents-process.ts';
import type { ProofSection } from '../report.ts';
import { type ProofContext, runProof } from '../run-proof.ts';
import { loseTemporal, startChat } from './chat.ts';
import { climbLadders } from './ladder.ts';
import { POLICY } from './policy.ts';
import { startHook, startMailServer } from './receivers.ts';
import { type Setting, type Step, tellStory } from './story.ts';

/** An hour takes a minute. */
const TIME_SCALE = 60;
const REQUESTS_PER_SECOND = 5;

const directory = mkdtempSync(join(tmpdir(), 'unmogrowp-incident-'));
const alertsDirectory = join(directory, 'alerts');
writeRuleFiles(alertsDirectory, { timeScale: TIME_SCALE, withInhibition: true });
const place = await placeOfIncidents(join(directory, 'incidents'));
const [mail, hook, chat] = await Promise.all([startMailServer(), startHook(), startChat()]);
try {
  const told = { incidentsUrl: place.url, incidentsToken: place.token, chatUrl: chat.url };
  await runProof('incident', { alertsDirectory, told, settings: { TRACE_SAMPLE_RATIO: '1' } }, prove);
} finally {
  await Promise.all([mail.stop(), hook.stop(), chat.stop()]);
  if (process.exitCode === 0) rmSync(directory, { recursive: true, force: true });
}

async function prove({ pipeline, seed, signal, onProgress }: ProofContext): Promise<ProofSection> {
  const variables = {
    ...pipeline.variables,
    SMTP_URL: mail.url,
    SMTP_FROM: 'unmogrowp@example.com',
    PROOF_HOOK_URL: hook.url,
    PROOF_HOOK_SECRET: hook.secret,
  };
  const incidents = createIncidents({ place, variables, policy: POLICY });
  const load = await startLoadOf(pipeline, { requestsPerSecond: REQUESTS_PER_SECOND, seed });
  const scene = { pipeline, load, seed, signal };
  const setting: Setting = { scene, incidents, mail, hook, timeScale: TIME_SCALE, onProgress };
  const steps: Step[] = [];
  const problems: string[] = [];
  const attempt = async (part: () => Promise<Step | Step[]>): Promise<void> => {
    try {
      steps.push(...[await part()].flat());
    } catch (error) {
      if (signal.aborted) throw error;
      problems.push((error as Error).message);
    }
  };
  try {
    await incidents.start();
    await attempt(() => tellStory(setting));
    await attempt(() => climbLadders(setting));
    await attempt(() => loseTemporal(setting, chat));
  } finally {
    await incidents.kill();
    await load.stop();
  }
  return {
    summary: `From a real fault to the report about it, a ladder whose process was killed at every step, and Temporal killed: ${steps.length} steps.`,
    table: {
      columns: ['step', 'after', 'what was seen'],
      rows: steps.map(({ name, afterMs, seen }) => [name, `${(afterMs / 1_000).toFixed(1)} s`, seen]),
    },
    problems,
  };
}
