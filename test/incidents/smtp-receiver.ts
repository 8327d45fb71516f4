import type { AddressInfo, Socket } from 'node:net';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { onTestFinished } from 'vitest';

export interface ReceivedMail {
  readonly recipients: readonly string[];
  readonly mail: ParsedMail;
  readonly raw: string;
  readonly wasEncrypted: boolean;
}

export interface SmtpReceiver {
  /** For SMTP_URL; `account` is `user:password`. */
  url(options?: { account?: string; query?: string }): string;
  readonly mails: readonly ReceivedMail[];
  /** What a server does that is killed: every connection ends, in the middle of whatever it is. */
  cutConnections(): void;
}

/** A real mail server on loopback until the test has finished; it takes everything unless `options` say otherwise. */
export async function startSmtpReceiver(options: SMTPServerOptions = {}): Promise<SmtpReceiver> {
  const mails: ReceivedMail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disableReverseLookup: true,
    logger: false,
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const raw = Buffer.concat(chunks);
        const recipients = session.envelope.rcptTo.map(({ address }) => address);
        simpleParser(raw).then(
          (mail) => {
            mails.push({ recipients, mail, raw: raw.toString(), wasEncrypted: session.secure });
            callback();
          },
          (error: unknown) => callback(error as Error),
        );
      });
    },
    ...options,
  });
  const sockets = new Set<Socket>();
  server.server.on('connection', (socket) => sockets.add(socket));
  // A client that goes away in the middle is what some tests are about.
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
  const { port } = server.server.address() as AddressInfo;
  return {
    mails,
    cutConnections: () => sockets.forEach((socket) => socket.destroy()),
    // Its certificate is its own, which nobody has to trust.
    url: ({ account, query = '?tls.rejectUnauthorized=false' } = {}) =>
      `smtp://${account === undefined ? '' : `${account}@`}127.0.0.1:${port}${query}`,
  };
}

/** What a server says that does not want it: the code, and a text with things that nobody may repeat. */
export const refusal = (responseCode: number, text: string): Error => Object.assign(new Error(text), { responseCode });
