import { createTransport } from 'nodemailer';
import type { UnmogrowpError } from '../../errors.ts';
import { htmlOf, textOf } from './email-body.ts';
import { stableId } from './message-id.ts';
import { type Channel, type Message, SEND_TIMEOUT_MS, channelError, interrupted } from './port.ts';
import { cut, headline } from './words.ts';

/** Longer subjects are cut by the programs that show them. */
const SUBJECT_LENGTH_MAX = 200;
const AUTOMATIC_HEADERS = {
  // RFC 3834: no holiday notice answers it.
  'Auto-Submitted': 'auto-generated',
  'X-Auto-Response-Suppress': 'All',
} as const;

/** How mail leaves: a server as `smtp[s]://[user:password@]host[:port]`, and the address that it comes from. */
export interface EmailSettings {
  readonly url: string;
  readonly from: string;
  /** Only tests want another bound. */
  readonly timeoutMs?: number;
}

/**
 * Mail by SMTP. Its Message-ID is made of the delivery key, so a mail that is sent again is recognisably the same one, and
 * mails about one incident stand in one thread. Without settings every mail is refused.
 */
export function createEmail(settings: EmailSettings | null): Channel<'email'> {
  if (settings === null) {
    return { send: () => Promise.reject(channelError('channel_refused', 'email', 'has no mail server (SMTP_URL)')) };
  }
  const timeoutMs = settings.timeoutMs ?? SEND_TIMEOUT_MS;
  const transport = createTransport({
    ...connectionOf(settings.url),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send(message, { address }, signal) {
      const timeout = AbortSignal.timeout(timeoutMs);
      try {
        await transport.sendMail({
          ...mailOf(message, settings.from),
          to: { name: '', address },
          signal: AbortSignal.any([signal, timeout]),
        });
      } catch (error) {
        if (signal.aborted) throw interrupted('email');
        if (timeout.aborted) throw channelError('channel_failed', 'email', 'did not take the mail in time');
        throw toChannelError(error);
      }
    },
  };
}

/** A password goes over an encrypted connection, unless the address says `?requireTLS=false`. */
function connectionOf(url: string): { url: string; requireTLS?: boolean } {
  const { username, searchParams } = new URL(url);
  return username === '' || searchParams.has('requireTLS') ? { url } : { url, requireTLS: true };
}

function mailOf(message: Message, from: string): Record<string, unknown> {
  const domain = /@([^\s@>]+)>?$/.exec(from)?.[1] ?? 'unmogrowp.invalid';
  const incidents = new Set(message.parts.map(({ notice }) => notice.incidentId));
  const [incidentId] = incidents;
  // No mail has this id: it is where all that is said of one incident hangs, whichever comes first.
  const root = incidents.size === 1 ? `<incident.${stableId(incidentId ?? '')}@${domain}>` : undefined;
  return {
    from,
    subject: cut(headline(message), SUBJECT_LENGTH_MAX),
    text: textOf(message),
    html: htmlOf(message),
    messageId: `<${stableId(message.deliveryKey)}@${domain}>`,
    ...(root === undefined ? {} : { inReplyTo: root, references: root }),
    headers: AUTOMATIC_HEADERS,
    ...(message.parts.some(({ notice }) => notice.urgency === 'high') ? { priority: 'high' } : {}),
  };
}

/** What the server wrote names addresses, so only its code and the step are kept. */
function toChannelError(thrown: unknown): UnmogrowpError {
  const { responseCode, command, code } = thrown as { responseCode?: number; command?: string; code?: string };
  const step = /^[A-Z]{4}(?: [A-Z]+)?$/.exec(command ?? '')?.[0] ?? 'connection';
  if (typeof responseCode === 'number') {
    const isFinal = responseCode >= 500 && responseCode < 600;
    const facts = { status: responseCode, step };
    return isFinal
      ? channelError('channel_refused', 'email', 'refused the mail', facts)
      : channelError('channel_failed', 'email', 'could not take the mail', facts);
  }
  const network = /^[A-Z][A-Z0-9_]+$/.exec(code ?? '')?.[0] ?? 'unknown';
  // An address that no server would understand, or no way to log in: waiting mends neither.
  const isFinal = FINAL_CODES.has(network);
  return isFinal
    ? channelError('channel_refused', 'email', 'cannot send the mail as it is configured', { network, step })
    : channelError('channel_failed', 'email', 'could not be reached', { network, step });
}

const FINAL_CODES = new Set(['EENVELOPE', 'EMESSAGE', 'ECONFIG', 'EAUTH', 'ENOAUTH']);
