import { z } from 'zod';
import { UnmogrowpError } from '../../errors.ts';
import type { LokiAddress } from '../../otel/loki.ts';
import { type Asked, askJson } from './ask-json.ts';

const LOKI: Asked = { name: 'Loki', code: 'loki_unavailable' };

const countsSchema = z.object({
  resultType: z.literal('vector'),
  result: z.array(
    z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.coerce.number()]) }),
  ),
});

/** How many lines of a kind there are. */
export interface LineCount {
  readonly labels: Readonly<Record<string, string>>;
  readonly lines: number;
}

/** Where Loki is. Throws `configuration_invalid` where nobody has said. */
export function lokiAddress(address: LokiAddress | undefined): LokiAddress {
  if (address !== undefined) return address;
  throw new UnmogrowpError('configuration_invalid', 'LOKI_URL is not set');
}

/** Counts lines by LogQL at a moment, the most first. Throws `loki_unavailable`. */
export async function countLines(
  address: LokiAddress,
  question: { query: string; atMs: number },
  signal: AbortSignal,
): Promise<LineCount[]> {
  const url = new URL('/loki/api/v1/query', address.url);
  url.searchParams.set('query', question.query);
  url.searchParams.set('time', `${question.atMs}000000`);
  const { result } = await askJson(LOKI, { url, headers: headersOf(address), schema: countsSchema, signal });
  return result
    .map(({ metric, value }) => ({ labels: metric, lines: value[1] }))
    .toSorted((left, right) => right.lines - left.lines);
}

function headersOf({ username, password, tenant }: LokiAddress): Record<string, string> {
  const credentials = Buffer.from(`${username ?? ''}:${password ?? ''}`).toString('base64');
  return {
    ...(username === undefined ? {} : { authorization: `Basic ${credentials}` }),
    ...(tenant === undefined ? {} : { 'x-scope-orgid': tenant }),
  };
}
