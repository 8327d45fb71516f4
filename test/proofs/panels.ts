/**
 * `npm run prove:panels`: every query of every panel, variable and annotation of every board runs on the real datasources
 * after a seeded workload; through Grafana where GRAFANA_HOME names one. Each query finds something, or its panel says why it
 * is empty in health, and then it finds something when what it waits for has happened.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { type BoardPlan, panelsOf } from '../../dashboards/board.ts';
import { PLANS } from '../../dashboards/boards.ts';
import { BOARDS } from '../../dashboards/links.ts';
import type { Query } from '../../dashboards/queries.ts';
import { type BoardAsker, askDirectly, askThroughGrafana, chosenVariables } from './ask-board.ts';
import type { Shown } from './interpolate.ts';
import { FROZEN, provokeWhatIsRare, sendWhatBoardsShow } from './panel-workload.ts';
import type { ProofSection } from './report.ts';
import { type ProofContext, runProof } from './run-proof.ts';

/** Budgets are recorded every two minutes; Grafana leaves out the step that has not ended, a minute and a half of a day. */
const FOUND_MS_MAX = 150_000;
const POLL_MS = 2_000;
const POINTS = 1_000;
const SCRAPE_SECONDS = 1;
const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

await runProof('panels', { scrapeIntervalMs: SCRAPE_SECONDS * 1_000 }, provePanels);

/** One query, where it stands, and why it may find nothing. */
interface Asked {
  readonly board: string;
  readonly panel: string;
  readonly query: Query;
  readonly plan: BoardPlan;
  readonly interval: string | undefined;
  readonly emptyBecause: string | undefined;
}

interface Finding extends Asked {
  readonly count: number;
  readonly error?: string;
}

async function provePanels(context: ProofContext): Promise<ProofSection> {
  const { pipeline, onProgress } = context;
  const { grafanaUrl } = pipeline;
  const asker = grafanaUrl === undefined ? askDirectly(pipeline) : askThroughGrafana(grafanaUrl, pipeline);
  const load = await sendWhatBoardsShow(context);
  try {
    const all = PLANS.flatMap(queriesOf);
    onProgress(`asking ${all.length} queries of ${PLANS.length} boards through ${asker.way}`);
    const healthy = await untilFound(all, asker, { tenants: ['plain'], awaited: isExpected });
    await provokeWhatIsRare(context);
    const quiet = healthy.filter(({ count, error }) => count === 0 && error === undefined);
    onProgress(`asking the ${quiet.length} queries again that found nothing`);
    const provoked = await untilFound(quiet, asker, { tenants: ['plain', FROZEN], awaited: () => true });
    return sectionOf(healthy, provoked, {
      way: asker.way,
      missing: grafanaUrl === undefined ? [] : await unprovisioned(grafanaUrl),
    });
  } finally {
    load.stop();
  }
}

/** Every query of a board. */
function queriesOf(plan: BoardPlan): Asked[] {
  const { title } = BOARDS[plan.board];
  const asked = (panel: string, query: Query, rest: Partial<Asked> = {}): Asked => ({
    board: title,
    panel,
    query,
    plan,
    interval: undefined,
    emptyBecause: query.emptyBecause,
    ...rest,
  });
  return [
    ...plan.variables.flatMap(({ name, query }) => (query === undefined ? [] : [asked(`variable ${name}`, query)])),
    ...plan.marks.map(({ name, query }) => asked(`marks: ${name}`, query)),
    ...plan.rows.flatMap((row) =>
      panelsOf(row).flatMap(([, { title: panel, queries, expects, interval }]) =>
        queries.map((query) =>
          asked(panel, query, {
            interval,
            emptyBecause: expects.shows === 'nothing' ? expects.because : query.emptyBecause,
          }),
        ),
      ),
    ),
  ];
}

function isExpected({ emptyBecause }: Asked): boolean {
  return emptyBecause === undefined;
}

interface Search {
  /** Whose numbers the boards show: each in turn, until a query finds something. */
  readonly tenants: readonly string[];
  /** Whether a query that finds nothing is asked again: scrapes and spans take their time. */
  readonly awaited: (asked: Asked) => boolean;
}

/** Asks every query until it finds something, or nobody waits for it any longer. */
async function untilFound(all: readonly Asked[], asker: BoardAsker, { tenants, awaited }: Search): Promise<Finding[]> {
  const findings = new Map<Asked, Finding>();
  const choosers = tenants.map((tenant) => chooser(asker, tenant));
  const giveUpAt = performance.now() + FOUND_MS_MAX;
  for (let open = [...all]; open.length > 0;) {
    for (const choose of choosers) {
      for (const each of open) findings.set(each, await ask(each, { asker, choose }));
      open = open.filter((each) => findings.get(each)?.count === 0);
    }
    if (performance.now() > giveUpAt || !open.some(awaited)) break;
    await wait(POLL_MS);
  }
  return all.map((each) => findings.get(each) as Finding);
}

type Choose = (plan: BoardPlan, shown: Shown) => Promise<Shown['variables']>;

/** The values of variables, asked once for each board. */
function chooser(asker: BoardAsker, preferred: string): Choose {
  const chosen = new Map<BoardPlan, Promise<Shown['variables']>>();
  return (plan, shown) => {
    const variables = chosen.get(plan) ?? chosenVariables(asker, plan.variables, { shown, preferred });
    chosen.set(plan, variables);
    return variables;
  };
}

async function ask(asked: Asked, { asker, choose }: { asker: BoardAsker; choose: Choose }): Promise<Finding> {
  try {
    const times = shownOf(asked, Date.now());
    const shown = { ...times, variables: await choose(asked.plan, times) };
    return { ...asked, count: await asker.count(asked.query, shown) };
  } catch (error) {
    return { ...asked, count: 0, error: error instanceof Error ? error.message : String(error) };
  }
}

/** What the board shows when it is opened. */
function shownOf({ plan, interval }: Asked, nowMs: number): Shown {
  const rangeSeconds = secondsOf(plan.from.replace('now-', ''));
  const shortest = interval === undefined ? SCRAPE_SECONDS : secondsOf(interval);
  return {
    variables: {},
    fromMs: nowMs - rangeSeconds * 1_000,
    toMs: nowMs,
    intervalSeconds: Math.max(Math.ceil(rangeSeconds / POINTS), shortest),
    scrapeSeconds: SCRAPE_SECONDS,
  };
}

function secondsOf(text: string): number {
  const [, number, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const seconds = Number(number) * (UNIT_SECONDS[unit ?? ''] ?? Number.NaN);
  if (!(seconds > 0)) throw new Error(`${text} is no time`);
  return seconds;
}

/** Boards that Grafana has not loaded as they are committed. */
async function unprovisioned(url: string): Promise<string[]> {
  const problems = PLANS.map(async ({ board, rows }) => {
    const { uid, title } = BOARDS[board];
    const response = await fetch(`${url}/api/dashboards/uid/${uid}`, { headers: { connection: 'close' } });
    const { dashboard } = (await response.json()) as { dashboard?: { panels: { type: string }[] } };
    const loaded = dashboard?.panels.filter(({ type }) => type !== 'row').length ?? 0;
    const drawn = rows.flatMap((row) => panelsOf(row)).length;
    return loaded === drawn ? [] : [`Grafana shows ${loaded} of the ${drawn} panels of ${title}`];
  });
  return (await Promise.all(problems)).flat();
}

function sectionOf(
  healthy: readonly Finding[],
  provoked: readonly Finding[],
  { way, missing }: { way: string; missing: readonly string[] },
): ProofSection {
  const later = new Map(provoked.map((finding) => [finding.query, finding]));
  const problems = healthy.flatMap((finding) => problemOf(finding, later.get(finding.query)));
  const shown = healthy.filter(({ count }) => count > 0).length;
  const shownLater = provoked.filter(({ count }) => count > 0).length;
  const panels = new Set(healthy.map(({ board, panel }) => `${board}/${panel}`)).size;
  return {
    summary:
      `${healthy.length} queries of ${panels} panels, variables and marks on ${PLANS.length} boards were asked through ${way}: ` +
      `${shown} found data after the workload, ${shownLater} more when what they wait for had happened, ` +
      `${healthy.length - shown - shownLater} found nothing.`,
    table: {
      columns: ['board', 'panel', 'asked', 'found', 'empty in health because'],
      rows: healthy.map((finding) => rowOf(finding, later.get(finding.query))),
    },
    problems: [...problems, ...missing],
  };
}

function problemOf({ board, panel, query, count, error, emptyBecause }: Finding, later: Finding | undefined): string[] {
  const failure = error ?? later?.error;
  if (failure !== undefined) return [`${board}, ${panel}: ${failure} (${query.text})`];
  if (count === 0 && emptyBecause === undefined) return [`${board}, ${panel}: found nothing (${query.text})`];
  if (count > 0 || (later !== undefined && later.count > 0)) return [];
  return [`${board}, ${panel}: found nothing, not even when what it waits for had happened (${query.text})`];
}

function rowOf({ board, panel, query, count, emptyBecause = '' }: Finding, later: Finding | undefined): string[] {
  const found = later !== undefined && later.count > 0 ? `0, then ${later.count}` : String(count);
  return [board, panel, query.datasource, found, count > 0 ? '' : emptyBecause];
}
