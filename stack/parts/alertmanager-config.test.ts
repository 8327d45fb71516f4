import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { alertmanagerFiles } from './alertmanager-config.ts';

const TEXT = `
route: { receiver: nobody, routes: [{ matchers: [severity = critical], receiver: pager }] }
receivers:
  - name: nobody
  - name: pager
    webhook_configs:
      - { url_file: receivers/pager, send_resolved: true, http_config: { authorization: { credentials_file: receivers/token } } }
  - name: direct
    slack_configs: [{ api_url_file: receivers/direct, title: text }]
  - name: other
    webhook_configs: [{ url: 'https://example.com/other' }]
`;

const NOTHING = { text: TEXT, webhookUrl: undefined, incidents: undefined, directUrl: undefined, directory: '/data' };
const INCIDENTS = { url: 'http://127.0.0.1:8090/', token: 'secret' };

const receiversOf = (config: string): unknown[] => (parse(config) as { receivers: unknown[] }).receivers;

test('alerts go to the incidents process, with its token, and chats to theirs', () => {
  const directUrl = 'https://chat.example.com/hooks/1';
  const { config, addresses } = alertmanagerFiles({ ...NOTHING, incidents: INCIDENTS, directUrl });

  expect(addresses).toMatchObject({
    '/data/receivers/pager': 'http://127.0.0.1:8090/v1/alerts/alertmanager',
    '/data/receivers/tickets': 'http://127.0.0.1:8090/v1/alerts/alertmanager',
    '/data/receivers/watchdog': 'http://127.0.0.1:8090/v1/heartbeats/watchdog',
    '/data/receivers/token': 'secret',
    '/data/receivers/direct': directUrl,
  });
  expect(parse(config)).toEqual(parse(TEXT.replaceAll(/receivers\/(\w+)/g, '/data/receivers/$1')));
});

test('an incidents process that will run here is told as soon as it is known where', () => {
  const { config, addresses } = alertmanagerFiles({ ...NOTHING, incidents: 'later' });

  expect(addresses).toEqual({});
  expect(config).toContain('/data/receivers/pager');
});

test('a webhook is told instead of it, each receiver under its name and without the token', () => {
  const webhookUrl = 'http://127.0.0.1:9000/hooks/';
  const { config, addresses } = alertmanagerFiles({ ...NOTHING, incidents: INCIDENTS, webhookUrl });

  expect(addresses).toEqual({ '/data/receivers/pager': 'http://127.0.0.1:9000/hooks/pager' });
  expect(receiversOf(config)[1]).toEqual({
    name: 'pager',
    webhook_configs: [{ url_file: '/data/receivers/pager', send_resolved: true }],
  });
});

test('without any of them nobody is told at an address that does not exist', () => {
  const { config, addresses } = alertmanagerFiles(NOTHING);

  expect(addresses).toEqual({});
  expect(receiversOf(config)).toEqual([
    { name: 'nobody' },
    { name: 'pager' },
    { name: 'direct' },
    { name: 'other', webhook_configs: [{ url: 'https://example.com/other' }] },
  ]);
});

test('without a configuration there is one that tells nobody', () => {
  const { config } = alertmanagerFiles({ ...NOTHING, text: undefined });

  expect(parse(config)).toEqual({ route: { receiver: 'nobody' }, receivers: [{ name: 'nobody' }] });
});
