/** As many requests as a storm brings at once. */
const LANES = 40;

/** Does it for all items, some at once. */
export async function inLanes<Item>(items: readonly Item[], work: (item: Item) => Promise<unknown>): Promise<void> {
  const waiting = items.values();
  const lane = async (): Promise<void> => {
    // All lanes take from the same iterator.
    for (const item of waiting) await work(item);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}
