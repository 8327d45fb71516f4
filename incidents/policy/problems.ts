import { type Document, type LineCounter, type Node, isAlias, isMap, isNode, isScalar, isSeq } from 'yaml';

export type Path = readonly (string | number)[];

/** What is wrong at a place of the document; nothing in it names a person. */
export interface Finding {
  readonly path: Path;
  /** With an error the file is not used; a warning is for whoever reads it. */
  readonly severity: 'error' | 'warning';
  readonly message: string;
}

/** The same with its line in the file, counted from 1. */
export interface PolicyProblem {
  readonly path: string;
  readonly line: number;
  readonly severity: 'error' | 'warning';
  readonly message: string;
}

export type LineOf = (path: Path) => number;

export const error = (path: Path, message: string): Finding => ({ path, severity: 'error', message });
export const warning = (path: Path, message: string): Finding => ({ path, severity: 'warning', message });

/** Findings with their lines, in the order of the file. */
export function problemsAt(findings: readonly Finding[], lineOf: LineOf): PolicyProblem[] {
  return findings
    .map(({ path, severity, message }) => ({ path: path.join('.'), line: lineOf(path), severity, message }))
    .toSorted((left, right) => left.line - right.line);
}

export const hasErrors = (problems: readonly PolicyProblem[]): boolean =>
  problems.some(({ severity }) => severity === 'error');

/** A problem as compilers print it, so that editors can jump to it. */
export const problemText = (file: string, { line, severity, path, message }: PolicyProblem): string =>
  `${file}:${line}: ${severity}: ${path === '' ? '' : `${path} `}${message}`;

/** Where the places of a document stand; what is missing stands where the last thing around it does. */
export function linesOf(document: Document, counter: LineCounter): LineOf {
  const lineAt = (node: unknown): number | undefined =>
    isNode(node) && node.range ? counter.linePos(node.range[0]).line : undefined;
  return (path) => {
    let node: unknown = document.contents;
    let line = lineAt(node) ?? 1;
    for (const part of path) {
      const { at, value } = partOf(isAlias(node) ? node.resolve(document) : node, part);
      if (at === undefined) break;
      line = lineAt(at) ?? line;
      node = value;
    }
    return line;
  };
}

/** The node at which a part of a container begins (the key of a map), and its value. */
function partOf(node: unknown, part: string | number): { at?: Node | undefined; value?: unknown } {
  if (isSeq(node)) {
    const item: unknown = node.items[Number(part)];
    return isNode(item) ? { at: item, value: item } : {};
  }
  if (!isMap(node)) return {};
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
  return pair !== undefined && isNode(pair.key) ? { at: pair.key, value: pair.value } : {};
}
