import { describe, expect, it } from 'vitest';
import { UnmogrowpError } from '../../errors.ts';
import { INCIDENT, LINKS, bundle, message, part } from '../../test/incidents/notices.ts';
import { type SmtpReceiver, refusal, startSmtpReceiver } from '../../test/incidents/smtp-receiver.ts';
import { createEmail } from './email.ts';
import type { Message } from './port.ts';

const TIMEOUT_MS = 2_000;
const NEVER = new AbortController().signal;
const ADA = { kind: 'email', address: 'hidden.ada@example.org' } as const;

const mailBy = (url: string, timeoutMs = TIMEOUT_MS) =>
  createEmail({ url, from: 'Pager <pager@ours.example>', timeoutMs });

const send = (receiver: SmtpReceiver, toSend: Message): Promise<void> =>
  mailBy(receiver.url()).send(toSend, ADA, NEVER);

/** The error of a mail, which holds no address, no password and nothing that the server wrote. */
async function errorOf(sending: Promise<void>): Promise<UnmogrowpError> {
  const error: unknown = await sending.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof UnmogrowpError)) throw new Error(`not an error of the platform: ${String(error)}`);
  expect(JSON.stringify([error.message, error.context, error.stack, error.cause])).not.toMatch(/hidden|127\.0\.0\.1/);
  return error;
}

describe('a mail', () => {
  it('says what is wrong and what to do, as text and as HTML, and that a program has sent it', async () => {
    const receiver = await startSmtpReceiver();
    await send(receiver, message(part()));
    const [received] = receiver.mails;
    expect(received?.recipients).toEqual([ADA.address]);
    expect(received?.mail.subject).toBe('[critical] The sink stands still');
    expect(received?.mail.from?.text).toBe('"Pager" <pager@ours.example>');
    expect(received?.mail.headers.get('auto-submitted')).toBe('auto-generated');
    for (const shown of [received?.mail.text, received?.mail.html]) {
      expect(shown).toContain('Lag of 12,000 rows since 03:14.');
      expect(shown).toContain(INCIDENT);
      for (const link of Object.values(LINKS)) expect(shown).toContain(link);
    }
  });

  it('is the same mail when it is sent again, and another one for another notice', async () => {
    const receiver = await startSmtpReceiver();
    await send(receiver, message(part()));
    await send(receiver, message(part()));
    await send(receiver, message(part({ deliveryKey: 'another' })));
    const [first, again, other] = receiver.mails.map(({ mail }) => mail.messageId);
    expect(first).toMatch(/^<[0-9a-f]{32}@ours\.example>$/);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  it('stands in one thread with all that is said of its incident', async () => {
    const receiver = await startSmtpReceiver();
    await send(receiver, message(part()));
    await send(receiver, message(part({ kind: 'resolved', deliveryKey: 'later' }, null)));
    await send(receiver, message(part({ incidentId: 'other' })));
    await send(receiver, bundle(2));
    const [page, end, other, both] = receiver.mails.map(({ mail }) => mail);
    expect(page?.inReplyTo).toMatch(/@ours\.example>$/);
    expect(page?.references).toBe(page?.inReplyTo);
    expect(end?.inReplyTo).toBe(page?.inReplyTo);
    expect(other?.inReplyTo).not.toBe(page?.inReplyTo);
    expect(both?.inReplyTo).toBeUndefined();
  });

  it('takes a title for nothing but text: no header, no mark-up', async () => {
    const receiver = await startSmtpReceiver();
    const title = 'One\r\nBcc: someone@else.example\r\n\r\n<b>two</b> "three" & ümläut';
    await send(receiver, message(part({ title, text: '<script>alert(1)</script>' })));
    const [received] = receiver.mails;
    expect(received?.recipients).toEqual([ADA.address]);
    expect(received?.mail.headers.has('bcc')).toBe(false);
    expect(received?.mail.subject).toBe('[critical] One Bcc: someone@else.example <b>two</b> "three" & ümläut');
    expect(received?.mail.html).not.toMatch(/<b>|<script/);
    expect(received?.mail.html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(received?.mail.text).toContain('<script>alert(1)</script>');
  });

  it('names every notice of a bundle, and tells the most of the first ones', async () => {
    const receiver = await startSmtpReceiver();
    await send(receiver, bundle(2_000));
    const [received] = receiver.mails;
    expect(received?.mail.subject).toBe('[2000 notices] 2000 pages');
    for (const shown of [received?.mail.text ?? '', received?.mail.html || '']) {
      for (const index of [0, 19, 20, 1_999]) expect(shown).toContain(`Alert number ${index}`);
      expect(shown.split(LINKS.acknowledge)).toHaveLength(21);
    }
  });
});

describe('a mail server', () => {
  it.each([
    ['that does not know the recipient', 550, 'channel_refused'],
    ['whose mailbox is gone', 551, 'channel_refused'],
    ['that asks to come back later (greylisting)', 451, 'channel_failed'],
    ['whose mailbox is full for now', 452, 'channel_failed'],
  ])('%s', async (_what, status, code) => {
    const receiver = await startSmtpReceiver({
      onRcptTo: ({ address }, _session, callback) => callback(refusal(status, `hidden words about ${address}`)),
    });
    expect(await errorOf(send(receiver, message(part())))).toMatchObject({
      code,
      context: { channel: 'email', status, step: 'RCPT TO' },
    });
    expect(receiver.mails).toEqual([]);
  });

  it('that refuses what was written, after it has read it', async () => {
    const receiver = await startSmtpReceiver({
      onData(stream, _session, callback) {
        stream.resume();
        stream.on('end', () => callback(refusal(554, 'hidden words')));
      },
    });
    expect(await errorOf(send(receiver, message(part())))).toMatchObject({
      code: 'channel_refused',
      context: { status: 554, step: 'DATA' },
    });
  });

  it('that is gone in the middle of a mail gets it again', async () => {
    let isFirst = true;
    const receiver = await startSmtpReceiver({
      onRcptTo(_address, _session, callback) {
        if (isFirst) receiver.cutConnections();
        else callback();
        isFirst = false;
      },
    });
    expect(await errorOf(send(receiver, message(part())))).toMatchObject({ code: 'channel_failed' });
    await send(receiver, message(part()));
    expect(receiver.mails).toHaveLength(1);
  });

  it('that nobody runs, that never greets, and that stops answering, each within its time', async () => {
    const receiver = await startSmtpReceiver({ onConnect: () => undefined });
    const beginMs = performance.now();
    const silent = mailBy(receiver.url(), 300).send(message(part()), ADA, NEVER);
    expect(await errorOf(silent)).toMatchObject({ code: 'channel_failed' });
    const halfway = await startSmtpReceiver({ onRcptTo: () => undefined });
    const stuck = mailBy(halfway.url(), 300).send(message(part()), ADA, NEVER);
    expect(await errorOf(stuck)).toMatchObject({ code: 'channel_failed' });
    expect(performance.now() - beginMs).toBeLessThan(3_000);
    const dead = mailBy('smtp://127.0.0.1:1').send(message(part()), ADA, NEVER);
    expect(await errorOf(dead)).toMatchObject({ code: 'channel_failed' });
  });

  it('is left alone when the sender is asked to stop', async () => {
    const receiver = await startSmtpReceiver({ onRcptTo: () => undefined });
    const controller = new AbortController();
    const sending = mailBy(receiver.url()).send(message(part()), ADA, controller.signal);
    const beginMs = performance.now();
    controller.abort();
    expect(await errorOf(sending)).toMatchObject({ code: 'interrupted' });
    expect(performance.now() - beginMs).toBeLessThan(TIMEOUT_MS / 2);
  });
});

describe('a password', () => {
  const ACCOUNT = 'hidden-user:hidden-password';

  it('is given over an encrypted connection', async () => {
    const accounts: unknown[] = [];
    const receiver = await startSmtpReceiver({
      authOptional: false,
      onAuth({ username, password }, session, callback) {
        accounts.push([username, password, session.secure]);
        callback(null, { user: 'somebody' });
      },
    });
    const url = receiver.url({ account: ACCOUNT });
    await mailBy(url).send(message(part()), ADA, NEVER);
    expect(accounts).toEqual([['hidden-user', 'hidden-password', true]]);
    expect(receiver.mails[0]?.wasEncrypted).toBe(true);
    const untrusted = mailBy(receiver.url({ account: ACCOUNT, query: '' })).send(message(part()), ADA, NEVER);
    expect(await errorOf(untrusted)).toMatchObject({ code: 'channel_failed' });
    expect(accounts).toHaveLength(1);
  });

  it('is not shown to a server without encryption, unless its address says so', async () => {
    let asked = 0;
    const receiver = await startSmtpReceiver({
      hideSTARTTLS: true,
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      onAuth(_login, _session, callback) {
        asked += 1;
        callback(null, { user: 'somebody' });
      },
    });
    const refused = mailBy(receiver.url({ account: ACCOUNT })).send(message(part()), ADA, NEVER);
    expect((await errorOf(refused)).code).toMatch(/^channel_/);
    expect(asked).toBe(0);
    await mailBy(receiver.url({ account: ACCOUNT, query: '?requireTLS=false' })).send(message(part()), ADA, NEVER);
    expect(asked).toBe(1);
  });

  it('that is wrong is a refusal, and stands in no error', async () => {
    const receiver = await startSmtpReceiver({
      authOptional: false,
      onAuth: (_login, _session, callback) => callback(refusal(535, 'hidden words')),
    });
    const url = receiver.url({ account: ACCOUNT });
    const refused = mailBy(url).send(message(part()), ADA, NEVER);
    expect(await errorOf(refused)).toMatchObject({ code: 'channel_refused', context: { status: 535 } });
  });
});

it('refuses every mail where no server is configured, so that the next contact is told', async () => {
  expect(await errorOf(createEmail(null).send(message(part()), ADA, NEVER))).toMatchObject({ code: 'channel_refused' });
});
