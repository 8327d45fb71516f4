import { createHash } from 'node:crypto';
import { escapeHtml } from '../html.ts';
import type { IncidentCommandName } from '../types.ts';
import type { AskedCommand } from './commands.ts';

/**
 * The pages behind the links of a message. They hold no script and load nothing; the look is written into them, and its hash is
 * the only one that the browser accepts.
 */
const STYLE = `
:root { color-scheme: light dark; }
body { font: 1.125rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 36rem; padding: 2rem 1rem; }
h1 { font-size: 1.5rem; line-height: 1.25; }
button { background: #1a4fb4; border: 2px solid transparent; border-radius: .5rem; color: #fff; cursor: pointer; font: inherit;
  font-weight: 600; min-height: 3rem; padding: .5rem 1.5rem; }
button:focus-visible { outline: 3px solid #f0a500; outline-offset: 2px; }
.quiet { opacity: .85; }
`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** What every page is sent with: kept nowhere, framed nowhere, and its address, which holds the token, is told to nobody. */
export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-robots-tag': 'noindex',
} as const;

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${body}
</main>
</body>
</html>
`;
}

const paragraph = (text: string, kind = ''): string =>
  `<p${kind === '' ? '' : ` class="${kind}"`}>${escapeHtml(text)}</p>`;

/** Asks whether it is meant: what opens links in mails by itself presses no button. */
export function confirmPage(link: { command: AskedCommand; incidentId: string; title: string | undefined }): string {
  const { command, incidentId, title } = link;
  const what = titleOf(command);
  return page(
    `${what}?`,
    [
      paragraph(title ?? `Incident ${incidentId}`),
      paragraph(`As ${command.actor}. ${MEANINGS[command.name] ?? ''}`),
      `<form method="post"><button type="submit">${escapeHtml(what)}</button></form>`,
      paragraph(`Incident ${incidentId}`, 'quiet'),
    ].join('\n'),
  );
}

/** Says what was done. */
export function donePage(link: { command: AskedCommand; incidentId: string; status: string }): string {
  const { command, incidentId, status } = link;
  return page(
    `Done: ${titleOf(command).toLowerCase()}`,
    [
      paragraph(`The incident is ${status} now.`),
      paragraph(`To see all of it: unmogrowp incident show ${incidentId}`, 'quiet'),
    ].join('\n'),
  );
}

/** Says why nothing was done, and what one can do. */
export function refusedPage(reason: string, canBeTriedAgain: boolean): string {
  return page(
    'Nothing was done',
    [
      paragraph(reason),
      canBeTriedAgain
        ? '<form method="post"><button type="submit">Try again</button></form>'
        : paragraph('Commands work as before: unmogrowp incident list', 'quiet'),
    ].join('\n'),
  );
}

const TITLES: Partial<Record<IncidentCommandName, string>> = { acknowledge: 'Acknowledge', resolve: 'Resolve' };

const MEANINGS: Partial<Record<IncidentCommandName, string>> = {
  acknowledge: 'You look at it: nobody else is told for now.',
  snooze: 'Nobody is told before then; if something still fires then, it begins again.',
  resolve: 'It is over, whatever still fires.',
};

const titleOf = (command: AskedCommand): string =>
  command.name === 'snooze'
    ? `Snooze until ${timeText(command.untilMs)}`
    : (TITLES[command.name] ?? command.name.replaceAll('_', ' '));

/** To the minute, in UTC, as the timeline has it. */
const timeText = (epochMs: number): string => `${new Date(epochMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
