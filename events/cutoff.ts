/**
 * What a run was allowed to see: per topic the next offset of each partition. A row is visible if its offset is smaller.
 * Offsets, never a clock: "as of then" stays exact for ever.
 */
export type Cutoff = Readonly<Record<string, readonly number[]>>;

/** Whether a row at this position belongs to the cut-off. */
export function isVisible(cutoff: Cutoff, topic: string, partition: number, offset: number): boolean {
  return offset < (cutoff[topic]?.[partition] ?? 0);
}

/** Whether `reached` has come as far as `target` on every partition of it. */
export function hasReached(reached: Cutoff, target: Cutoff): boolean {
  return recordsMissing(reached, target) === 0;
}

/** How many records `reached` still lacks to be where `target` is. */
export function recordsMissing(reached: Cutoff, target: Cutoff): number {
  let missing = 0;
  for (const [topic, offsets] of Object.entries(target)) {
    for (const [partition, offset] of offsets.entries()) {
      missing += Math.max(0, offset - (reached[topic]?.[partition] ?? 0));
    }
  }
  return missing;
}

/** The smallest cut-off that sees the rows of one partition before an offset. */
export function cutoffUntil(topic: string, partition: number, until: number): Cutoff {
  return { [topic]: [...Array.from({ length: partition }, () => 0), until] };
}

/** The smallest cut-off that sees all that either sees. */
export function mergeCutoffs(left: Cutoff, right: Cutoff): Cutoff {
  const topics = [...new Set([...Object.keys(left), ...Object.keys(right)])].sort();
  return Object.fromEntries(
    topics.map((topic) => {
      const partitions = Math.max(left[topic]?.length ?? 0, right[topic]?.length ?? 0);
      const offsets = Array.from({ length: partitions }, (_, partition) =>
        Math.max(left[topic]?.[partition] ?? 0, right[topic]?.[partition] ?? 0),
      );
      return [topic, offsets];
    }),
  );
}

/** Whether both see exactly the same rows. */
export function isSameCutoff(left: Cutoff, right: Cutoff): boolean {
  return hasReached(left, right) && hasReached(right, left);
}
