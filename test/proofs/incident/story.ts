import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetchTrace } from '../../../otel/jaeger.ts';
import { blocksOf, runBlock } from '../alerts/pages.ts';
import type { LastingFault, Scene } from '../alerts/scenario.ts';
import { SCENARIOS } from '../alerts/list.ts';
import type { IncidentsProcess } from '../incidents-process.ts';
import { runUnmogrowp } from '../pipeline.ts';
import type { Hook, Mail, MailServer } from './receivers.ts';
import { until } from '../until.ts';

const ALERT = 'WindowFailed';
const FAULT = 'table-away';
const PERSON = 'ada';
const TOLD_MS_MAX = 180_000;
const SEEN_MS_MAX = 60_000;
const RESOLVED_MS_MAX = 180_000;
const COMMAND_MS_MAX = 30_000;

/** What the proof works with. */
export interface Setting {
  readonly scene: Scene;
  readonly incidents: IncidentsProcess;
  readonly mail: MailServer;
  readonly hook: Hook;
  readonly timeScale: number;
  readonly onProgress: (text: string) => void;
}

/** One step, and what was seen of it. */
export interface Step {
  readonly name: string;
  /** Since the fault, or since the beginning of whatever the step belongs to. */
  readonly afterMs: number;
  readonly seen: string;
}

/** What of an incident its interface shows, as far as it is looked at here. */
export interface View {
  readonly incident: { readonly incident_id: string; readonly status: string };
  readonly timeline: readonly {
    readonly kind: string;
    readonly actor: string;
    readonly details: Record<string, unknown>;
  }[];
}

/** From a fault of the running pipeline to the report about it, each step by the way that a person would go. */
export async function tellStory(setting: Setting): Promise<Step[]> {
  const { scene, onProgress } = setting;
  const begunAt = Date.now();
  const steps: Step[] = [];
  const note = (name: string, seen: string): void => {
    steps.push({ name, afterMs: Date.now() - begunAt, seen });
    onProgress(`${name}: ${seen}`);
  };
  const scenario = SCENARIOS.find(({ name }) => name === FAULT);
  if (scenario === undefined) throw new Error(`there is no fault ${FAULT}`);
  const fault = await scenario.inject(scene);
  note('fault', scenario.title);
  let isHealed = false;
  const heal = async (): Promise<void> => {
    if (!isHealed) await fault.heal();
    isHealed = true;
  };
  try {
    const page = await readPage(setting, note);
    await followTraces(setting, page, begunAt, note);
    await acknowledge(setting, page, note);
    await mitigate(setting, fault, heal, note);
    await untilResolved(setting, page, note);
    await readReport(setting, page, note);
  } finally {
    await heal();
  }
  return steps;
}

type Note = (name: string, seen: string) => void;

/** What the mail says that a person acts by. */
interface Page {
  readonly incidentId: string;
  readonly traceIds: readonly string[];
  readonly link: string;
  readonly references: string;
}

/** The mail and the webhook tell the same, and it is all on it. */
async function readPage({ scene, mail, hook, incidents }: Setting, note: Note): Promise<Page> {
  const { signal } = scene;
  const isPage = ({ mail: { subject, text } }: Mail): boolean =>
    subject?.startsWith('[warning] ') === true && text?.includes(ALERT) === true;
  const told = await until(
    () => `a mail about ${ALERT}`,
    () => mail.mails.find(isPage),
    { timeoutMs: TOLD_MS_MAX, signal },
  );
  const text = told.mail.text ?? '';
  // For whoever looks at a proof that failed.
  writeFileSync(join(incidents.place.directory, 'page.txt'), text);
  const incidentId = found(text, /incident ([0-9a-f-]{36})/, 'the incident');
  note('mail', `${told.mail.subject ?? ''}, to ${told.recipients.join(', ')}`);
  const notice = await until(
    () => 'a signed webhook of the same incident',
    () => hook.told.find((one) => one.incidentId === incidentId),
    {
      timeoutMs: SEEN_MS_MAX,
      signal,
    },
  );
  if (hook.forged() > 0) throw new Error('a webhook was not signed by its secret');
  note('webhook', `${notice.kind}: ${notice.title}`);
  found(text, /(runbooks\/WindowFailed\.md)/, 'the runbook');
  found(text, /(unmogrowp windows list --state failed)/, 'the first step of the runbook');
  const replay = found(
    text,
    /(unmogrowp replay --tenant \S+ --from \S+ --to \S+[^\n]*--dry-run)/,
    'the command that computes again',
  );
  note('page', replay);
  return {
    incidentId,
    traceIds: tracesOn(text),
    link: found(text, /Acknowledge: (http\S+)/, 'the link that acknowledges'),
    references: String(told.mail.references ?? ''),
  };
}

/** At least one. */
function tracesOn(text: string): string[] {
  found(text, /\/trace\/([0-9a-f]{32})/, 'a trace');
  return [...text.matchAll(/\/trace\/([0-9a-f]{32})/g)].flatMap(([, traceId]) => traceId ?? []);
}

function found(text: string, pattern: RegExp, what: string): string {
  const match = pattern.exec(text)?.[1];
  if (match === undefined) throw new Error(`the page does not name ${what}:\n${text}`);
  return match;
}

/** Every trace on the page is in Jaeger, and the complaints of one of them are in Loki. */
async function followTraces({ scene }: Setting, { traceIds }: Page, begunAt: number, note: Note): Promise<void> {
  const { pipeline, signal } = scene;
  const options = { timeoutMs: SEEN_MS_MAX, signal };
  const isStored = async (traceId: string): Promise<boolean> =>
    ((await fetchTrace(pipeline.stage.env.JAEGER_QUERY_URL, traceId))?.length ?? 0) > 0;
  for (const traceId of traceIds)
    await until(
      () => `trace ${traceId} in Jaeger`,
      async () => ((await isStored(traceId)) ? true : undefined),
      options,
    );
  const lines = await until(
    () => `lines of ${traceIds.join(', ')} in Loki`,
    async () => {
      const query = `{level=~"warn|error"} | trace_id=~"${traceIds.join('|')}"`;
      const linesNow = await pipeline.loki.lines(query, { fromMs: begunAt });
      return linesNow.length > 0 ? linesNow : undefined;
    },
    options,
  );
  note('traces', `${traceIds.length} in Jaeger, ${lines.length} lines of them in Loki`);
}

/** Opening the link presses nothing; its button works once. */
async function acknowledge(setting: Setting, { link, incidentId }: Page, note: Note): Promise<void> {
  const open = async (): Promise<void> => {
    const page = await fetch(link, { headers: { connection: 'close' } });
    if (!page.ok || !(await page.text()).includes('<form')) throw new Error(`the link shows no button: ${page.status}`);
  };
  await open();
  await open();
  const before = await viewOf(setting, incidentId);
  if (before.incident.status !== 'triggered') throw new Error(`opening the link made it ${before.incident.status}`);
  const pressed = await fetch(link, { method: 'POST', headers: { connection: 'close' } });
  const again = await fetch(link, { method: 'POST', headers: { connection: 'close' } });
  if (!pressed.ok || again.ok) throw new Error(`the button answered ${pressed.status}, and again ${again.status}`);
  await untilStatus(setting, incidentId, 'acknowledged', SEEN_MS_MAX);
  note('acknowledged by the link', `opened twice and pressed once; a second press was answered ${again.status}`);
}

/** The cause is mended by hand, the rest by the commands of the runbook. */
async function mitigate(setting: Setting, fault: LastingFault, heal: () => Promise<void>, note: Note): Promise<void> {
  const { scene, timeScale } = setting;
  const words = (await fault.words?.()) ?? {};
  await heal();
  const blocks = blocksOf(ALERT).filter(({ section }) => section === 'Mitigation' || section === 'Verify');
  for (const block of blocks) {
    const { problem } = await runBlock(scene.pipeline, block, {
      timeScale,
      words,
      timeoutMs: COMMAND_MS_MAX,
      signal: scene.signal,
    });
    if (problem !== undefined) throw new Error(`${block.section} ${block.id}: ${problem}`);
  }
  note('mitigated', `${blocks.length} commands of runbooks/${ALERT}.md showed what the page says`);
}

/** Alertmanager tells the end, the hold passes, and whoever was told of the beginning is told of the end. */
async function untilResolved(setting: Setting, { incidentId, references }: Page, note: Note): Promise<void> {
  const { scene, mail } = setting;
  await untilStatus(setting, incidentId, 'resolved', RESOLVED_MS_MAX);
  const end = await until(
    () => 'a mail about its end in the same thread',
    () =>
      mail.mails.find(
        (one) => one.mail.subject?.startsWith('[resolved] ') === true && String(one.mail.references) === references,
      ),
    { timeoutMs: SEEN_MS_MAX, signal: scene.signal },
  );
  note('resolved', end.mail.subject ?? '');
}

async function readReport({ scene, incidents }: Setting, { incidentId, traceIds }: Page, note: Note): Promise<void> {
  const { code, stdout, stderr } = await runUnmogrowp(['incident', 'report', incidentId], {
    ...scene.pipeline.variables,
    ...incidents.variables,
  });
  const missing = ['acknowledged', PERSON, ...traceIds, 'unmogrowp windows'].filter((each) => !stdout.includes(each));
  if (code !== 0 || missing.length > 0) throw new Error(`the report lacks ${missing.join(', ')}:\n${stdout}${stderr}`);
  note('report', `${stdout.split('\n').length} lines`);
}

/** Everything about an incident, as soon as somebody knows it: a process that was just started may not answer yet. */
function viewOf({ incidents, scene }: Setting, incidentId: string): Promise<View> {
  return untilView({ incidents, scene }, incidentId, () => true, SEEN_MS_MAX);
}

/** Everything about an incident when it fits. */
export function untilView(
  { incidents, scene }: Pick<Setting, 'incidents' | 'scene'>,
  incidentId: string,
  fits: (view: View) => boolean,
  timeoutMs: number,
): Promise<View> {
  let last = 'nothing';
  const look = async (): Promise<View | undefined> => {
    const response = await incidents.ask(`/v1/incidents/${incidentId}`);
    const text = await response.text();
    last = `${response.status} ${text}`;
    if (!response.ok) return undefined;
    const view = JSON.parse(text) as View;
    return fits(view) ? view : undefined;
  };
  return until(() => `incident ${incidentId} is not as it has to be, but ${last}`, look, {
    timeoutMs,
    signal: scene.signal,
  });
}

const untilStatus = (setting: Setting, incidentId: string, status: string, timeoutMs: number): Promise<View> =>
  untilView(setting, incidentId, ({ incident }) => incident.status === status, timeoutMs);
