import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { alertmanagerFiles } from './alertmanager-config.ts';

const TEXT = `
route: { receiver: nobody, routes: [{ matchers: [severity = critical], receiver: pager }] }
receivers:
  - name: nobody
  - name: pager
    webhook_configs: [{ url_file: receivers/pager, send_resolved: true }]
  - name: other
    webhook_configs: [{ url: 'https://example.com/other' }]
`;

test('each receiver is told at the webhook, under its name', () => {
  const webhookUrl = 'http://127.0.0.1:9000/hooks/';
  const { config, addresses } = alertmanagerFiles({ text: TEXT, webhookUrl, directory: '/data' });

  expect(addresses).toEqual({ '/data/receivers/pager': 'http://127.0.0.1:9000/hooks/pager' });
  expect(parse(config)).toEqual(parse(TEXT.replace('receivers/pager', '/data/receivers/pager')));
});

test('without a webhook nobody is told at an address that does not exist', () => {
  const { config, addresses } = alertmanagerFiles({ text: TEXT, webhookUrl: undefined, directory: '/data' });

  expect(addresses).toEqual({});
  expect((parse(config) as { receivers: unknown[] }).receivers).toEqual([
    { name: 'nobody' },
    { name: 'pager' },
    { name: 'other', webhook_configs: [{ url: 'https://example.com/other' }] },
  ]);
});

test('without a configuration there is one that tells nobody', () => {
  const { config } = alertmanagerFiles({ text: undefined, webhookUrl: undefined, directory: '/data' });

  expect(parse(config)).toMatchObject({ route: { receiver: 'nobody' } });
});
