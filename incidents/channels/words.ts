import type { Notice, NoticeKind } from '../types.ts';
import type { Message, MessagePart } from './port.ts';

const KIND_WORDS: Readonly<Record<NoticeKind, (notice: Notice) => string>> = {
  page: ({ severity }) => severity,
  resolved: () => 'resolved',
  status_update_reminder: () => 'how does it stand?',
  information: () => 'information',
  nobody_answered: () => 'nobody answered',
};

/** The order in which kinds are counted in the line above a bundle, and what several of them are called. */
const COUNTED: readonly (readonly [NoticeKind, (count: number) => string])[] = [
  ['nobody_answered', (count) => `${count} unanswered`],
  ['page', (count) => (count === 1 ? '1 page' : `${count} pages`)],
  ['status_update_reminder', (count) => (count === 1 ? '1 reminder' : `${count} reminders`)],
  ['information', (count) => `${count} for information`],
  ['resolved', (count) => `${count} resolved`],
];

/** Text on one line, without characters that end a header or hide what follows. */
export const oneLine = (text: string): string => text.replaceAll(/[\s\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();

/** At most so many characters, with a mark where something is missing; never half of a character. */
export function cut(text: string, charactersMax: number): string {
  if (text.length <= charactersMax) return text;
  return `${text.slice(0, charactersMax - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** What is wrong, in one line. */
export const headlineOfPart = ({ notice }: Pick<MessagePart, 'notice'>): string =>
  `[${KIND_WORDS[notice.kind](notice)}] ${oneLine(notice.title)}`;

/** The line above everything: of a bundle how much of what it holds. */
export function headline({ parts }: Message): string {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return headlineOfPart(first);
  const counts = COUNTED.flatMap(([kind, words]) => {
    const count = parts.filter(({ notice }) => notice.kind === kind).length;
    return count === 0 ? [] : [words(count)];
  });
  return `[${parts.length} notices] ${counts.join(', ')}`;
}

/** Where a notice belongs, in one line. */
export function origin({ notice, coveredKeys }: MessagePart): string {
  const facts = [`tenant ${oneLine(notice.tenant)}`, `${notice.urgency} urgency`, `incident ${notice.incidentId}`];
  const covered =
    coveredKeys.length === 1
      ? 'it ended before a notice of it was told'
      : `it ended before ${coveredKeys.length} notices of it were told`;
  return [...facts, ...(coveredKeys.length > 0 ? [covered] : [])].join(' · ');
}

/** What somebody without links types. */
export const acknowledgeCommand = ({ incidentId }: Notice): string => `unmogrowp incident ack ${incidentId}`;
