import { UnmogrowpError } from '../errors.ts';
import { loadSettings } from '../postgres/settings.ts';
import type { RunSummary, WindowActivities } from './contract.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { withHeartbeat } from './heartbeat.ts';
import { lossesOfWindow } from './ledger-losses.ts';
import { keyOf } from './load-window.ts';
import {
  type Run,
  countRunCredits,
  insertRun,
  readCurrentPublication,
  readExpectedTotals,
  readRun,
  readRunTotals,
} from './run-queries.ts';
import { currentTraceId } from './trace-id.ts';
import { summarize, totalsProblems } from './verify-totals.ts';

/**
 * Compares the credits of a run with the events they are of, under the same cut-off, and asks the ledger whether events of
 * the window got lost; records the run with what it counted. A run that differs, or lacks events, is recorded as
 * inconsistent and refused; one that equals the publication is unchanged.
 */
export function createVerifyRun(dependencies: ActivityDependencies): WindowActivities['verifyRun'] {
  const { clickhouse, postgres, codeVersion } = dependencies;

  /** What was published and has lost credits since is not the same, though its record is. */
  async function isSameAsPublished(run: Run, publishedRunId: string | undefined): Promise<boolean> {
    if (publishedRunId === undefined) return false;
    const key = { ...keyOf(run), runId: publishedRunId };
    const [published] = await readRun(clickhouse, key);
    const isSame =
      published !== undefined &&
      published.checksum === run.checksum &&
      published.credits === run.credits &&
      published.conversions === run.conversions &&
      published.settingsVersion === run.settingsVersion;
    if (!isSame) return false;
    const [kept] = await countRunCredits(clickhouse, key);
    return kept?.credits === published.credits;
  }

  return async function verifyRun(input) {
    const { window, runId, cutoff, reason, settingsVersion, startedAtMs, finishedAtMs, replayId = '' } = input;
    const { settings } = await loadSettings(postgres, window.tenantId, settingsVersion);
    const [[current], totals, expected, losses] = await withHeartbeat(undefined, (signal) =>
      Promise.all([
        readCurrentPublication(clickhouse, keyOf(window), { signal }),
        readRunTotals(clickhouse, { ...keyOf(window), runId }, { signal }),
        readExpectedTotals(
          clickhouse,
          {
            ...keyOf(window),
            windowEndMs: window.windowEndMs,
            cutoff: { ...cutoff },
            conversionNames: settings.conversion_names,
          },
          { signal },
        ),
        lossesOfWindow(dependencies, window, { signal }),
      ]),
    );
    const counts = summarize(totals);
    const run: Run = {
      ...window,
      ...counts,
      runId,
      state: 'computed',
      reason,
      settingsVersion,
      settings: JSON.stringify(settings),
      cutoff: { ...cutoff },
      codeVersion,
      traceId: currentTraceId(),
      startedAtMs,
      finishedAtMs,
      replayId,
      conversionsAttributed: counts.conversions - counts.conversionsOrganic,
    };
    const problems = totalsProblems(settings.models, totals, expected);
    if (problems.length > 0 || losses.length > 0) {
      await insertRun(clickhouse, { ...run, state: 'inconsistent' });
      const message = [
        ...(problems.length === 0 ? [] : ['The credits do not add up:', ...problems]),
        ...(losses.length === 0
          ? []
          : ['Events that may belong to the window got lost, by hour of receipt:', ...losses]),
      ];
      throw new UnmogrowpError('run_inconsistent', message.join('\n'), { context: { run_id: runId } });
    }
    const isUnchanged = await isSameAsPublished(run, current?.runId);
    await insertRun(clickhouse, { ...run, state: isUnchanged ? 'unchanged' : 'computed' });
    return { ...summaryOf(run), isUnchanged, publicationVersion: current?.version ?? 0 };
  };
}

function summaryOf(run: Run): RunSummary {
  const { runId, conversions, conversionsAttributed, conversionsOrganic, touchpoints, credits } = run;
  const durationMs = run.finishedAtMs - run.startedAtMs;
  return { runId, conversions, conversionsAttributed, conversionsOrganic, touchpoints, credits, durationMs };
}
