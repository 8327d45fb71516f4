/** Records of one partition that go into ClickHouse together, from the first to the last, both included. */
export interface OffsetRange {
  first: number;
  last: number;
}

/** Where a range lies. */
export interface Place {
  topic: string;
  /** A topic that was deleted and made anew counts from 0 again: its ranges must not be taken for those of the old one. */
  topicId: string;
  partition: number;
}

/** What is inserted under one token: the same for ever for the same records, whoever inserts them and however often. */
export function tokenOf({ topic, topicId, partition }: Place, { first, last }: OffsetRange): string {
  return `${topic}:${partition}:${first}-${last}:${topicId}`;
}

const NOTE = /^begun:(\d+)-(\d+)$/;

/** The note beside a committed offset that says which range was begun there. */
export const noteOf = ({ first, last }: OffsetRange): string => `begun:${first}-${last}`;

/** The range that somebody has begun at this offset, and may have inserted already or not; undefined if none. */
export function begunRange(offset: number, note: string): OffsetRange | undefined {
  const [, first, last] = NOTE.exec(note) ?? [];
  const range = { first: Number(first), last: Number(last) };
  return range.first === offset && range.last >= range.first ? range : undefined;
}
