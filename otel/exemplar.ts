/** The trace of one measurement, as the registry of prom-client reads it; the time is in seconds. */
export interface Exemplar {
  readonly labelSet: { readonly trace_id: string };
  readonly value: number;
  readonly timestamp: number;
}

/** An example of now. */
export const exemplarOf = (traceId: string, value: number): Exemplar => ({
  labelSet: { trace_id: traceId },
  value,
  timestamp: Date.now() / 1_000,
});
