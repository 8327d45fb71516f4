import { readFileSync } from 'node:fs';
import { parsePolicy } from '../../incidents/policy/parse.ts';
import type { PolicyDocument } from '../../incidents/policy/schema.ts';

const page = readFileSync(new URL('../../docs/incident-policy.md', import.meta.url), 'utf8');

/** The example of docs/incident-policy.md as it stands there. */
export const EXAMPLE_TEXT = /^```yaml\n([\s\S]*?)^```$/m.exec(page)?.[1] ?? '';

/** The variables that it names. */
export const EXAMPLE_ENVIRONMENT = {
  ADA_PAGERDUTY_KEY: 'key of ada',
  GRACE_HOOK_URL: 'http://127.0.0.1:1/grace',
  GRACE_HOOK_SECRET: 'secret of grace',
  ROOM_SLACK_URL: 'http://127.0.0.1:1/room',
};

/** The example as a document. */
export function exampleDocument(): PolicyDocument {
  const { document } = parsePolicy(EXAMPLE_TEXT);
  if (document === undefined) throw new Error('The example of docs/incident-policy.md cannot be parsed.');
  return document;
}
