/** SQL that gives a moment as milliseconds since 1970, as a number of JavaScript. */
export const epochMs = (expression: string): string => `floor(extract(epoch FROM ${expression}) * 1000)::float8`;
