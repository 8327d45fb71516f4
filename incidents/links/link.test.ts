import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { INCIDENT, notice } from '../../test/incidents/notices.ts';
import { actionLinks } from './action-links.ts';
import { LINK_ACTIONS, type Link, type LinkKeys, linkId, signLink, verifyLink } from './link.ts';

const KEYS: LinkKeys = ['a-key-that-signs-and-is-believed'];
const NOW_MS = 1_700_000_000_000;

const anyLink: fc.Arbitrary<Link> = fc.record({
  id: fc.string(),
  workflowId: fc.string({ unit: 'grapheme' }),
  incidentId: fc.uuid(),
  action: fc.constantFrom(...LINK_ACTIONS),
  person: fc.string({ unit: 'grapheme' }),
  expiresAtMs: fc.integer({ min: NOW_MS + 1, max: NOW_MS * 2 }),
});

const link: Link = {
  id: linkId('key', 'acknowledge'),
  workflowId: 'incident/acme/0123456789abcdef',
  incidentId: INCIDENT,
  action: 'acknowledge',
  person: 'ada',
  expiresAtMs: NOW_MS + 1_000,
};

describe('a link', () => {
  it('says what it was signed with', () => {
    fc.assert(
      fc.property(anyLink, (one) => {
        expect(verifyLink(signLink(one, KEYS), KEYS, NOW_MS)).toEqual({ isValid: true, link: one });
      }),
    );
  });

  it('that anybody has changed by one character is no link, wherever it was', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n%é';
    fc.assert(
      fc.property(
        anyLink,
        fc.nat(),
        fc.constantFrom(...alphabet.split('')),
        fc.constantFrom('change', 'insert', 'delete'),
        (one, at, character, how) => {
          const token = signLink(one, KEYS);
          const place = at % token.length;
          const rest = token.slice(how === 'insert' ? place : place + 1);
          const changed = token.slice(0, place) + (how === 'delete' ? '' : character) + rest;
          fc.pre(changed !== token);
          expect(verifyLink(changed, KEYS, NOW_MS).isValid).toBe(false);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('of which only the unused bits of the last character were changed is no link either', () => {
    const token = signLink(link, KEYS);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const twins = alphabet
      .split('')
      .map((last) => token.slice(0, -1) + last)
      .filter((twin) => twin !== token);
    const bytesOf = (text: string) => Buffer.from(text.split('.')[1] ?? '', 'base64url').toString('hex');
    expect(twins.some((twin) => bytesOf(twin) === bytesOf(token))).toBe(true);
    for (const twin of twins)
      expect(verifyLink(twin, KEYS, NOW_MS)).toEqual({ isValid: false, reason: 'signature_wrong' });
  });

  it('that is no token at all is refused without a look at it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(verifyLink(text, KEYS, NOW_MS).isValid).toBe(false);
      }),
    );
    for (const text of ['', '.', 'a', 'a.', '.a', 'a.b.c', `${signLink(link, KEYS)}.`]) {
      expect(verifyLink(text, KEYS, NOW_MS)).toEqual({ isValid: false, reason: 'malformed' });
    }
  });

  it('ends at its time', () => {
    const token = signLink(link, KEYS);
    expect(verifyLink(token, KEYS, link.expiresAtMs - 1).isValid).toBe(true);
    expect(verifyLink(token, KEYS, link.expiresAtMs)).toEqual({ isValid: false, reason: 'expired' });
  });

  it('of the key before is believed while both are known, and of any other never', () => {
    const old = signLink(link, ['the-old-key']);
    expect(verifyLink(old, ['the-new-key', 'the-old-key'], NOW_MS).isValid).toBe(true);
    expect(verifyLink(old, ['the-new-key'], NOW_MS)).toEqual({ isValid: false, reason: 'signature_wrong' });
    expect(verifyLink(signLink(link, ['the-new-key', 'the-old-key']), ['the-new-key'], NOW_MS).isValid).toBe(true);
  });
});

describe('the links of a notice', () => {
  const settings = { publicUrl: 'https://ours.example/', keys: KEYS };
  const tokenOf = (address = ''): Link => {
    const verified = verifyLink(address.split('/links/')[1] ?? '', KEYS, notice().createdAtMs);
    if (!verified.isValid) throw new Error(verified.reason);
    return verified.link;
  };

  it('are the same whenever it is told again, and others for another contact, step or action', () => {
    const mine = actionLinks(notice(), 'person:ada/mail', settings);
    expect(actionLinks(notice(), 'person:ada/mail', settings)).toEqual(mine);
    const others = [
      actionLinks(notice(), 'person:ada/chat', settings),
      actionLinks(notice({ deliveryKey: 'of the next step' }), 'person:ada/mail', settings),
    ];
    const ids = [mine, ...others].flatMap((links) => LINK_ACTIONS.map((action) => tokenOf(links?.[action]).id));
    expect(new Set(ids).size).toBe(9);
  });

  it('act for the person of the contact, or for a channel', () => {
    expect(tokenOf(actionLinks(notice(), 'person:ada/mail', settings)?.snooze)).toMatchObject({
      action: 'snooze',
      person: 'ada',
      incidentId: INCIDENT,
      workflowId: notice().workflowId,
    });
    expect(tokenOf(actionLinks(notice(), 'channel:operations', settings)?.resolve).person).toBe('channel:operations');
  });

  it('are only there where something is asked', () => {
    expect(actionLinks(notice({ kind: 'resolved' }), 'channel:operations', settings)).toBeNull();
    expect(actionLinks(notice({ kind: 'information' }), 'channel:operations', settings)).toBeNull();
    expect(actionLinks(notice({ kind: 'nobody_answered' }), 'channel:operations', settings)).not.toBeNull();
  });
});
