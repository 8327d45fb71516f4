import { asksForAnswer } from '../contact/order.ts';
import { postJson } from './http.ts';
import type { ActionLinks, Channel, Message, MessagePart } from './port.ts';
import { acknowledgeCommand, cut, headline, headlineOfPart, origin } from './words.ts';

/**
 * What Slack takes at most: 150 characters of a header, 3,000 of a section, 50 blocks. A notice in full is three blocks,
 * so ten of them leave room for the rest as lines.
 */
const HEADER_LENGTH_MAX = 150;
const SECTION_LENGTH_MAX = 3_000;
const PARTS_IN_FULL_MAX = 10;
const LINES_MAX = 20;
/** Of a title, so that the mark of what is missing stands inside of the block. */
const LINE_LENGTH_MAX = 140;

/** A message in a room, by an incoming webhook of Slack or of what understands the same (Mattermost, Rocket.Chat). */
export function createSlack(options: { timeoutMs?: number } = {}): Channel<'slack'> {
  return {
    async send(message, { url }, signal) {
      const body = JSON.stringify({
        text: escapeSlack(cut(headline(message), SECTION_LENGTH_MAX)),
        blocks: blocks(message),
      });
      await postJson({ channel: 'slack', url, body, signal, timeoutMs: options.timeoutMs });
    },
  };
}

/** Without it a title could mention a whole room or show one address and lead to another. */
const escapeSlack = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function blocks(message: Message): unknown[] {
  const full = message.parts.slice(0, PARTS_IN_FULL_MAX);
  return [
    { type: 'header', text: { type: 'plain_text', text: cut(headline(message), HEADER_LENGTH_MAX), emoji: false } },
    ...full.flatMap((part) => partBlocks(part, message.parts.length > 1)),
    ...restBlocks(message.parts.slice(PARTS_IN_FULL_MAX)),
  ];
}

function partBlocks(part: MessagePart, isBundled: boolean): unknown[] {
  const { notice, links } = part;
  const title = isBundled ? `*${escapeSlack(cut(headlineOfPart(part), LINE_LENGTH_MAX))}*` : '';
  const text = [title, escapedAtMost(notice.text, SECTION_LENGTH_MAX - title.length - 1)].filter((line) => line !== '');
  const command = links === null && asksForAnswer(notice) ? [`\`${acknowledgeCommand(notice)}\``] : [];
  const context = [escapeSlack(cut(origin(part), LINE_LENGTH_MAX * 2)), ...command].join('\n');
  return [
    ...(text.length === 0 ? [] : [section(text.join('\n'))]),
    { type: 'context', elements: [{ type: 'mrkdwn', text: context }] },
    ...(links === null ? [] : [actions(links)]),
  ];
}

/** Cut before it is escaped, so that no half of an escape stands at the end. */
function escapedAtMost(text: string, lengthMax: number): string {
  for (let length = Math.min(text.length, lengthMax); ; length -= 100) {
    const escaped = escapeSlack(cut(text, Math.max(1, length)));
    if (escaped.length <= lengthMax) return escaped;
  }
}

function restBlocks(parts: readonly MessagePart[]): unknown[] {
  if (parts.length === 0) return [];
  const lines = parts.slice(0, LINES_MAX).map((part) => `• ${cut(headlineOfPart(part), LINE_LENGTH_MAX)}`);
  const more = `… and ${parts.length - LINES_MAX} more: \`unmogrowp incident list\``;
  return [
    section(escapedAtMost(lines.join('\n'), SECTION_LENGTH_MAX)),
    ...(parts.length > LINES_MAX ? [section(more)] : []),
  ];
}

const section = (text: string): unknown => ({ type: 'section', text: { type: 'mrkdwn', text } });

const button = (text: string, url: string, style?: string): unknown => ({
  type: 'button',
  text: { type: 'plain_text', text },
  url,
  ...(style === undefined ? {} : { style }),
});

const actions = ({ acknowledge, snooze, resolve }: ActionLinks): unknown => ({
  type: 'actions',
  elements: [button('Acknowledge', acknowledge, 'primary'), button('Snooze', snooze), button('Resolve', resolve)],
});
