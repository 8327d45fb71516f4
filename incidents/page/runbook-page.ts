/** What every page of `runbooks/` has, in this order. */
const SECTIONS = ['Meaning', 'Impact', 'Diagnosis', 'Mitigation', 'Verify'] as const;
type Section = (typeof SECTIONS)[number];

const LANGUAGES = ['sh', 'sql', 'promql', 'logql'] as const;
type Language = (typeof LANGUAGES)[number];

/** A command that somebody pastes, and what has to come of it. */
export interface RunbookBlock {
  readonly id: string;
  readonly section: Section;
  readonly language: Language;
  readonly text: string;
  /** Some rows, none, or a text that fits. */
  readonly expect: 'some' | 'none' | RegExp;
  /** The same for people: the line below the block. */
  readonly expected: string;
}

/** A page that tells what to do about the alert of its name. */
export interface RunbookPage {
  readonly title: string;
  readonly blocks: readonly RunbookBlock[];
  /** What is wrong with how it is written; empty when nothing is. */
  readonly problems: readonly string[];
}

const BLOCK = /^```(\w+)([^\n]*)\n([^]*?)\n```$([^]*?)(?=^```|(?![^]))/gm;

/** Reads a page; what does not look like one is a problem of it, and never thrown. */
export function readRunbook(markdown: string): RunbookPage {
  const title = /^# (.*)$/m.exec(markdown)?.[1] ?? '';
  const parts = markdown.split(/^## /m).slice(1);
  const names = parts.map((part) => part.split('\n')[0] ?? '');
  const problems =
    names.join() === SECTIONS.join() ? [] : [`its sections are ${names.join(', ')} and not ${SECTIONS.join(', ')}`];
  const blocks: RunbookBlock[] = [];
  for (const [index, part] of parts.entries()) {
    const section = SECTIONS[index];
    if (section === undefined) continue;
    for (const [, language = '', info = '', text = '', after = ''] of part.matchAll(BLOCK)) {
      const expected = /^\s*(?:>\s*)?(Expect [^\n]*)/.exec(after)?.[1];
      const block = blockOf({ section, language, info, text, expected: expected ?? '' });
      if (typeof block === 'string') problems.push(block);
      else blocks.push(block);
      if (expected === undefined) problems.push(`no line after ${info.trim()} says what to expect`);
    }
  }
  const twice = blocks.map(({ id }) => id).filter((id, index, ids) => ids.indexOf(id) !== index);
  problems.push(...twice.map((id) => `the id ${id} is given twice`));
  for (const section of ['Diagnosis', 'Verify'] as const)
    if (!blocks.some((block) => block.section === section)) problems.push(`${section} has no command`);
  return { title, blocks, problems };
}

function blockOf(found: {
  section: Section;
  language: string;
  info: string;
  text: string;
  expected: string;
}): RunbookBlock | string {
  const { section, info, text, expected } = found;
  const language = LANGUAGES.find((each) => each === found.language);
  const [, id, expect = ''] = /^ id=([a-z][a-z0-9-]*) expect=(.+)$/.exec(info) ?? [];
  if (language === undefined || id === undefined)
    return `a block is no ${LANGUAGES.join(', ')} with id and expect: ${info}`;
  const pattern = /^\/(.*)\/$/.exec(expect)?.[1];
  if (pattern !== undefined) return { id, section, language, text, expect: new RegExp(pattern), expected };
  if (expect === 'some' || expect === 'none') return { id, section, language, text, expect, expected };
  return `${id} expects neither some nor none nor a pattern`;
}
