import ICAL from 'ical.js';

/** A line of an iCalendar file as it is meant: long ones are folded over several of the file. */
interface ContentLine {
  /** Where it begins in the file, counted from 1. */
  readonly line: number;
  readonly text: string;
}

export function contentLines(text: string): ContentLine[] {
  const lines: ContentLine[] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const last = lines.at(-1);
    if (/^[ \t]/.test(raw) && last !== undefined) lines[lines.length - 1] = { ...last, text: last.text + raw.slice(1) };
    else if (raw !== '') lines.push({ line: index + 1, text: raw });
  }
  return lines;
}

/** Where the events of a file begin, in their order. */
export const eventLines = (lines: readonly ContentLine[]): number[] =>
  lines.filter(({ text }) => /^BEGIN:VEVENT\s*$/i.test(text)).map(({ line }) => line);

/** The first line that the library cannot read by itself; undefined when the fault is in how they stand together. */
export function brokenLine(lines: readonly ContentLine[]): number | undefined {
  return lines.find(({ text }) => !/^(BEGIN|END):/i.test(text) && !isReadable(text))?.line;
}

function isReadable(text: string): boolean {
  try {
    ICAL.parse.property(text, ICAL.design.icalendar);
    return true;
  } catch {
    return false;
  }
}
