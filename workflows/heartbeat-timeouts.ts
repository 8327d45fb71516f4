/** How long an activity may be silent before it counts as dead and is begun again, by whoever is there. */
export const HEARTBEAT_TIMEOUT_MS = {
  compute: 15_000,
  arrival: 15_000,
  /** Of a replay for a window. */
  wait: 15_000,
  /** Of a message to a person. */
  send: 15_000,
  /** Most other activities are so short that they never beat: for them it is the time that they may take. */
  other: 30_000,
} as const;
