import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parseSync } from 'oxc-parser';

/** What the code of one workflow is made of, as far as it can change which commands the workflow gives. */
export interface WorkflowCode {
  fingerprint: string;
  /** Names of the patches that its code asks for. */
  patches: string[];
}

type Node = { type: string } & Record<string, unknown>;

const ENTRIES = ['workflows/index.ts', 'workflows/incidents-index.ts'];
/** Where something stands, how it was written, and what Node erases. */
const WITHOUT_EFFECT = new Set([
  'start',
  'end',
  'range',
  'loc',
  'raw',
  'parent',
  'typeAnnotation',
  'typeArguments',
  'typeParameters',
  'returnType',
  'implements',
  'declare',
  'definite',
  'accessibility',
  'readonly',
  'override',
]);
const TYPES_ONLY = new Set(['TSInterfaceDeclaration', 'TSTypeAliasDeclaration']);
const WRAPPERS = new Set(['TSAsExpression', 'TSSatisfiesExpression', 'TSNonNullExpression', 'ParenthesizedExpression']);
const PATCH_CALLS = new Set(['patched', 'deprecatePatch']);

/** The code of every workflow that the bundle of a worker exports, by its name. */
export function workflowCodes(root: string): Record<string, WorkflowCode> {
  const entries = ENTRIES.flatMap((entry) =>
    statementsOf(root, entry).flatMap((statement) => exportsOf(statement, dirname(entry))),
  );
  return Object.fromEntries(
    entries
      .toSorted((left, right) => (left.name < right.name ? -1 : 1))
      .map(({ name, file }) => [name, codeOf(root, file)]),
  );
}

function exportsOf(statement: Node, folder: string): { name: string; file: string }[] {
  if (statement.type !== 'ExportNamedDeclaration' || statement['source'] === null) return [];
  const file = join(folder, nodeIn(statement, 'source')['value'] as string);
  return nodesIn(statement, 'specifiers').map((specifier) => ({
    name: nodeIn(specifier, 'exported')['name'] as string,
    file,
  }));
}

/**
 * Comments, formatting, types, the order of declarations and the words for people do not count: none of them can change
 * a command. All else does, in every module that the workflow reaches.
 */
function codeOf(root: string, entry: string): WorkflowCode {
  const patches = new Set<string>();
  const statements = modulesFrom(root, entry).flatMap((file) =>
    statementsOf(root, file).flatMap((statement) => {
      collectPatches(statement, patches);
      return canonical(statement);
    }),
  );
  const hash = createHash('sha256').update(statements.toSorted().join('\n'));
  return { fingerprint: hash.digest('hex').slice(0, 16), patches: [...patches].toSorted() };
}

function modulesFrom(root: string, entry: string): string[] {
  const found = [entry];
  for (const file of found) {
    for (const statement of statementsOf(root, file)) {
      const source = isValueImport(statement) ? (nodeIn(statement, 'source')['value'] as string) : '';
      if (!source.startsWith('.')) continue;
      const target = relative(root, resolve(root, dirname(file), source));
      if (!found.includes(target)) found.push(target);
    }
  }
  return found;
}

function isValueImport(statement: Node): boolean {
  if (statement.type === 'ExportNamedDeclaration' || statement.type === 'ExportAllDeclaration') {
    return statement['source'] !== null && statement['exportKind'] !== 'type';
  }
  if (statement.type !== 'ImportDeclaration' || statement['importKind'] === 'type') return false;
  const specifiers = nodesIn(statement, 'specifiers');
  return specifiers.length === 0 || specifiers.some(({ importKind }) => importKind !== 'type');
}

function statementsOf(root: string, file: string): Node[] {
  const { program, errors } = parseSync(file, readFileSync(join(root, file), 'utf8'));
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message ?? 'cannot be parsed'}`);
  return program.body as unknown as Node[];
}

/** One text for each declaration, or none for what has no effect of its own. */
function canonical(statement: Node): string[] {
  if (TYPES_ONLY.has(statement.type)) return [];
  if (statement.type === 'ImportDeclaration') return renamedImports(statement);
  const declaration = statement['declaration'] as Node | null | undefined;
  if (statement.type === 'ExportNamedDeclaration' && declaration) return canonical(declaration);
  return [JSON.stringify(reduced(statement))];
}

/** Which module a name comes from may change when a function moves; what it stands for may not. */
function renamedImports(statement: Node): string[] {
  return nodesIn(statement, 'specifiers').flatMap((specifier) => {
    const imported = specifier['imported'] as Node | undefined;
    const local = nodeIn(specifier, 'local')['name'] as string;
    const isRenamed = imported !== undefined && imported['name'] !== local && specifier['importKind'] !== 'type';
    return isRenamed ? [`import ${String(imported['name'])} as ${local}`] : [];
  });
}

function reduced(value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (Array.isArray(value)) return value.map(reduced);
  if (!isNode(value)) return value;
  if (WRAPPERS.has(value.type)) return reduced(value['expression']);
  if (value.type === 'Literal' && typeof value['value'] === 'string') return wordless(value['value']);
  if (value.type === 'TemplateElement') return wordless((value['value'] as { cooked: string }).cooked);
  // `name?: type` of a parameter; the same word is an operator elsewhere.
  const isErased = (key: string): boolean =>
    WITHOUT_EFFECT.has(key) || (key === 'optional' && value.type === 'Identifier');
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !isErased(key))
      .map(([key, child]) => [key, reduced(child)]),
  );
}

/** A text with a space in it is for people, or a length of time: no name of an activity, a timer or a patch. */
const wordless = (text: string): string => (/\s/.test(text) ? ' ' : text);

function collectPatches(value: unknown, patches: Set<string>): void {
  if (Array.isArray(value)) value.forEach((child) => collectPatches(child, patches));
  if (!isNode(value)) return;
  if (value.type === 'CallExpression' && PATCH_CALLS.has(String(nodeIn(value, 'callee')['name']))) {
    patches.add(String(nodesIn(value, 'arguments')[0]?.['value']));
  }
  Object.values(value).forEach((child) => collectPatches(child, patches));
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && 'type' in value;
const nodeIn = (node: Node, key: string): Node => node[key] as Node;
const nodesIn = (node: Node, key: string): Node[] => (node[key] as Node[] | undefined) ?? [];
