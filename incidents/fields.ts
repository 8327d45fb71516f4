import { z } from 'zod';
import { isTimeZone } from './local-time.ts';

/** What several parts of the policy file are made of. */
export const identifier = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'has to be 1 to 63 of a-z, 0-9, - and _, beginning with a letter or digit');

export const timeZone = z
  .string()
  .refine(isTimeZone, 'has to be a time zone of the IANA database, such as Europe/Berlin');

export const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'has to be a time of day such as 09:00');

/** The same, or the midnight at the end of the day. */
export const endOfDay = z
  .string()
  .regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, 'has to be a time of day such as 17:00 or 24:00');
