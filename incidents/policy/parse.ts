import { LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { type Finding, type LineOf, type PolicyProblem, error, linesOf, problemsAt } from './problems.ts';
import { type PolicyDocument, policySchema } from './schema.ts';

/** A policy file as it was read; without errors it has a document. */
export interface ParsedPolicy {
  readonly document: PolicyDocument | undefined;
  readonly problems: readonly PolicyProblem[];
  readonly lineOf: LineOf;
}

type Issue = z.core.$ZodIssue;

/** Reads the text of a policy file. What the document refers to is judged by `checkPolicy`. */
export function parsePolicy(text: string): ParsedPolicy {
  const counter = new LineCounter();
  const yaml = parseDocument(text, { lineCounter: counter, prettyErrors: false });
  const lineOf = linesOf(yaml, counter);
  const problems = [...yaml.errors, ...yaml.warnings].map((thrown): PolicyProblem => {
    const severity = thrown.name === 'YAMLWarning' ? 'warning' : 'error';
    return { path: '', line: Math.max(1, counter.linePos(thrown.pos[0]).line), severity, message: thrown.message };
  });
  if (yaml.errors.length > 0) return { document: undefined, problems, lineOf };
  const { value, findings } = valueOf(() => yaml.toJS() as unknown);
  if (findings.length > 0) return { document: undefined, problems: problemsAt(findings, lineOf), lineOf };
  const result = policySchema.safeParse(value, { error: messageOf });
  if (result.success) return { document: result.data, problems, lineOf };
  return {
    document: undefined,
    problems: [...problems, ...problemsAt(result.error.issues.flatMap(findingsOf), lineOf)],
    lineOf,
  };
}

/** An alias without its anchor, or so many that they would fill the memory, is found only here. */
function valueOf(read: () => unknown): { value?: unknown; findings: Finding[] } {
  try {
    return { value: read(), findings: [] };
  } catch (thrown) {
    return { findings: [error([], thrown instanceof Error ? thrown.message : String(thrown))] };
  }
}

function findingsOf(issue: Issue): Finding[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => error([...pathOf(issue), key], 'is no setting of the policy file'));
  }
  if (issue.code === 'invalid_union') return unionFindings(issue);
  return [error(pathOf(issue), issue.message)];
}

/** Of a choice only the form that was meant is talked about: the one with the fewest faults, if there is just one. */
function unionFindings(issue: Extract<Issue, { code: 'invalid_union' }>): Finding[] {
  const forms = issue.errors.map((issues) => ({ issues, faults: issues.reduce((sum, one) => sum + faultsOf(one), 0) }));
  const least = Math.min(...forms.map(({ faults }) => faults));
  const [meant, ...others] = forms.filter(({ faults }) => faults === least);
  if (meant === undefined || others.length > 0 || least === Infinity) return [error(pathOf(issue), issue.message)];
  return meant.issues.flatMap((inner) => findingsOf({ ...inner, path: [...issue.path, ...inner.path] } as Issue));
}

/** A value of another type at the place itself is another form. */
function faultsOf(issue: Issue): number {
  if (issue.path.length === 0 && issue.code === 'unrecognized_keys') return issue.keys.length;
  const isOther = issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value');
  return isOther ? Infinity : 1;
}

const pathOf = ({ path }: { path: readonly PropertyKey[] }): (string | number)[] =>
  path.map((part) => (typeof part === 'symbol' ? String(part) : part));

/** Words for what the schema has none of its own for; values are never repeated, one may be a secret in the wrong place. */
function messageOf(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_type') {
    return issue.input === undefined ? 'is missing' : `has to be ${TYPES[issue.expected] ?? issue.expected}`;
  }
  if (issue.code === 'invalid_value') {
    return issue.input === undefined ? 'is missing' : `has to be one of ${issue.values.map(String).join(', ')}`;
  }
  if (issue.code === 'too_small') {
    return issue.origin === 'array' ? `needs at least ${issue.minimum}` : `has to be at least ${issue.minimum}`;
  }
  if (issue.code === 'too_big') {
    return issue.origin === 'array' ? `may hold ${issue.maximum} at most` : `has to be at most ${issue.maximum}`;
  }
  return undefined;
}

const TYPES: Readonly<Record<string, string>> = {
  array: 'a list',
  object: 'a map of settings',
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};
