import { InvalidArgumentError } from 'commander';

/** Reads an option that is a whole number above 0 of at most so many digits; anything else is wrong usage. */
export const positiveInteger =
  (digitsMax: number) =>
  (text: string): number => {
    if (/^[1-9]\d*$/.test(text) && text.length <= digitsMax) return Number(text);
    throw new InvalidArgumentError('It is not a whole number above 0.');
  };
