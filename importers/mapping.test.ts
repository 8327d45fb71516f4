import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkColumns, parseMapping } from './mapping.ts';
import { createRowMapper } from './map-row.ts';
import { bindTemplate, parseTemplate } from './text-template.ts';
import { createTimeReader } from './times.ts';

const refusal = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  return '';
};

const CLICK = `
  - type: click
    occurred_at: '{time}'
    app_id: shop
    channel: '{channel}'
    user_id: '{user}'`;
const mappingOf = (events: string, more = '') => parseMapping(`name: shop\n${more}\nevents:${events}`, 'shop.yaml');

describe('a mapping that cannot be used says where and why', () => {
  it.each<[string, string, string]>([
    ['it is not YAML', 'name: [', 'shop.yaml is not YAML'],
    ['there is nothing in it', '', 'the whole file: '],
    ['it has no events', 'name: shop\nevents: []', 'events: '],
    ['a field has a wrong name', `name: shop\nevents:${CLICK}\n    chanel: x`, 'events[0]: Unrecognized key: "chanel"'],
    [
      'a brace stands alone',
      `name: shop\nevents:${CLICK.replace('{user}', '{user')}`,
      'events[0].user_id: is text with columns',
    ],
    [
      'a touchpoint has no channel',
      `name: shop\nevents:${CLICK.replace(/ +channel.*\n/, '')}`,
      'events[0].channel: is required for a click',
    ],
    [
      'nobody did it',
      `name: shop\nevents:${CLICK.replace(/\n +user_id.*/, '')}`,
      'events[0].user_id: is missing: an event needs one of user_id',
    ],
    [
      'a time zone does not exist',
      `name: shop\ntimezone: Mars/Olympus\nevents:${CLICK}`,
      'timezone: is no IANA time zone',
    ],
    [
      'revenue has no currency',
      `name: shop\nevents:${CLICK.replace('click', 'install')}\n    revenue: '{price}'`,
      'events[0].currency: is required with revenue',
    ],
  ])('%s', (_what, yaml, message) => {
    expect(refusal(() => parseMapping(yaml, 'shop.yaml'))).toContain(message);
  });

  it('a column is not in the file: the message lists the ones that are', () => {
    const message = refusal(() => checkColumns(mappingOf(CLICK), ['time', 'user'], 'shop.csv'));
    expect(message).toContain('events[0].channel: there is no column channel');
    expect(message).toContain('its columns are: time, user');
  });
});

describe('a row becomes events', () => {
  const header = ['time', 'channel', 'user'];
  const first = ['2026-01-05 10:00:00', 'search', 'u1'];
  const row = (line: number, cells: readonly string[]) => ({ line, cells });

  it('with the fields of the mapping, and without those whose cells are empty', () => {
    const mapper = createRowMapper(
      mappingOf(`${CLICK}\n    campaign: 'c-{channel}'\n    properties: { from: '{user}' }`),
      header,
      first,
    );
    const { events } = mapper(row(2, first));
    expect(events).toMatchObject([
      {
        type: 'click',
        app_id: 'shop',
        channel: 'search',
        user_id: 'u1',
        campaign: 'c-search',
        occurred_at: Date.UTC(2026, 0, 5, 10),
        properties: { from: 'u1' },
      },
    ]);
    const { events: poorer } = mapper(row(3, ['2026-01-05 10:00:00', ' ', 'u1']));
    expect(poorer[0]).not.toHaveProperty('channel');
    expect(poorer[0]).not.toHaveProperty('campaign');
  });

  it('when its conditions hold', () => {
    const install = CLICK.replace(
      'type: click',
      "when: { channel: [a, b] }\n    unless: { user: '' }\n    type: install",
    );
    const mapper = createRowMapper(mappingOf(`${CLICK}${install}`), header, first);
    const types = (channel: string, user: string) =>
      mapper(row(2, [first[0] ?? '', channel, user])).events.map(({ type }) => type);
    expect(types('a', 'u1')).toEqual(['click', 'install']);
    expect(types('c', 'u1')).toEqual(['click']);
    expect(types('b', '')).toEqual(['click']);
  });

  it('a joined identifier with an empty part is no identifier: it would make one person of many', () => {
    const mapper = createRowMapper(mappingOf(CLICK.replace('{user}', '{user}-{channel}')), header, first);
    expect(mapper(row(2, ['2026-01-05', '', 'u1'])).events[0]).not.toHaveProperty('user_id');
  });

  it('under an identity that depends on mapping, file and line, and on no identifier of a person', () => {
    const idOf = (events: string, firstRow: readonly string[], line: number) =>
      createRowMapper(mappingOf(events), header, firstRow)(row(line, first)).events[0]?.event_id;
    const id = idOf(CLICK, first, 2);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5/);
    expect(idOf(CLICK, first, 2)).toBe(id);
    expect(idOf(CLICK, ['2026-01-05 10:00:00', 'search', 'somebody else'], 2)).toBe(id);
    expect(idOf(CLICK, first, 3)).not.toBe(id);
    expect(idOf(CLICK, ['2026-01-06 10:00:00', 'search', 'u1'], 2)).not.toBe(id);
    const corrected = CLICK.replace("'{channel}'", 'paid');
    expect(idOf(corrected, first, 2)).toBe(id);
  });

  it('under the identity of its key columns wherever it stands', () => {
    const mapper = (firstRow: readonly string[]) => createRowMapper(mappingOf(CLICK, 'key: [user]'), header, firstRow);
    const [one] = mapper(first)(row(2, first)).events;
    const [other] = mapper(['2027-01-01', 'x', 'y'])(row(900, first)).events;
    expect(other?.event_id).toBe(one?.event_id);
  });
});

it('the shipped mapping of TalkingData makes a click of each row, and an install of an attributed one', () => {
  const path = new URL('./talkingdata.yaml', import.meta.url);
  const mapping = parseMapping(readFileSync(path, 'utf8'), 'talkingdata.yaml');
  const header = ['ip', 'app', 'device', 'os', 'channel', 'click_time', 'attributed_time', 'is_attributed'];
  const cells = ['87540', '12', '1', '13', '497', '2017-11-07 09:30:38', '2017-11-07 10:00:00', '1'];
  const { events } = createRowMapper(mapping, header, cells)({ line: 2, cells });
  const common = { app_id: '12', user_id: '87540-1-13' };
  expect(events).toMatchObject([
    { ...common, type: 'click', channel: '497', occurred_at: Date.UTC(2017, 10, 7, 9, 30, 38) },
    { ...common, type: 'install', occurred_at: Date.UTC(2017, 10, 7, 10) },
  ]);
  const clicked = [...cells.slice(0, 6), '', '0'];
  expect(createRowMapper(mapping, header, cells)({ line: 3, cells: clicked }).events.map(({ type }) => type)).toEqual([
    'click',
  ]);
});

it('templates fill in any text, with braces written twice', () => {
  fc.assert(
    fc.property(fc.string(), fc.string({ minLength: 1 }), (constant, cell) => {
      fc.pre(cell.trim() !== '');
      const escaped = constant.replaceAll(/[{}]/g, (brace) => brace + brace);
      const template = parseTemplate(`${escaped}{column}`);
      expect(bindTemplate(template ?? [], () => 0)([cell])).toBe(`${constant}${cell.trim()}`);
    }),
  );
});

describe('times', () => {
  it.each<[string, string, string, string | undefined]>([
    ['iso', 'UTC', '2017-11-07 09:30:38', '2017-11-07T09:30:38.000Z'],
    ['iso', 'UTC', '2017-11-07T09:30', '2017-11-07T09:30:00.000Z'],
    ['iso', 'UTC', '2017-11-07', '2017-11-07T00:00:00.000Z'],
    ['iso', 'Europe/Berlin', '2017-11-07 09:30:38.5', '2017-11-07T08:30:38.500Z'],
    ['iso', 'Europe/Berlin', '2017-07-07 09:30:38', '2017-07-07T07:30:38.000Z'],
    ['iso', 'Europe/Berlin', '2017-07-07T09:30:38+05:00', '2017-07-07T04:30:38.000Z'],
    ['iso', 'UTC', '2017-02-30 09:30:38', undefined],
    ['iso', 'UTC', 'yesterday', undefined],
    ['iso', 'UTC', '', undefined],
    ['epoch_seconds', 'UTC', '1510047038.5', '2017-11-07T09:30:38.500Z'],
    ['epoch_milliseconds', 'UTC', '1510047038000', '2017-11-07T09:30:38.000Z'],
    ['epoch_milliseconds', 'UTC', '-1', undefined],
    ['dd/MM/yyyy HH:mm', 'America/New_York', '07/11/2017 09:30', '2017-11-07T14:30:00.000Z'],
    ['dd/MM/yyyy HH:mm', 'UTC', '11/13/2017 09:30', undefined],
  ])('%s in %s: %s', (format, zone, text, expected) => {
    const time = createTimeReader(format, zone)(text);
    expect(time === undefined ? undefined : new Date(time).toISOString()).toBe(expected);
  });
});

it('a file with another delimiter is told how the mapping can name it', () => {
  const refused = refusal(() => checkColumns(mappingOf(CLICK), ['time;user;channel'], 'export.csv'));
  expect(refused).toContain('delimiter: ";"');
});

it('columns of what is no CSV at all are shown short and harmless', () => {
  const refused = refusal(() => checkColumns(mappingOf(CLICK), [`\u001b[2J${'x'.repeat(9_000)}`], 'photo.jpg'));
  expect(refused.length).toBeLessThan(1_000);
  expect(refused).not.toContain('\u001b');
});

it('bytes of another encoding are rejected where they stand in an event or its identity, and ignored elsewhere', () => {
  const header = ['time', 'user', 'channel', 'note'];
  const cells = (user: string, note: string) => ['2026-01-05 10:00:00', user, 'search', note];
  const mapRow = createRowMapper(mappingOf(CLICK), header, cells('u1', ''));
  expect(mapRow({ line: 2, cells: cells('Andr\ufffd', '') })).toMatchObject({
    events: [],
    rejects: [{ line: 2, event: 'click', code: 'invalid_utf8' }],
  });
  expect(mapRow({ line: 3, cells: cells('André', 'caf\ufffd') })).toMatchObject({
    events: [{ user_id: 'André' }],
    rejects: [],
  });
  const byNote = createRowMapper(mappingOf(CLICK, 'key: [note]'), header, cells('u1', ''));
  expect(byNote({ line: 3, cells: cells('André', 'caf\ufffd') })).toMatchObject({
    events: [],
    rejects: [{ code: 'invalid_utf8' }],
  });
});
