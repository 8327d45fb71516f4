/**
 * What a panel shows after an ordinary day of events: something, or nothing and why that is how it has to be.
 * `npm run prove:panels` holds every panel to it.
 */
export type Expectation = { readonly shows: 'data' } | { readonly shows: 'nothing'; readonly because: string };

export const DATA: Expectation = { shows: 'data' };

/** For panels that are empty as long as nothing is wrong. */
export const emptyBecause = (because: string): Expectation => ({ shows: 'nothing', because });
