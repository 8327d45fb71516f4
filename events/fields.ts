import type { Rejection, RejectionCode } from './codes.ts';
import { CURRENCIES } from './currencies.ts';
import { COUNTRY_PATTERN, PLAIN_TEXT_PATTERN, REVENUE_PATTERN } from './limits.ts';

/** Reads the fields of one event and remembers the first reason against it; later ones are not worth the time. */
export interface FieldReader {
  rejection: Rejection | undefined;
  refuse(code: RejectionCode, message: string): void;
  requiredText(name: string, value: unknown, lengthMax: number): string;
  optionalText(name: string, value: unknown, lengthMax: number): string;
  country(value: unknown): string;
  revenue(value: unknown): string;
  noRevenue(value: unknown): string;
  currency(value: unknown): string;
}

/** An optional field may be left out, null or empty: clients do all three. */
export const isAbsent = (value: unknown): boolean => value === undefined || value === null || value === '';

/** What nearly every value is; asked first because the full question costs three times as much. */
const PRINTABLE_ASCII = /^[!-~][ -~]*$/;

/** Length in characters, as JSON Schema counts it: one emoji is one, though it takes two units of a string. */
function isLonger(value: string, lengthMax: number): boolean {
  if (value.length <= lengthMax) return false;
  return value.length > lengthMax * 2 || Array.from(value).length > lengthMax;
}

export function createFieldReader(): FieldReader {
  return new Reader();
}

class Reader implements FieldReader {
  rejection: Rejection | undefined = undefined;

  refuse(code: RejectionCode, message: string): void {
    this.rejection ??= { code, message };
  }

  requiredText(name: string, value: unknown, lengthMax: number): string {
    if (!isAbsent(value)) return this.optionalText(name, value, lengthMax);
    this.refuse('missing_field', `${name} is required`);
    return '';
  }

  optionalText(name: string, value: unknown, lengthMax: number): string {
    if (isAbsent(value)) return '';
    if (typeof value !== 'string') {
      this.refuse('invalid_field', `${name} is a string`);
      return '';
    }
    if (isLonger(value, lengthMax)) this.refuse('field_too_long', `${name} exceeds ${lengthMax} characters`);
    else if (!PRINTABLE_ASCII.test(value) && !PLAIN_TEXT_PATTERN.test(value)) {
      this.refuse('invalid_field', `${name} is blank or holds a control character`);
    }
    return value;
  }

  country(value: unknown): string {
    if (isAbsent(value)) return '';
    if (typeof value === 'string' && COUNTRY_PATTERN.test(value)) return value.toUpperCase();
    this.refuse('invalid_field', 'country is an ISO 3166-1 code of two letters');
    return '';
  }

  revenue(value: unknown): string {
    if (isAbsent(value)) return '0';
    if (typeof value === 'string' && REVENUE_PATTERN.test(value)) return value;
    this.refuse(
      'invalid_revenue',
      'revenue is a decimal string without sign, with at most 12 integer and 6 fraction digits',
    );
    return '0';
  }

  noRevenue(value: unknown): string {
    if (!isAbsent(value)) this.refuse('invalid_revenue', 'revenue belongs to installs and conversions');
    return '0';
  }

  currency(value: unknown): string {
    if (isAbsent(value)) return '';
    const code = typeof value === 'string' ? value.toUpperCase() : '';
    if (!CURRENCIES.has(code)) this.refuse('unknown_currency', 'currency is a code of ISO 4217');
    return code;
  }
}
