/** Limits of one request, and of what one process holds in memory for its requests. */
export const REQUEST_LIMITS = {
  /** Before and after decompression. */
  bodyBytesMax: 1_048_576,
  eventsMax: 1_000,
  /** Bodies that are being read or published: beyond it a process would answer slower and slower, so it refuses. */
  bytesInFlightMax: 268_435_456,
} as const;
