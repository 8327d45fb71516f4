/** What a field of an event is made of: constant text and columns, as `{ip}-{device}-{os}`. */
export type TextTemplate = readonly (string | { readonly column: string })[];

const PIECES = /\{\{|\}\}|\{([^{}]+)\}|[{}]/g;

/** Reads a template: `{column}` stands for a cell, `{{` and `}}` for braces. Undefined when a brace stands alone. */
export function parseTemplate(text: string): TextTemplate | undefined {
  const pieces: (string | { column: string })[] = [];
  let constant = '';
  let end = 0;
  for (const match of text.matchAll(PIECES)) {
    constant += text.slice(end, match.index);
    end = match.index + match[0].length;
    if (match[0] === '{{' || match[0] === '}}') constant += match[0].charAt(0);
    else if (match[1] === undefined) return undefined;
    else {
      if (constant !== '') pieces.push(constant);
      constant = '';
      pieces.push({ column: match[1] });
    }
  }
  constant += text.slice(end);
  if (constant !== '') pieces.push(constant);
  return pieces;
}

/** The columns that a template reads. */
export function columnsOf(template: TextTemplate): string[] {
  return template.flatMap((piece) => (typeof piece === 'string' ? [] : [piece.column]));
}

/**
 * The function that fills a template from the cells of a row. A template with an empty cell gives nothing: half of a
 * joined identifier would make one person of many.
 */
export function bindTemplate(
  template: TextTemplate,
  indexOf: (column: string) => number,
): (cells: readonly string[]) => string | undefined {
  const pieces = template.map((piece) => (typeof piece === 'string' ? piece : indexOf(piece.column)));
  return function fill(cells) {
    let text = '';
    for (const piece of pieces) {
      const part = typeof piece === 'string' ? piece : (cells[piece]?.trim() ?? '');
      if (part === '') return undefined;
      text += part;
    }
    return text === '' ? undefined : text;
  };
}
