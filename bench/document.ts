import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const DOCUMENT = new URL('../docs/benchmarks.md', import.meta.url);

const HEAD = `# Benchmarks

Written by \`npm run bench\`; a section is replaced when its bench runs. Each bench starts its own real parts and measures
against a floor in the same run, so that the ratio means something on another machine too.
`;

/** Replaces the section of one bench in docs/benchmarks.md and keeps those of the others. */
export function writeSection(name: string, text: string, order: readonly string[]): void {
  const old = existsSync(DOCUMENT) ? readFileSync(DOCUMENT, 'utf8') : '';
  const sections = new Map(order.map((other) => [other, readSection(old, other)]));
  sections.set(name, text);
  const written = order.flatMap((other) => {
    const section = sections.get(other);
    return section === undefined ? [] : [`<!-- ${other} -->\n\n${section}\n\n<!-- end of ${other} -->\n`];
  });
  writeFileSync(DOCUMENT, [HEAD, ...written].join('\n'));
}

function readSection(document: string, name: string): string | undefined {
  const [start, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`].map((mark) => document.indexOf(mark));
  if (start === undefined || end === undefined || start < 0 || end < start) return undefined;
  return document.slice(start + `<!-- ${name} -->`.length, end).trim();
}
