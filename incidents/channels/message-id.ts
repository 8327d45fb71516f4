import { createHash } from 'node:crypto';

const ID_LENGTH = 32;

/** A short name of something that is the same again: of a message by its delivery key, of an incident by its id. */
export const stableId = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, ID_LENGTH);
