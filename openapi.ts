import { z } from 'zod';

/** A part of an OpenAPI document. */
export type Json = Record<string, unknown>;

export const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });

/** An answer with a body of this schema. */
export const answer = (description: string, schema: string): Json => ({
  description,
  content: { 'application/json': { schema: ref(schema) } },
});

/** The header of an answer after which the same request may be taken. */
export const RETRY_AFTER = {
  'Retry-After': { description: 'Seconds to wait before the same request.', schema: { type: 'integer', minimum: 1 } },
};

/** A question that monitoring asks: what each status means, with any body. */
export const probe = (operationId: string, summary: string, responses: Record<number, string>): Json => ({
  operationId,
  summary,
  responses: Object.fromEntries(
    Object.entries(responses).map(([status, description]) => [
      status,
      { description, content: { 'application/json': { schema: { type: 'object' } } } },
    ]),
  ),
});

/** A schema as the JSON Schema of what a client sends. */
export function jsonSchema(schema: z.ZodType): Json {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return json;
}
