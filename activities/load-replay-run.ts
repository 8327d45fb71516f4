import type { Cutoff } from '../events/cutoff.ts';
import { UnmogrowpError } from '../errors.ts';
import { type Replay, isCancelled, loadReplay } from '../postgres/replays.ts';
import { settingsVersionOf } from '../postgres/settings.ts';
import type { WindowKey } from './contract.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { keyOf } from './load-window.ts';
import type { WindowReplayActivities } from './replay-contract.ts';
import { readCutoffAt, readPublicationAt, readReplayRun } from './replay-queries.ts';
import { readCurrentPublication } from './run-queries.ts';

/** What a replay wants of a window, and whether that has happened already. */
export function createLoadReplayRun(dependencies: ActivityDependencies): WindowReplayActivities['loadReplayRun'] {
  const { clickhouse, postgres } = dependencies;
  return async function loadReplayRun({ replayId, window }) {
    const [replay, [recorded], [current]] = await Promise.all([
      loadReplay(postgres, replayId),
      readReplayRun(clickhouse, { replayId, windowStartMs: window.windowStartMs }),
      readCurrentPublication(clickhouse, keyOf(window)),
    ]);
    const { cutoff, settingsVersion } = await sightOf(dependencies, replay, window, current?.settingsVersion ?? null);
    return {
      ended: recorded?.state ?? (isCancelled(replay) ? 'withdrawn' : null),
      isDryRun: replay.is_dry_run,
      settingsVersion,
      cutoff,
      base: current === undefined ? null : { version: current.version, runId: current.runId },
    };
  };
}

/**
 * By which settings and up to which cut-off. As of a moment it is what the publication of that moment had; a window that
 * had none then gets what the sink had brought by then, and the settings of then.
 */
async function sightOf(
  { clickhouse, postgres }: ActivityDependencies,
  replay: Replay,
  window: WindowKey,
  publishedVersion: number | null,
): Promise<{ settingsVersion: number; cutoff: Cutoff | null }> {
  const { settings_version: version, as_of: asOf } = replay;
  const { tenantId, windowStartMs } = window;
  if (asOf === null) {
    const kept = { tenantId, windowStartMs, publishedVersion };
    return { settingsVersion: version ?? (await settingsVersionOf(postgres, kept)), cutoff: null };
  }
  const at = { atMs: asOf.getTime() };
  const [published] = await readPublicationAt(clickhouse, { tenantId, windowStartMs, ...at });
  if (published !== undefined) {
    return { settingsVersion: version ?? published.settingsVersion, cutoff: published.cutoff };
  }
  const [known] = await readCutoffAt(clickhouse, at);
  if (known === undefined) {
    throw new UnmogrowpError('replay_invalid', `Nothing is recorded of what was known at ${asOf.toISOString()}`);
  }
  const then = { tenantId, windowStartMs, publishedVersion: null, knownAt: asOf };
  return { settingsVersion: version ?? (await settingsVersionOf(postgres, then)), cutoff: known.cutoff };
}
