import type { WindowClient } from '../../activities/client.ts';
import { type Stores, withStores } from '../stores.ts';
import { withTemporal } from '../temporal.ts';

const APPLICATION = 'unmogrowp replay';

/** What the commands about replays work with. */
export type ReplayParts = Stores;

/** Runs one piece of work on the parts, and closes them. */
export const withParts = <Result>(work: (parts: ReplayParts) => Promise<Result>): Promise<Result> =>
  withStores(APPLICATION, work);

/** The same with a client of Temporal. */
export function withAllParts<Result>(
  work: (parts: ReplayParts & { client: WindowClient }) => Promise<Result>,
): Promise<Result> {
  return withParts((parts) => withTemporal(parts.env, (client) => work({ ...parts, client })));
}
