import { block, code, counted, durationText, minuteText, momentText, oneLine, prose, shellWord } from './text.ts';
import type { Page, PageAlert, PageLogs, PageReplay, PageRunbook, PageTrace, PageWindows, Part } from './types.ts';

const TITLE_CHARACTERS_MAX = 140;

/** What a notice says. */
export interface RenderedPage {
  /** One line, without markup. */
  readonly title: string;
  /** Plain text that is Markdown as well. */
  readonly text: string;
}

/** A page as whoever is woken reads it on a phone: the most important first, each heading with what is under it. */
export function renderPage(page: Page): RenderedPage {
  const sections = [
    headOf(page),
    linksOf(page),
    section('What the traces say', page.traces, (traces) => tracesOf(traces, page)),
    section('What the log says', page.logs, logsOf),
    changesOf(page),
    section('First steps of the runbook', page.runbook, runbookOf),
    page.replay === null
      ? ''
      : section('When the cause is gone, compute again', page.replay, (replay) => replayOf(replay, page)),
    section('Affected windows', page.windows, (windows) => windowsOf(windows, page)),
    `Gathered ${minuteText(page.gatheredAtMs)} UTC. More: ${code(`unmogrowp incident show ${page.incidentId}`)}`,
  ];
  return { title: titleOf(page), text: sections.filter((text) => text !== '').join('\n\n') };
}

/** The line that is all a locked phone shows; how bad it is stands before it. */
function titleOf({ tenant, title }: Page): string {
  return oneLine(tenant === 'platform' ? title : `${tenant}: ${title}`, TITLE_CHARACTERS_MAX);
}

function headOf(page: Page): string {
  const { severity, urgency, tenant, openedAtMs, gatheredAtMs, alerts, alertsLeftOut } = page;
  const since = Math.min(openedAtMs, ...alerts.map(({ startsAtMs }) => startsAtMs));
  const whose = tenant === 'platform' ? 'the platform' : `tenant ${code(tenant)}`;
  const head = `**${severity}**, ${urgency} urgency, ${whose}, since ${minuteText(since)} UTC (${durationText(gatheredAtMs - since)})`;
  const rest = alertsLeftOut === 0 ? [] : [`- and ${counted(alertsLeftOut, 'more alert')}`];
  return [head, '', ...alerts.map((alert) => alertLine(alert, page)), ...rest].join('\n').trimEnd();
}

function alertLine({ name, status, description, labels, startsAtMs }: PageAlert, page: Page): string {
  const told = Object.entries(labels).filter(([label, value]) => label !== 'tenant' || value !== page.tenant);
  const pairs = told.map(([label, value]) => code(`${label}=${value}`));
  const ended = status === 'resolved' ? ' (has ended)' : '';
  const words = [prose(description), pairs.length === 0 ? '' : `(${pairs.join(' ')})`].filter((text) => text !== '');
  return `- ${code(name)}${ended} since ${momentText(startsAtMs, page.gatheredAtMs)}: ${words.join(' ')}`.replace(
    /: $/,
    '',
  );
}

const linksOf = ({ links }: Page): string => links.map(({ title, url }) => `- ${prose(title)}: ${url}`).join('\n');

/** A heading with what was found, in one line when there is nothing to show. */
function section<Value>(title: string, part: Part<Value>, show: (value: Value) => string): string {
  const shown = part.state === 'found' ? show(part.value) : `not available: ${prose(part.reason)}`;
  return shown.includes('\n') || shown.startsWith('- ') ? `**${title}**\n${shown}` : `**${title}:** ${shown}`;
}

function tracesOf(traces: readonly PageTrace[], { gatheredAtMs }: Page): string {
  if (traces.length === 0) return 'no measurement of this time names a trace';
  return traces
    .map(({ url, atMs, measured, story }) => {
      const words = [story, measured].filter((text) => text !== '').map(prose);
      return `- ${momentText(atMs, gatheredAtMs)} ${words.join('; ')}\n  ${url}`;
    })
    .join('\n');
}

function logsOf({ query, scope, top }: PageLogs): string {
  const whose = scope === 'traces' ? 'lines of these traces' : 'all errors of this time';
  const counted = top.map(({ lines, service, message, code: errorCode }) => {
    const suffix = errorCode === '' ? '' : ` (${code(errorCode)})`;
    return `- ${lines} × ${code(service)}: ${prose(message)}${suffix}`;
  });
  const none = scope === 'traces' ? 'no warning and no error in these traces' : 'no error in this time';
  return [...(top.length === 0 ? [`- ${none}`] : counted), '', `${whose}, in Loki:`, block('logql', query)].join('\n');
}

function changesOf({ starts, changes, openedAtMs, gatheredAtMs }: Page): string {
  const found = [starts, changes].flatMap((part) => (part.state === 'found' ? part.value : []));
  const told = found
    .toSorted((left, right) => right.atMs - left.atMs)
    .map(({ atMs, text }) => `- ${momentText(atMs, gatheredAtMs)} (${beforeText(openedAtMs - atMs)}): ${prose(text)}`);
  const missing = [
    ...(starts.state === 'found' ? [] : [`- starts of processes not available: ${prose(starts.reason)}`]),
    ...(changes.state === 'found' ? [] : [`- replays and settings not available: ${prose(changes.reason)}`]),
  ];
  if (told.length + missing.length === 0) return '**Changed before it:** nothing that is known';
  return ['**Changed before it**', ...told, ...missing].join('\n');
}

const beforeText = (beforeMs: number): string =>
  beforeMs >= 0 ? `${durationText(beforeMs)} before` : `${durationText(-beforeMs)} after`;

function windowsOf({ windows, leftOut }: PageWindows, { gatheredAtMs }: Page): string {
  if (windows.length === 0) return 'none that is known';
  const shown = windows.map(
    ({ tenant, windowStartMs, windowEndMs, state }) =>
      `- ${code(tenant)} ${momentText(windowStartMs, gatheredAtMs)} to ${momentText(windowEndMs, windowStartMs)}: ${prose(state)}`,
  );
  return [...shown, ...(leftOut === 0 ? [] : [`- and ${leftOut} more`])].join('\n');
}

function runbookOf({ variables, steps, leftOut }: PageRunbook): string {
  const known = Object.entries(variables).map(([name, value]) => `${name}=${shellWord(value)}`);
  const shown = steps.flatMap(({ language, text, expected }, index) => {
    // In a shell the variables stand before the first command that may need them.
    const set = index === 0 && language === 'sh' ? known : [];
    // The page is ours, and its words are Markdown already.
    return [block(language, [...set, text].join('\n')), expected];
  });
  const apart = steps[0]?.language === 'sh' || known.length === 0 ? [] : [block('sh', known.join('\n'))];
  return [...apart, ...shown, ...(leftOut === 0 ? [] : [`${counted(leftOut, 'more command')} on its page`])]
    .filter((text) => text !== '')
    .join('\n');
}

const REPLAY_SCOPES = {
  affected: 'The windows that are known to be wrong; it computes and publishes nothing yet:',
  since_alert: 'No window is known to be wrong; these are all since the alert began. It publishes nothing yet:',
} as const;

function replayOf({ commands, scope }: PageReplay, { incidentId }: Page): string {
  if (commands.length === 0) return 'no window is known to be wrong';
  const link = code(`unmogrowp incident link-replay ${incidentId}`);
  const next = `Then ${code('unmogrowp replay diff')} and ${code('unmogrowp replay publish')} with its id, and ${link} with it too.`;
  return [REPLAY_SCOPES[scope], block('sh', commands.join('\n')), next].join('\n');
}
