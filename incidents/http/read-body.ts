import type { z } from 'zod';

/** As many problems are named as somebody mends at once. */
const PROBLEMS_MAX = 5;

export type ReadBody<Data> =
  { readonly data: Data; readonly problem?: never } | { readonly problem: string; readonly data?: never };

/** What was sent as its schema reads it, or what is wrong with it, by the names of fields and never by their values. */
export function readBody<Schema extends z.ZodType>(schema: Schema, sent: unknown): ReadBody<z.output<Schema>> {
  const result = schema.safeParse(sent, { error: ({ input }) => (input === undefined ? 'is required' : undefined) });
  return result.success ? { data: result.data } : { problem: problemOf(result.error) };
}

function problemOf({ issues }: z.ZodError): string {
  const named = issues.slice(0, PROBLEMS_MAX).map(({ path, message }) => `${path.join('.') || 'the body'}: ${message}`);
  const more = issues.length - named.length;
  return [...named, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}
