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
  const { config, addresses } = alertmanagerFiles(TEXT, 'http://127.0.0.1:9000/hooks/');

  expect(addresses).toEqual({ 'receivers/pager': 'http://127.0.0.1:9000/hooks/pager' });
  expect(parse(config)).toEqual(parse(TEXT));
});

test('without a webhook nobody is told at an address that does not exist', () => {
  const { config, addresses } = alertmanagerFiles(TEXT, undefined);

  expect(addresses).toEqual({});
  expect((parse(config) as { receivers: unknown[] }).receivers).toEqual([
    { name: 'nobody' },
    { name: 'pager' },
    { name: 'other', webhook_configs: [{ url: 'https://example.com/other' }] },
  ]);
});

test('without a configuration there is one that tells nobody', () => {
  expect(parse(alertmanagerFiles(undefined, undefined).config)).toMatchObject({ route: { receiver: 'nobody' } });
});
