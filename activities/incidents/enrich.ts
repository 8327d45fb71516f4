import { replayCommands, type ReplayRange } from '../../incidents/page/replay-commands.ts';
import { bounded } from '../../incidents/page/bounds.ts';
import { oneLine, webAddress } from '../../incidents/page/text.ts';
import type {
  AlertDetails,
  Page,
  PageAlert,
  PageLink,
  PageReplay,
  PageRequest,
  PageRunbook,
  PageWindow,
  PageWindows,
  Part,
} from '../../incidents/page/types.ts';
import type { LokiAddress } from '../../otel/loki.ts';
import type { PostgresPool } from '../../postgres/pool.ts';
import type { WindowClient } from '../client.ts';
import { toIso } from '../window-range.ts';
import { createFindChanges, createFindStarts } from './enrich-changes.ts';
import { createFindLogLines } from './enrich-logs.ts';
import { gather } from './enrich-part.ts';
import { readFirstSteps, withVariables } from './enrich-runbook.ts';
import { createFindTraces } from './enrich-traces.ts';
import { createFindAffectedWindows, createFindRangeSinceAlert, dataOfAlerts, rangesOf } from './enrich-windows.ts';

/** What pages are gathered with: clients and addresses, any of which may be away. */
export interface EnrichDependencies {
  /** Without one there are no traces. */
  readonly prometheusUrl: string | undefined;
  readonly loki: LokiAddress | undefined;
  readonly jaegerUrl: string;
  readonly postgres: PostgresPool;
  /** Where the windows live: the task queue of the pipeline, not of incidents. */
  readonly windows: WindowClient;
  readonly nowMs: () => number;
  readonly onError: (thrown: unknown) => void;
}

/** Lines of the log wait for the traces; everything else is asked at once. */
const TRACES_MS_MAX = 4_000;
const PART_MS_MAX = 3_000;
const ALERTS_MAX = 5;
const LABELS_MAX = 8;
const WINDOWS_MAX = 10;
const TITLE_CHARACTERS_MAX = 200;
const DESCRIPTION_CHARACTERS_MAX = 300;
const URL_CHARACTERS_MAX = 500;
const LABEL_CHARACTERS_MAX = 100;

/**
 * Makes what gathers everything that whoever is woken needs. It never fails, and takes seven seconds at most: what is away is
 * on the page as a reason.
 */
export function createEnrich(dependencies: EnrichDependencies): (request: PageRequest) => Promise<Page> {
  const { nowMs, onError } = dependencies;
  const findTraces = createFindTraces(dependencies);
  const findLogLines = createFindLogLines(dependencies);
  const findStarts = createFindStarts(dependencies);
  const findChanges = createFindChanges(dependencies);
  const findAffectedWindows = createFindAffectedWindows({ client: dependencies.windows, timeoutMs: PART_MS_MAX });
  const findRangeSinceAlert = createFindRangeSinceAlert(dependencies);
  const part = <Value>(look: (signal: AbortSignal) => Promise<Value>): Promise<Part<Value>> =>
    gather(PART_MS_MAX, look, onError);

  /** Log lines are looked for by the traces, so these two come one after the other. */
  async function findCauses(request: PageRequest, atMs: number): Promise<Pick<Page, 'traces' | 'logs'>> {
    const traces = await gather(TRACES_MS_MAX, (signal) => findTraces(request, atMs, signal), onError);
    const found = traces.state === 'found' ? traces.value : [];
    return { traces, logs: await part((signal) => findLogLines(request, found, atMs, signal)) };
  }

  async function findNumbers(request: PageRequest, atMs: number): Promise<Pick<Page, 'windows' | 'replay'>> {
    const found = await part(() => findAffectedWindows(request, atMs));
    const scopes = new Set(dataOfAlerts(request).map(({ replay }) => replay));
    if (!scopes.has('affected') && !scopes.has('since_alert')) return { windows: shown(found), replay: null };
    const affected = found.state === 'found' ? rangesOf(found.value) : [];
    const asksAll = affected.length === 0 && scopes.has('since_alert');
    const ranges = asksAll ? await part(() => findRangeSinceAlert(request, atMs)) : withRanges(found, affected);
    return { windows: shown(found), replay: replayOf(request, ranges, asksAll ? 'since_alert' : 'affected') };
  }

  return async function enrich(request) {
    const atMs = nowMs();
    const [causes, numbers, starts, changes, runbook] = await Promise.all([
      findCauses(request, atMs),
      findNumbers(request, atMs),
      part((signal) => findStarts(atMs, signal)),
      part(() => findChanges(request, atMs)),
      part(() => readFirstSteps(request)),
    ]);
    return bounded({
      version: 1,
      ...headOf(request),
      gatheredAtMs: atMs,
      ...causes,
      ...numbers,
      starts,
      changes,
      runbook: runbookOf(request, runbook, numbers.windows),
    });
  };
}

/** What is known without asking anybody. */
function headOf(request: PageRequest) {
  const { alerts, alertsFiring, title, ...facts } = request;
  const firingFirst = alerts.toSorted(
    (left, right) =>
      Number(left.status === 'resolved') - Number(right.status === 'resolved') || left.startsAtMs - right.startsAtMs,
  );
  return {
    ...facts,
    title: oneLine(title, TITLE_CHARACTERS_MAX),
    alerts: firingFirst.slice(0, ALERTS_MAX).map(alertOf),
    alertsLeftOut: Math.max(alertsFiring, alerts.length) - Math.min(alerts.length, ALERTS_MAX),
    links: linksOf(firingFirst),
  };
}

/** What every alert has, and what stands elsewhere on the page. */
const SHOWN_ELSEWHERE = new Set(['alertname', 'severity']);

function alertOf({ labels, annotations, status, startsAtMs }: AlertDetails): PageAlert {
  const told = Object.entries(labels).filter(([label]) => !SHOWN_ELSEWHERE.has(label));
  return {
    name: oneLine(labels['alertname'] ?? 'alert', LABEL_CHARACTERS_MAX),
    status,
    startsAtMs,
    description: oneLine(annotations['description'] ?? annotations['summary'] ?? '', DESCRIPTION_CHARACTERS_MAX),
    labels: Object.fromEntries(
      told
        .slice(0, LABELS_MAX)
        .map(([label, value]) => [oneLine(label, LABEL_CHARACTERS_MAX), oneLine(value, LABEL_CHARACTERS_MAX)]),
    ),
  };
}

const LINKS = [
  ['Runbook', 'runbook_url'],
  ['Panel', 'panel_url'],
  ['Board', 'dashboard_url'],
] as const;

/** The pages that alerts name, each once: those of the first alert that has them. */
function linksOf(alerts: readonly AlertDetails[]): PageLink[] {
  const named = LINKS.map(([title, annotation]) => ({
    title,
    url: firstOf(alerts.map(({ annotations }) => annotations[annotation])),
  }));
  const source = { title: 'Source', url: firstOf(alerts.map(({ generatorUrl }) => generatorUrl)) };
  return [...named, source].flatMap(({ title, url }) => (url === undefined ? [] : [{ title, url }]));
}

const firstOf = (urls: readonly (string | undefined)[]): string | undefined =>
  urls.map(webAddress).find((url) => url !== undefined && url.length <= URL_CHARACTERS_MAX);

function shown(found: Part<readonly PageWindow[]>): Part<PageWindows> {
  if (found.state === 'unavailable') return found;
  const windows = found.value.slice(0, WINDOWS_MAX);
  return { state: 'found', value: { windows, leftOut: found.value.length - windows.length } };
}

/** Without the windows nobody knows which ones to compute. */
const withRanges = (found: Part<unknown>, ranges: readonly ReplayRange[]): Part<readonly ReplayRange[]> =>
  found.state === 'unavailable' ? found : { state: 'found', value: ranges };

const replayOf = (
  { incidentId }: PageRequest,
  ranges: Part<readonly ReplayRange[]>,
  scope: PageReplay['scope'],
): Part<PageReplay> =>
  ranges.state === 'unavailable' ? ranges : { state: 'found', value: replayCommands(incidentId, ranges.value, scope) };

function runbookOf(
  { tenant }: PageRequest,
  runbook: Part<PageRunbook | undefined>,
  windows: Part<PageWindows>,
): Part<PageRunbook> {
  if (runbook.state === 'unavailable') return runbook;
  if (runbook.value === undefined) return { state: 'unavailable', reason: 'no page has the name of the alert' };
  const first = windows.state === 'found' ? windows.value.windows[0] : undefined;
  const known = {
    TENANT: tenant === 'platform' ? first?.tenant : tenant,
    WINDOW: first === undefined ? undefined : toIso(first.windowStartMs),
  };
  return { state: 'found', value: withVariables(runbook.value, known) };
}
