/** A group of 50,000 alerts with usual labels. */
export const BODY_BYTES_MAX = 16 * 1_048_576;

/** Most incidents of one answer. */
export const LIST_MAX = 1_000;
export const LIST_DEFAULT = 100;
