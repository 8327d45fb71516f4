import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, test } from 'vitest';
import { INCIDENT_COMMANDS } from '../types.ts';
import { createIncidentApp } from './app.ts';
import { openApiDocument } from './openapi.ts';
import type { IncidentPorts } from './ports.ts';

test('the OpenAPI document is valid, and every schema that it names is there', async () => {
  const document = openApiDocument();
  const result = await new Validator().validate(structuredClone(document));
  expect(result.errors ?? []).toEqual([]);
  expect(result.valid).toBe(true);
  const text = JSON.stringify(document);
  const named = [...text.matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name]) => name);
  const { schemas } = document['components'] as { schemas: Record<string, unknown> };
  expect(Object.keys(schemas)).toEqual(expect.arrayContaining(named));
  expect(Object.keys(schemas)).not.toContain('undefined');
});

test('the document names every route of the application, and no other', () => {
  const app = createIncidentApp({
    ports: {} as IncidentPorts,
    token: 'secret',
    health: () => ({ healthy: true }),
    nowMs: () => 0,
    onError: () => undefined,
  });
  const served = app.routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method.toLowerCase()} ${path.replaceAll(/:(\w+)/g, '{$1}')}`);
  const paths = openApiDocument()['paths'] as Record<string, Record<string, unknown>>;
  const written = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  expect(written.toSorted()).toEqual(served.toSorted());
  for (const name of INCIDENT_COMMANDS) expect(served).toContain(`post /v1/incidents/{id}/${name}`);
});
