import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { signWebhook } from '../../../incidents/channels/webhook.ts';
import type { NoticeKind } from '../../../incidents/types.ts';

/** A mail as its recipient has it. */
export interface Mail {
  readonly recipients: readonly string[];
  readonly mail: ParsedMail;
}

/** A real mail server of the proof's own. */
export interface MailServer {
  /** For SMTP_URL. */
  readonly url: string;
  readonly mails: readonly Mail[];
  stop(): Promise<void>;
}

/** Takes every mail on a free port of the loopback. */
export async function startMailServer(): Promise<MailServer> {
  const mails: Mail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    onData(stream, session, callback) {
      const recipients = session.envelope.rcptTo.map(({ address }) => address);
      simpleParser(stream).then(
        (mail) => {
          mails.push({ recipients, mail });
          callback();
        },
        (error: unknown) => callback(error as Error),
      );
    },
  });
  // Whoever is killed while it sends leaves an error here.
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** A notice as a webhook told it. */
export interface ToldNotice {
  readonly deliveryKey: string;
  readonly kind: NoticeKind;
  readonly incidentId: string;
  readonly title: string;
  readonly text: string;
}

/** Where webhooks tell notices, each signed. */
export interface Hook {
  readonly url: string;
  /** For the variable of its secret. */
  readonly secret: string;
  /** In the order in which they came, what came twice twice. */
  readonly told: readonly ToldNotice[];
  /** Requests whose signature is not the one of their body. */
  readonly forged: () => number;
  /** Called with each notice before it is answered; what throws leaves it without an answer. */
  before: (notice: ToldNotice) => Promise<void>;
  stop(): Promise<void>;
}

/** Takes notices on a free port of the loopback. */
export async function startHook(): Promise<Hook> {
  const secret = `whsec_${Buffer.from('what only the proof knows').toString('base64')}`;
  const told: ToldNotice[] = [];
  let forged = 0;
  const server = createServer((request, response) => {
    void text(request)
      .then(async (body) => {
        const header = (name: string): string => String(request.headers[name]);
        const signed = { id: header('webhook-id'), timestamp: Number(header('webhook-timestamp')), body };
        if (header('webhook-signature') !== signWebhook(secret, signed)) forged += 1;
        const notices = noticesOf(body);
        told.push(...notices);
        for (const notice of notices) await hook.before(notice);
        response.end();
      })
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const hook: Hook = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/notices`,
    secret,
    told,
    forged: () => forged,
    before: () => Promise.resolve(),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return hook;
}

function noticesOf(body: string): ToldNotice[] {
  const { data } = JSON.parse(body) as { data: { notices: Record<string, string>[] } };
  return data.notices.map((notice) => ({
    deliveryKey: notice['delivery_key'] ?? '',
    kind: notice['kind'] as NoticeKind,
    incidentId: notice['incident_id'] ?? '',
    title: notice['title'] ?? '',
    text: notice['text'] ?? '',
  }));
}
