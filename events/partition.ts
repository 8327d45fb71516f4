const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * The partition of a user's events: the same for all of them, so that they keep their order. Never change it: events of
 * one user would then lie on two partitions, with no order between them.
 */
export function partitionOf(tenantId: string, appId: string, userKey: string, partitions: number): number {
  let hash = addText(FNV_OFFSET, tenantId);
  hash = addText(hash, appId);
  hash = addText(hash, userKey);
  // FNV's low bits are weak: fold the high ones in before the modulo.
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  return (hash >>> 0) % partitions;
}

/** FNV-1a over the UTF-16 units, ended by a separator so that "a" + "bc" and "ab" + "c" differ. */
function addText(start: number, text: string): number {
  let hash = start;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), FNV_PRIME);
  }
  return Math.imul(hash, FNV_PRIME);
}
