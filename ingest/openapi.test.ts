import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { openApiDocument } from './openapi.ts';

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1 and names every field of an event', async () => {
    const document = openApiDocument();
    const result = await new Validator().validate(structuredClone(document));
    expect(result.errors ?? []).toEqual([]);
    expect(result.valid).toBe(true);
    for (const field of ['event_id', 'occurred_at', 'ad_group', 'anonymous_id', 'revenue']) {
      expect(JSON.stringify(document)).toContain(`"${field}":`);
    }
  });
});
