import { type Labels, matchesAll } from './matchers.ts';
import type { Policy, PolicyDocument } from './schema.ts';

/** The policy of an alert: the first one whose matchers all meet its labels; undefined when the document has none. */
export const selectPolicy = ({ policies }: PolicyDocument, labels: Labels): Policy | undefined =>
  policies.find(({ matchers }) => matchesAll(matchers, labels));
