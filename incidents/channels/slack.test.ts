import { expect, it } from 'vitest';
import { answering, startHttpReceiver } from '../../test/incidents/http-receiver.ts';
import { INCIDENT, LINKS, bundle, message, part } from '../../test/incidents/notices.ts';
import type { Message } from './port.ts';
import { createSlack } from './slack.ts';

interface Block {
  type: string;
  text?: { type: string; text: string };
  elements?: { type: string; text: string | { text: string }; url?: string }[];
}

/** What a room shows of a message, as Slack gets it. */
async function sent(toSend: Message): Promise<{ text: string; blocks: Block[] }> {
  const { url, requests } = await startHttpReceiver(answering(200));
  await createSlack().send(toSend, { kind: 'slack', url }, new AbortController().signal);
  return JSON.parse(requests[0]?.body ?? '') as { text: string; blocks: Block[] };
}

it('shows what is wrong and three buttons, and the same as text where blocks are not shown', async () => {
  const { text, blocks } = await sent(message(part()));
  expect(text).toBe('[critical] The sink stands still');
  expect(blocks.map(({ type }) => type)).toEqual(['header', 'section', 'context', 'actions']);
  expect(blocks[0]?.text).toMatchObject({ type: 'plain_text', text });
  expect(blocks[1]?.text?.text).toContain('Lag of 12,000 rows');
  expect(blocks[2]?.elements?.[0]?.text).toContain(INCIDENT);
  expect(blocks[3]?.elements?.map(({ url }) => url)).toEqual([LINKS.acknowledge, LINKS.snooze, LINKS.resolve]);
});

it('says what to type where there are no links, and asks nothing about what has ended', async () => {
  const asked = await sent(message(part({}, null)));
  expect(JSON.stringify(asked)).toContain(`unmogrowp incident ack ${INCIDENT}`);
  const ended = await sent(message(part({ kind: 'resolved' }, null)));
  expect(ended.text).toBe('[resolved] The sink stands still');
  expect(JSON.stringify(ended)).not.toContain('incident ack');
});

it('lets no title mention a room or dress up an address', async () => {
  const hostile = part({ title: '<!channel> a & b\n<https://evil.example|our page>', text: '<@U1> *x*' });
  const { text, blocks } = await sent(message(hostile, part({ incidentId: 'other' })));
  const shown = [text, ...blocks.filter(({ type }) => type === 'section').map((block) => block.text?.text ?? '')];
  for (const line of shown) expect(line).not.toMatch(/<[!@h]/);
  expect(shown.join('\n')).toContain('&lt;!channel&gt; a &amp; b &lt;https://evil.example|our page&gt;');
});

it('stays within what Slack takes, however much there is to say', async () => {
  const long = message(part({ title: '<'.repeat(5_000), text: '&'.repeat(20_000) }));
  for (const toSend of [long, bundle(2_000), message(...bundle(11).parts, part({ text: '>'.repeat(9_000) }))]) {
    const { text, blocks } = await sent(toSend);
    expect(text.length).toBeLessThanOrEqual(40_000);
    expect(blocks.length).toBeLessThanOrEqual(50);
    expect(blocks[0]?.text?.text.length).toBeLessThanOrEqual(150);
    for (const { type, text: content } of blocks) {
      if (type === 'section') expect(content?.text.length).toBeLessThanOrEqual(3_000);
      if (type === 'section') expect(content?.text.replaceAll(/&(?:amp|lt|gt);/g, '')).not.toContain('&');
    }
  }
});

it('says of a bundle how much it holds', async () => {
  const ended = { ...part({ kind: 'resolved', incidentId: 'other' }, null), coveredKeys: ['a', 'b'] };
  const few = await sent(message(...bundle(2).parts, ended));
  expect(few.text).toBe('[3 notices] 2 pages, 1 resolved');
  expect(JSON.stringify(few)).toContain('it ended before 2 notices of it were told');
  const many = await sent(bundle(2_000));
  expect(many.text).toBe('[2000 notices] 2000 pages');
  expect(many.blocks.at(-1)?.text?.text).toContain('1970 more');
});
