import { block, code, durationText, minuteText, oneLine, prose, shellWord } from '../page/text.ts';
import type { Page, PageWindow } from '../page/types.ts';
import type { IncidentRecord } from '../stored.ts';
import { detailsOf } from '../timeline-details.ts';
import type { TimelineEntry, TimelineKind } from '../types.ts';
import { type Milestones, milestonesOf } from './durations.ts';
import { NOTICE_WORDS, afterText, entryText } from './entry-text.ts';

/** A replay that somebody linked to the incident. */
export interface ReportReplay {
  readonly replayId: string;
  readonly tenant: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** A dry run that nobody has published changes no number. */
  readonly isPublished: boolean;
  /** As `unmogrowp replay show` names it. */
  readonly state: string;
}

/** Everything that is known of an incident, as it was stored. */
export interface ReportInput {
  readonly incident: IncidentRecord;
  /** The oldest first. */
  readonly entries: readonly TimelineEntry[];
  /** What was gathered, each time; none when nothing was. */
  readonly pages: readonly Page[];
  readonly replays: readonly ReportReplay[];
  readonly writtenAtMs: number;
}

const CELL_CHARACTERS_MAX = 300;
const NOTHING = 'None that is known.';

/** The draft of a postmortem in Markdown: what is known is filled in, and what only people know is asked for. */
export function toReport(input: ReportInput): string {
  const { incident, entries } = input;
  const milestones = milestonesOf(incident.openedAtMs, entries);
  const sections = [
    `# ${prose(oneLine(incident.title, CELL_CHARACTERS_MAX))}`,
    `_Draft of ${minuteText(input.writtenAtMs)} UTC, made from the timeline. All times are UTC._`,
    ['## Summary', '', ...summaryOf(input, milestones)].join('\n'),
    ['## Durations', '', ...durationsOf(milestones, input.writtenAtMs)].join('\n'),
    ['## Timeline', '', ...timelineOf(input)].join('\n'),
    ['## Who was told', '', ...noticesOf(input)].join('\n'),
    ['## Traces', '', ...tracesOf(input)].join('\n'),
    ['## Commands', '', ...commandsOf(input)].join('\n'),
    ['## Affected windows', '', ...windowsOf(input)].join('\n'),
    ...QUESTIONS.map(([title, question]) => `## ${title}\n\n_${question}_`),
  ];
  return `${sections.join('\n\n')}\n`;
}

/** What no machine knows. */
const QUESTIONS = [
  ['Impact', 'Who noticed it, and what did they see?'],
  ['Causes', 'What made it possible, and what set it off?'],
  ['What went well, and what did not', 'Was it found, told and mended as it should be?'],
  ['Follow-ups', 'What is done so that it does not happen again, by whom and until when?'],
] as const;

function summaryOf({ incident, pages }: ReportInput, { resolvedAtMs }: Milestones): string[] {
  const { incidentId, tenant, severity, urgency, status, policyVersion, previousIncidentId } = incident;
  const descriptions = pages.flatMap(({ alerts }) => alerts.map(({ description }) => description));
  return [
    `- incident ${code(incidentId)}, ${tenant === 'platform' ? 'of the platform' : `tenant ${code(tenant)}`}`,
    `- ${severity}, ${urgency} urgency; ${resolvedAtMs === undefined ? `not over: ${status}` : status}`,
    `- policy of version ${code(policyVersion)}`,
    ...(previousIncidentId === null ? [] : [`- the same alerts before: incident ${code(previousIncidentId)}`]),
    ...[...new Set(descriptions)]
      .filter((text) => text !== '')
      .slice(0, 5)
      .map((text) => `- ${prose(text)}`),
  ];
}

function durationsOf(milestones: Milestones, writtenAtMs: number): string[] {
  const { openedAtMs, toldAtMs, acknowledgedAtMs, mitigatedAtMs, resolvedAtMs } = milestones;
  const row = (name: string, atMs: number | undefined): string[] =>
    atMs === undefined
      ? [name, '', `not within ${durationText(writtenAtMs - openedAtMs)}`]
      : [name, minuteText(atMs), durationText(atMs - openedAtMs)];
  return table(
    ['until', 'at', 'after'],
    [
      row('somebody was reached', toldAtMs),
      row('acknowledged', acknowledgedAtMs),
      row('mitigated', mitigatedAtMs),
      row('resolved', resolvedAtMs),
    ],
  );
}

const timelineOf = ({ incident, entries }: ReportInput): string[] =>
  table(
    ['time', 'after', 'who', 'what'],
    entries.map((entry) => [
      minuteText(entry.atMs),
      afterText(incident.openedAtMs, entry.atMs),
      prose(entry.actor),
      entryText(entry),
    ]),
  );

/** Each notice once, with what became of it at each contact. */
function noticesOf({ entries }: ReportInput): string[] {
  const told = entries.filter(({ kind }) => kind === 'notified' || kind === 'notice_failed');
  if (told.length === 0) return ['Nobody.'];
  return table(
    ['time', 'contact', 'by', 'what', 'outcome', 'took'],
    told.map((entry) => {
      const {
        contact = '?',
        channel = '',
        kind = 'page',
        createdAtMs,
        code: errorCode = '?',
      } = detailsOf(entry, 'notice_failed');
      return [
        minuteText(entry.atMs),
        prose(contact),
        channel,
        NOTICE_WORDS[kind],
        entry.kind === 'notified' ? 'sent' : `failed: ${prose(errorCode)}`,
        createdAtMs === undefined ? '' : durationText(entry.atMs - createdAtMs),
      ];
    }),
  );
}

function tracesOf({ pages }: ReportInput): string[] {
  const found = pages.flatMap(({ traces }) => (traces.state === 'found' ? traces.value : []));
  const once = [...new Map(found.map((trace) => [trace.traceId, trace])).values()];
  if (once.length === 0) return [NOTHING];
  return once.map(({ traceId, url, atMs, measured, story }) => {
    const words = [story, measured].filter((text) => text !== '').map(prose);
    return `- [${code(traceId)}](${url}) ${minuteText(atMs)}: ${words.join('; ')}`;
  });
}

/** What people did to the incident; what else they typed nobody knows. */
const COMMANDS: ReadonlySet<TimelineKind> = new Set([
  'acknowledged',
  'unacknowledged',
  'snoozed',
  'escalated',
  'reassigned',
  'noted',
  'merged',
  'replay_linked',
  'resolved',
]);

function commandsOf({ entries, pages }: ReportInput): string[] {
  const done = entries.filter((entry) => COMMANDS.has(entry.kind) && entry.actor !== 'platform');
  const lines = done.map((entry) => `- ${minuteText(entry.atMs)} ${prose(entry.actor)}: ${entryText(entry)}`);
  const advised = [...new Set(pages.flatMap(advisedBy))];
  const advice = advised.length === 0 ? [] : ['', 'The page advised:', '', block('sh', advised.join('\n'))];
  const asked = ['', '_Add what was typed beside that._'];
  return [...(lines.length === 0 ? ['Nobody gave the incident a command.'] : lines), ...advice, ...asked];
}

/** What a page gave to paste: the shell commands of the runbook, and how to compute again. */
function advisedBy({ runbook, replay }: Page): string[] {
  const steps =
    runbook.state === 'found'
      ? [
          ...Object.entries(runbook.value.variables).map(([name, value]) => `${name}=${shellWord(value)}`),
          ...runbook.value.steps.filter(({ language }) => language === 'sh').map(({ text }) => text),
        ]
      : [];
  return [...steps, ...(replay?.state === 'found' ? replay.value.commands : [])];
}

function windowsOf({ pages, replays }: ReportInput): string[] {
  const found = pages.flatMap(({ windows }) => (windows.state === 'found' ? windows.value.windows : []));
  const once = [...new Map(found.map((each) => [`${each.tenant} ${each.windowStartMs}`, each])).values()];
  const leftOut = Math.max(0, ...pages.map(({ windows }) => (windows.state === 'found' ? windows.value.leftOut : 0)));
  const rows = once.map((each) => [
    code(each.tenant),
    `${minuteText(each.windowStartMs)} to ${minuteText(each.windowEndMs)}`,
    prose(each.state),
    replayedText(each, replays),
  ]);
  return [
    ...(rows.length === 0 ? [NOTHING] : table(['tenant', 'window', 'was', 'replayed'], rows)),
    ...(leftOut === 0 ? [] : ['', `${leftOut} more are not listed here.`]),
    ...replaysOf(replays),
  ];
}

function replayedText({ tenant, windowStartMs }: PageWindow, replays: readonly ReportReplay[]): string {
  const over = replays.filter(
    (replay) => replay.tenant === tenant && replay.fromMs <= windowStartMs && windowStartMs < replay.toMs,
  );
  const published = over.find(({ isPublished }) => isPublished);
  if (published !== undefined) return `by ${code(published.replayId)}`;
  return over[0] === undefined ? '**no**' : `**not published**: ${code(over[0].replayId)}`;
}

function replaysOf(replays: readonly ReportReplay[]): string[] {
  if (replays.length === 0) return ['', 'No replay was linked.'];
  const lines = replays.map(
    ({ replayId, tenant, fromMs, toMs, isPublished, state }) =>
      `- replay ${code(replayId)} of ${code(tenant)}, ${minuteText(fromMs)} to ${minuteText(toMs)}: ${isPublished ? 'published' : `not published, ${prose(state)}`}`,
  );
  return ['', ...lines];
}

/** Rows of a table in Markdown: no cell can end its row. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => oneLine(cell, CELL_CHARACTERS_MAX)).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
