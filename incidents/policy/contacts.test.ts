import { describe, expect, it } from 'vitest';
import { EXAMPLE_ENVIRONMENT, exampleDocument } from '../../test/incidents/example-policy.ts';
import { addressOf, contactsOf } from './contacts.ts';

const document = exampleDocument();

describe('a target', () => {
  it('that is a person has the chain of an urgency', () => {
    const ada = { kind: 'person', person: 'ada' } as const;
    expect(contactsOf(document, ada, { urgency: 'high' })).toEqual({
      chains: [['person:ada/pager', 'person:ada/mail']],
      unreachable: [],
    });
    expect(contactsOf(document, ada, { urgency: 'low' }).chains).toEqual([['person:ada/mail']]);
  });

  it('that is a schedule has a chain for everybody on call, each once', () => {
    const primary = { kind: 'schedule', schedule: 'primary' } as const;
    expect(contactsOf(document, primary, { urgency: 'low', onCall: ['grace', 'ada', 'grace'] }).chains).toEqual([
      ['person:grace/mail'],
      ['person:ada/mail'],
    ]);
    expect(contactsOf(document, primary, { urgency: 'high', onCall: [] })).toEqual({ chains: [], unreachable: [] });
  });

  it('that is a channel has one contact', () => {
    expect(contactsOf(document, { kind: 'channel', channel: 'room' }, { urgency: 'high' }).chains).toEqual([
      ['channel:room'],
    ]);
  });

  it('that the policy does not know any more reaches nobody, and says so of a person', () => {
    const primary = { kind: 'schedule', schedule: 'primary' } as const;
    expect(contactsOf(document, primary, { urgency: 'high', onCall: ['alan', 'ada'] })).toEqual({
      chains: [['person:ada/pager', 'person:ada/mail']],
      unreachable: ['alan'],
    });
    expect(contactsOf(document, { kind: 'channel', channel: 'gone' }, { urgency: 'high' }).chains).toEqual([]);
  });
});

describe('the address of a contact', () => {
  const known = (reference: Parameters<typeof addressOf>[1]) => addressOf(document, reference, EXAMPLE_ENVIRONMENT);

  it('is that of the document and of the environment', () => {
    const throttle = { messages: 5, perMs: 900_000 };
    expect(known('person:ada/pager')).toEqual({
      kind: 'known',
      destination: { kind: 'pagerduty', routingKey: 'key of ada' },
      throttle,
    });
    expect(known('person:ada/mail')).toEqual({
      kind: 'known',
      destination: { kind: 'email', address: 'ada@example.com' },
      throttle,
    });
    expect(known('person:grace/hook')).toEqual({
      kind: 'known',
      destination: { kind: 'webhook', url: 'http://127.0.0.1:1/grace', secret: 'secret of grace' },
      throttle,
    });
    expect(known('channel:room')).toEqual({
      kind: 'known',
      destination: { kind: 'slack', url: 'http://127.0.0.1:1/room' },
      throttle,
    });
  });

  it('has the throttle of its own, if it has one', () => {
    expect(known('person:grace/mail')).toMatchObject({ throttle: { messages: 20, perMs: 3_600_000 } });
  });

  it('reads an e-mail address and a token from their variables', () => {
    const channels = [
      { id: 'list', kind: 'email', address_variable: 'LIST_ADDRESS' } as const,
      { id: 'other', kind: 'alertmanager', url_variable: 'OTHER_URL', secret_variable: 'OTHER_TOKEN' } as const,
      { id: 'duty', kind: 'pagerduty', secret_variable: 'DUTY_KEY', url_variable: 'OTHER_URL' } as const,
    ];
    const environment = { LIST_ADDRESS: 'list@example.com', OTHER_URL: 'http://a', OTHER_TOKEN: 't', DUTY_KEY: 'k' };
    const found = (['list', 'other', 'duty'] as const).map((id) =>
      addressOf({ ...document, channels }, `channel:${id}`, environment),
    );
    expect(found).toMatchObject([
      { destination: { kind: 'email', address: 'list@example.com' } },
      { destination: { kind: 'alertmanager', url: 'http://a', token: 't' } },
      { destination: { kind: 'pagerduty', routingKey: 'k', url: 'http://a' } },
    ]);
  });

  it('is unknown when its variable is not set, and the answer holds no value', () => {
    expect(addressOf(document, 'person:grace/hook', { GRACE_HOOK_URL: 'http://secret' })).toEqual({
      kind: 'unknown',
      reason: 'variable_unset',
      variable: 'GRACE_HOOK_SECRET',
    });
  });

  it('is unknown when the policy has the contact no more', () => {
    const removed = { kind: 'unknown', reason: 'contact_removed' };
    expect(known('person:alan/mail')).toEqual(removed);
    expect(known('person:ada/phone')).toEqual(removed);
    expect(known('channel:gone')).toEqual(removed);
    expect(known('channel:room/more')).toEqual(removed);
  });
});
