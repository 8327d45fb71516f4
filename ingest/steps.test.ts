import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { UnmogrowpError } from '../errors.ts';
import type { EventRow } from '../events/row.ts';
import type { WriteKeyOwner } from '../postgres/write-keys.ts';
import { createAuthenticator } from './authenticate.ts';
import { createPublisher } from './publish-records.ts';
import { createRateLimiter } from './rate-limit.ts';
import { bodyFormat, inflateBody, isGzip, readEvents } from './read-events.ts';
import { type EventRecord, joinRecords, packRecords } from './records.ts';
import type { Spool, SpooledRecord } from './spool/spool.ts';

describe('write keys in the process', () => {
  const owner: WriteKeyOwner = {
    tenant_id: 'acme',
    user_key_secret: Buffer.alloc(32),
    events_per_second_max: 1,
    identity_priority: ['user_id'],
    revoked_at: null,
  };
  const key = `umg_${'k'.repeat(32)}`;
  const build = () => {
    const control = { nowMs: 0, asked: 0, answer: (): WriteKeyOwner | undefined => owner };
    const authenticate = createAuthenticator({
      keyCacheMs: 5_000,
      nowMs: () => control.nowMs,
      findOwner: () => {
        control.asked += 1;
        return Promise.resolve().then(() => control.answer());
      },
    });
    return { control, check: async (header: string | undefined) => (await authenticate(header)).refusal?.code };
  };
  const away = (): never => {
    throw new UnmogrowpError('postgres_unavailable', 'away');
  };

  it('are asked for once at a time, and again after the cache time', async () => {
    const { control, check } = build();
    expect(await Promise.all([check(`Bearer ${key}`), check(`bearer ${key}`)])).toEqual([undefined, undefined]);
    control.nowMs = 4_999;
    await check(`Bearer ${key}`);
    expect(control.asked).toBe(1);
    control.nowMs = 5_000;
    await check(`Bearer ${key}`);
    expect(control.asked).toBe(2);
  });

  it('are refused at most 10 s after they were revoked, however rarely they are used', async () => {
    const { control, check } = build();
    await check(`Bearer ${key}`);
    control.answer = () => undefined;
    control.nowMs = 9_999;
    await check(`Bearer ${key}`);
    control.nowMs = 10_000;
    expect(await check(`Bearer ${key}`)).toBe('key_unknown');
    const second = build();
    await second.check(`Bearer ${key}`);
    second.control.answer = () => undefined;
    second.control.nowMs = 10_000;
    expect(await second.check(`Bearer ${key}`)).toBe('key_unknown');
  });

  it('end at the moment that is set for them', async () => {
    const { control, check } = build();
    control.answer = () => ({ ...owner, revoked_at: new Date(1_000) });
    expect(await check(`Bearer ${key}`)).toBeUndefined();
    control.nowMs = 1_000;
    expect(await check(`Bearer ${key}`)).toBe('key_unknown');
  });

  it('keep working without Postgres for as long as they may be believed, then 503 and never 401', async () => {
    const { control, check } = build();
    await check(`Bearer ${key}`);
    control.answer = away;
    control.nowMs = 9_000;
    expect(await check(`Bearer ${key}`)).toBeUndefined();
    control.nowMs = 10_000;
    expect(await check(`Bearer ${key}`)).toBe('unavailable');
    expect(await check(`Bearer umg_${'o'.repeat(32)}`)).toBe('unavailable');
    control.answer = () => owner;
    expect(await check(`Bearer ${key}`)).toBeUndefined();
  });

  it('that are unknown are not asked for again at once, and work soon after they were made', async () => {
    const { control, check } = build();
    control.answer = () => undefined;
    expect([await check(`Bearer ${key}`), await check(`Bearer ${key}`)]).toEqual(['key_unknown', 'key_unknown']);
    expect(control.asked).toBe(1);
    control.answer = () => owner;
    control.nowMs = 1_000;
    expect(await check(`Bearer ${key}`)).toBeUndefined();
    expect([await check(undefined), await check('Basic x'), await check('Bearer x')]).toEqual([
      'key_missing',
      'key_missing',
      'key_unknown',
    ]);
    expect(control.asked).toBe(2);
  });
});

describe('the rate of a tenant', () => {
  it('is limited without touching another tenant, and says how long to wait', () => {
    let nowMs = 0;
    const limiter = createRateLimiter(() => nowMs);
    expect(limiter.take('loud', 200, 100)).toBe(0);
    expect(limiter.take('loud', 100, 100)).toBe(1);
    expect(limiter.take('quiet', 100, 100)).toBe(0);
    nowMs = 1_000;
    expect(limiter.take('loud', 100, 100)).toBe(0);
    expect(limiter.take('loud', 150, 100)).toBe(2);
  });

  it('lets a request through that is larger than the bucket, once it is full', () => {
    let nowMs = 0;
    const limiter = createRateLimiter(() => nowMs);
    expect(limiter.take('small', 1_000, 10)).toBe(0);
    expect(limiter.take('small', 1, 10)).toBe(99);
    nowMs = 99_000;
    expect(limiter.take('small', 1, 10)).toBe(0);
  });
});

describe('records', () => {
  const row = (user: number, properties = '{}'): EventRow => ({
    tenant_id: 'acme',
    app_id: 'shop',
    user_key: `00000000-0000-0000-0000-${String(user).padStart(12, '0')}`,
    occurred_at: 1_767_607_092_250,
    event_id: `00000000-0000-0000-0001-${String(user).padStart(12, '0')}`,
    event_type: 'click',
    name: '',
    channel: 'search',
    campaign: '',
    ad_group: '',
    creative: '',
    country: '',
    platform: '',
    revenue: '0',
    currency: '',
    identifier_type: 'user_id',
    properties,
    received_at: 1_767_607_092_250,
    trace_id: '0af7651916cd43dd8448eb211c80319c',
  });
  const context = { tenantId: 'acme', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };

  it('hold the lines of one partition in their order, each once, and say how many', () => {
    const rows = Array.from({ length: 200 }, (_, user) => row(user));
    const records = packRecords(rows, 8, context);
    expect(records).toHaveLength(8);
    const lines = records.flatMap(({ value }) => value.toString().split('\n'));
    expect(lines).toHaveLength(200);
    expect(new Set(lines.map((line) => (JSON.parse(line) as string[])[4])).size).toBe(200);
    for (const { value, headers } of records) {
      const users = value
        .toString()
        .split('\n')
        .map((line) => (JSON.parse(line) as string[])[2]);
      expect(users).toEqual(users.toSorted((left = '', right = '') => left.localeCompare(right)));
      expect(headers).toEqual({
        ...context,
        tenantId: undefined,
        tenant_id: 'acme',
        row_count: String(users.length),
        row_format: '1',
        received_at: '1767607092250',
      });
    }
  });

  it('weigh at most 64 KiB, also with text of many bytes', () => {
    const properties = JSON.stringify({ text: '€'.repeat(2_700) });
    const records = packRecords(
      Array.from({ length: 60 }, () => row(1, properties)),
      4,
      context,
    );
    const sizes = records.map(({ value }) => value.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(65_536);
    expect(Math.max(...sizes)).toBeGreaterThan(55_000);
    expect(records.reduce((sum, { headers }) => sum + Number(headers['row_count']), 0)).toBe(60);
  });
});

describe('records of several requests', () => {
  const unsampled = (request: number) => `00-${String(request).padStart(32, '0')}-b7ad6b7169203331-00`;
  const record = (
    text: string,
    more: Partial<EventRecord> = {},
    headers: Record<string, string> = {},
  ): EventRecord => ({
    partition: 0,
    value: Buffer.from(text),
    headers: { traceparent: unsampled(1), tenant_id: 'acme', row_count: '1', row_format: '1', ...headers },
    ...more,
  });
  const shown = (records: readonly EventRecord[]) =>
    joinRecords(records).map(({ partition, value, headers }) => [
      `${partition} ${headers['tenant_id']} ${headers['row_count']}`,
      value.toString(),
    ]);

  it('become one for each partition and tenant, in their order', () => {
    const sent = [
      record('a'),
      record('b', { partition: 1 }),
      record('c\nd', {}, { row_count: '2', traceparent: unsampled(2) }),
      record('e', {}, { tenant_id: 'beta' }),
      record('f', { partition: 1 }),
      record('g', {}, { spooled: '1' }),
      record('h', {}, { row_format: '2' }),
      record('i', {}, { received_at: '3599999' }),
      record('j', {}, { received_at: '3600000' }),
    ];
    expect(shown(sent)).toEqual([
      ['0 acme 3', 'a\nc\nd'],
      ['1 acme 2', 'b\nf'],
      ['0 beta 1', 'e'],
      ['0 acme 1', 'g'],
      ['0 acme 1', 'h'],
      ['0 acme 1', 'i'],
      ['0 acme 1', 'j'],
    ]);
    expect(joinRecords(sent)[0]?.headers).toEqual({ ...sent[0]?.headers, row_count: '3' });
  });

  it('say the one trace among theirs that is recorded, from which the sink goes on, and nothing overtakes them', () => {
    const sampled = (number: number) => unsampled(number).replace(/00$/, '01');
    const sent = [
      record('a'),
      record('b', {}, { traceparent: sampled(2) }),
      record('c'),
      record('d', {}, { traceparent: sampled(3) }),
      record('e', {}, { traceparent: sampled(4) }),
      record('f', { partition: 1 }),
    ];
    expect(shown(sent)).toEqual([
      ['0 acme 3', 'a\nb\nc'],
      ['0 acme 1', 'd'],
      ['0 acme 1', 'e'],
      ['1 acme 1', 'f'],
    ]);
    expect(joinRecords(sent).map(({ headers }) => headers['traceparent'])).toEqual([
      sampled(2),
      sampled(3),
      sampled(4),
      unsampled(1),
    ]);
    expect(sent[0]?.headers['traceparent']).toBe(unsampled(1));
  });

  it('weigh at most 64 KiB together', () => {
    const sent = Array.from({ length: 10 }, (_, index) => record(String(index).repeat(20_000)));
    const joined = joinRecords(sent);
    expect(joined.map(({ value }) => value.length)).toEqual([60_002, 60_002, 60_002, 20_000]);
    expect(joined.map(({ value }) => value.toString()).join('\n')).toBe(
      sent.map(({ value }) => value.toString()).join('\n'),
    );
  });
});

describe('a body', () => {
  const bytes = (text: string) => Buffer.from(text);
  const codeOf = (text: string, format: 'json' | 'ndjson' = 'json') => readEvents(bytes(text), format).refusal?.code;

  it('is JSON or NDJSON in UTF-8, as it is or with gzip', async () => {
    expect([bodyFormat('application/json; charset=utf-8'), bodyFormat('Application/X-NDJSON')]).toEqual([
      'json',
      'ndjson',
    ]);
    for (const type of [undefined, 'text/plain', 'application/json; charset=latin1', 'application/jsonp']) {
      expect(bodyFormat(type)).toMatchObject({ code: 'unsupported_media_type' });
    }
    expect([isGzip(undefined), isGzip('identity'), isGzip('GZIP')]).toEqual([false, false, true]);
    expect(isGzip('gzip, gzip')).toMatchObject({ code: 'unsupported_encoding' });
    expect(await inflateBody(gzipSync('x'))).toEqual(bytes('x'));
    expect(await inflateBody(gzipSync(Buffer.alloc(1_048_577)))).toMatchObject({ code: 'body_too_large' });
    expect(await inflateBody(gzipSync(Buffer.alloc(1_048_576)))).toHaveLength(1_048_576);
    expect(await inflateBody(gzipSync('x').subarray(0, 15))).toMatchObject({ code: 'malformed_json' });
  });

  it('is refused as a whole when it is not a list of events', () => {
    for (const text of ['', '{', 'null', '[]', '{"events":{}}', '{"events":[1}'])
      expect(codeOf(text)).toBe('malformed_json');
    expect(readEvents(Buffer.from([0x7b, 0xff]), 'json').refusal?.code).toBe('invalid_utf8');
    expect(codeOf('{"events":[]}')).toBe('no_usable_event');
    expect(codeOf(JSON.stringify({ events: Array.from({ length: 1_001 }, () => 1) }))).toBe('too_many_events');
    expect(codeOf('1\n'.repeat(1_001), 'ndjson')).toBe('too_many_events');
    expect(codeOf('1\n'.repeat(1_000), 'ndjson')).toBeUndefined();
  });

  it('of lines loses only the lines that are broken', () => {
    const lines = Buffer.concat([bytes('{"a":1}\r\n\n{"b":\n'), Buffer.from([0xff, 0x0a]), bytes('{"c":3}')]);
    const { entries } = readEvents(lines, 'ndjson');
    expect(entries?.map((entry) => entry.event ?? entry.rejection?.code)).toEqual([
      { a: 1 },
      'malformed_event',
      'malformed_event',
      { c: 3 },
    ]);
  });
});

describe('publishing', () => {
  const records: EventRecord[] = [{ partition: 0, value: Buffer.from('x'), headers: { a: '1' } }];
  const build = () => {
    const spooled: SpooledRecord[] = [];
    const control = { produced: 0, kafka: true, room: true };
    const spool: Spool = {
      id: 'x',
      state: () => ({ records: spooled.length, bytes: 0, oldestReceivedAt: undefined }),
      append: (added) => {
        if (!control.room) return Promise.reject(new UnmogrowpError('spool_full', 'full'));
        spooled.push(...added);
        return Promise.resolve();
      },
      held: () => [],
      hasRoom: () => control.room,
      readBatch: () => Promise.resolve(undefined),
      close: () => Promise.resolve(),
    };
    const produce = () => {
      control.produced += 1;
      return control.kafka ? Promise.resolve() : Promise.reject(new UnmogrowpError('kafka_unavailable', 'away'));
    };
    return { control, spooled, publish: createPublisher({ produce, spool, onError: () => {} }) };
  };

  it('goes to the spool when Kafka is away, and stays behind what the spool holds', async () => {
    const { control, spooled, publish } = build();
    expect(await publish(records, 5)).toEqual({ to: 'kafka' });
    control.kafka = false;
    expect(await publish(records, 6)).toEqual({ to: 'spool' });
    expect(spooled).toEqual([{ ...records[0], headers: { a: '1', spooled: '1' }, receivedAt: 6 }]);
    control.kafka = true;
    expect(await publish(records, 7)).toEqual({ to: 'spool' });
    expect(control.produced).toBe(2);
  });

  it('is refused, never promised, when neither takes it', async () => {
    const { control, publish } = build();
    control.kafka = false;
    control.room = false;
    expect(await publish(records, 5)).toMatchObject({ error: { code: 'spool_full' } });
  });
});
