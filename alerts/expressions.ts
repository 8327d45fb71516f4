/** How much a counter grew within a range such as `5m`, over all processes. */
export const increased = (selector: string, range: string, grouping = ''): string =>
  `sum${grouping === '' ? '' : ` ${grouping} `}(increase(${selector}[${range}]))`;

/**
 * How much more an expression over a selector shows than it did a range ago. What was not there then counts from 0: of a
 * label whose values nobody knows beforehand, `increase` would overlook the first.
 */
export function grown(selector: string, range: string, of: (selector: string) => string = (each) => each): string {
  const now = of(selector);
  return `(${now} - (${of(`${selector} offset ${range}`)} or ${now} * 0))`;
}
