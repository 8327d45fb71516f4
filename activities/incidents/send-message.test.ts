import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, it, onTestFinished } from 'vitest';
import { createSendByChannel } from '../../incidents/channels/all.ts';
import type { WaitingNotice } from '../../incidents/contact/state.ts';
import { verifyLink } from '../../incidents/links/link.ts';
import { openPolicy } from '../../incidents/policy/load.ts';
import type { ContactReference } from '../../incidents/types.ts';
import { answering, startHttpReceiver } from '../../test/incidents/http-receiver.ts';
import { notice } from '../../test/incidents/notices.ts';
import { startSmtpReceiver } from '../../test/incidents/smtp-receiver.ts';
import { createSendMessage } from './send-message.ts';

const KEYS = ['a key of at least thirty-two characters'] as const;
const told: WaitingNotice[] = [{ notice: notice(), coveredKeys: [], bytes: 0 }];

/** A policy with one person, who is told by these contacts. */
const policyText = (...contacts: string[]): string => `
people:
  - id: ada
    name: Ada
    time_zone: Europe/Berlin
    contacts: [${contacts.join(', ')}]
    notify: { high: [first], low: [first] }
policies:
  - id: everything
    steps: [{ notify: [{ person: ada }], wait: 5m }]
`;

/** The activity with a policy in a file, of which `write` makes another one. */
function sender(text: string, environment: Record<string, string>, smtpUrl?: string) {
  const folder = mkdtempSync(join(tmpdir(), 'unmogrowp-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'policy.yaml');
  const write = (next: string): void => writeFileSync(file, next);
  write(text);
  const email = smtpUrl === undefined ? null : { url: smtpUrl, from: 'pager@ours.example' };
  const sendMessage = createSendMessage({
    policy: openPolicy({ file, environment, nowMs: Date.now }),
    environment,
    sendByChannel: createSendByChannel({ email, nowMs: Date.now }),
    links: { publicUrl: 'https://ours.example', keys: KEYS },
  });
  const send = (contact: ContactReference) =>
    new MockActivityEnvironment().run(sendMessage, { version: 1 as const, contact, told });
  return { send, write };
}

it('sends to the address that the policy has now, and not to the one that it had', async () => {
  const [old, mended] = [await startHttpReceiver(answering(404)), await startHttpReceiver(answering(200))];
  const { send, write } = sender(policyText('{ id: first, kind: slack, url_variable: OLD }'), {
    OLD: old.url,
    MENDED: mended.url,
  });
  await expect(send('person:ada/first')).rejects.toMatchObject({ code: 'channel_refused' });
  write(policyText('{ id: first, kind: slack, url_variable: MENDED }'));
  expect(await send('person:ada/first')).toEqual({ channel: 'slack' });
  expect([old.requests.length, mended.requests.length]).toEqual([1, 1]);
});

it('sends by the channel of the contact, with links that are signed for its person', async () => {
  const receiver = await startSmtpReceiver();
  const { send } = sender(policyText('{ id: first, kind: email, address: ada@example.org }'), {}, receiver.url());
  expect(await send('person:ada/first')).toEqual({ channel: 'email' });
  const [received] = receiver.mails;
  expect(received?.recipients).toEqual(['ada@example.org']);
  const [, token = ''] = /Acknowledge: https:\/\/ours\.example\/links\/(\S+)/.exec(received?.mail.text ?? '') ?? [];
  expect(verifyLink(token, KEYS, notice().createdAtMs)).toMatchObject({
    isValid: true,
    link: { action: 'acknowledge', person: 'ada', incidentId: notice().incidentId, workflowId: notice().workflowId },
  });
});

it('refuses what the present policy does not know, or what has no address in this environment', async () => {
  const text = policyText('{ id: first, kind: slack, url_variable: CHAT_URL }');
  const { send } = sender(text, { CHAT_URL: 'http://127.0.0.1:9' });
  for (const contact of ['person:ada/second', 'person:bob/first', 'channel:operations'] as const) {
    await expect(send(contact)).rejects.toMatchObject({ code: 'channel_refused' });
  }
  const { send: sendWithout } = sender(text, { CHAT_URL: '' });
  await expect(sendWithout('person:ada/first')).rejects.toMatchObject({
    code: 'channel_refused',
    context: { variable: 'CHAT_URL' },
  });
});
