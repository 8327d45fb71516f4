import { asksForAnswer } from '../contact/order.ts';
import { escapeHtml } from '../html.ts';
import type { ActionLinks, Message, MessagePart } from './port.ts';
import { acknowledgeCommand, headline, headlineOfPart, oneLine, origin } from './words.ts';

/** Of a bundle the first ones with all that is known; the others with a line each. */
const PARTS_IN_FULL_MAX = 20;

const LINK_WORDS: readonly (readonly [keyof ActionLinks, string])[] = [
  ['acknowledge', 'Acknowledge'],
  ['snooze', 'Snooze'],
  ['resolve', 'Resolve'],
];

/** The mail as plain text. */
export function textOf(message: Message): string {
  const isBundled = message.parts.length > 1;
  const full = message.parts.slice(0, PARTS_IN_FULL_MAX).map((part) => textOfPart(part, isBundled));
  const rest = message.parts
    .slice(PARTS_IN_FULL_MAX)
    .map((part) => `- ${headlineOfPart(part)} (${part.notice.incidentId})`);
  return [...(isBundled ? [headline(message)] : []), ...full, ...(rest.length > 0 ? [rest.join('\n')] : [])].join(
    '\n\n',
  );
}

function textOfPart(part: MessagePart, isBundled: boolean): string {
  const { notice, links } = part;
  const head = isBundled ? headlineOfPart(part) : oneLine(notice.title);
  const ways =
    links === null
      ? asksForAnswer(notice)
        ? `Acknowledge: ${acknowledgeCommand(notice)}`
        : ''
      : LINK_WORDS.map(([action, word]) => `${word}: ${links[action]}`).join('\n');
  return [head, origin(part), notice.text.trim(), ways].filter((paragraph) => paragraph !== '').join('\n\n');
}

/** The same as simple HTML: no picture, no style sheet, nothing from elsewhere. */
export function htmlOf(message: Message): string {
  const isBundled = message.parts.length > 1;
  const full = message.parts.slice(0, PARTS_IN_FULL_MAX).map((part) => htmlOfPart(part, isBundled));
  const rest = message.parts
    .slice(PARTS_IN_FULL_MAX)
    .map((part) => `<li>${escapeHtml(headlineOfPart(part))} <small>${escapeHtml(part.notice.incidentId)}</small></li>`);
  return [
    '<!doctype html><html><body>',
    isBundled ? `<h1>${escapeHtml(headline(message))}</h1>` : '',
    ...full,
    rest.length === 0 ? '' : `<ul>${rest.join('')}</ul>`,
    '</body></html>',
  ].join('\n');
}

function htmlOfPart(part: MessagePart, isBundled: boolean): string {
  const { notice, links } = part;
  const head = isBundled ? headlineOfPart(part) : oneLine(notice.title);
  const text = notice.text.trim();
  return [
    `<h2>${escapeHtml(head)}</h2>`,
    `<p>${escapeHtml(origin(part))}</p>`,
    text === '' ? '' : `<pre style="white-space:pre-wrap">${escapeHtml(text)}</pre>`,
    links === null
      ? htmlCommand(part)
      : `<p>${LINK_WORDS.map(([action, word]) => anchor(links[action], word)).join(' · ')}</p>`,
  ].join('\n');
}

const htmlCommand = ({ notice }: MessagePart): string =>
  asksForAnswer(notice) ? `<p><code>${escapeHtml(acknowledgeCommand(notice))}</code></p>` : '';

const anchor = (url: string, word: string): string => `<a href="${escapeHtml(url)}">${word}</a>`;
