import { z } from 'zod';

const OPERATORS = ['=', '!=', '=~', '!~'] as const;

/** One condition on a label, as Alertmanager writes it. */
export interface Matcher {
  readonly label: string;
  readonly operator: (typeof OPERATORS)[number];
  readonly value: string;
}

export type Labels = Readonly<Record<string, string>>;

// Longer operators first, or `=~` would be `=` and a value that begins with `~`.
const PATTERN = /^\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"'`{}!=~,\\]+))\s*$/s;
const FLAGS = /^\(\?([is]{1,2})\)/;

/** What a text such as `severity=~"critical|warning"` asks for; otherwise why it is no matcher. */
export function parseMatcher(text: string): Matcher | { readonly problem: string } {
  const found = PATTERN.exec(text);
  if (found === null) return { problem: 'has to be a matcher such as severity="critical" or alertname=~"Sink.*"' };
  const [, label = '', operator = '=', quoted, bare = ''] = found;
  const value = quoted === undefined ? bare : unescaped(quoted);
  const matcher = { label, operator: operator as Matcher['operator'], value };
  const isPattern = operator === '=~' || operator === '!~';
  return isPattern && patternOf(value) === undefined ? { problem: 'holds no regular expression' } : matcher;
}

/**
 * Whether labels meet all matchers. As in Alertmanager a label that is not there is empty, and a regular expression has
 * to fit the whole value.
 */
export const matchesAll = (matchers: readonly string[], labels: Labels): boolean =>
  matchers.every((text) => {
    const matcher = parseMatcher(text);
    return !('problem' in matcher) && matches(matcher, labels);
  });

/** A list of matchers, kept as text. */
export const matchersSchema = z.array(
  z.string().superRefine((text, context) => {
    const matcher = parseMatcher(text);
    if ('problem' in matcher) context.addIssue({ code: 'custom', message: matcher.problem });
  }),
);

function matches({ label, operator, value }: Matcher, labels: Labels): boolean {
  const actual = Object.hasOwn(labels, label) ? (labels[label] ?? '') : '';
  switch (operator) {
    case '=':
      return actual === value;
    case '!=':
      return actual !== value;
    case '=~':
      return patternOf(value)?.test(actual) ?? false;
    case '!~':
      return !(patternOf(value)?.test(actual) ?? true);
  }
}

/** Alertmanager's expressions may begin with flags, which JavaScript wants elsewhere. */
function patternOf(value: string): RegExp | undefined {
  const flags = FLAGS.exec(value)?.[1] ?? '';
  try {
    return new RegExp(`^(?:${value.replace(FLAGS, '')})$`, `u${[...new Set(flags)].join('')}`);
  } catch {
    return undefined;
  }
}

const unescaped = (text: string): string =>
  text.replaceAll(/\\(.)/gs, (_, character: string) => {
    if (character === 'n') return '\n';
    // A backslash of a regular expression, such as in `\d` and `\.`, stays.
    return character === '"' || character === '\\' ? character : `\\${character}`;
  });
