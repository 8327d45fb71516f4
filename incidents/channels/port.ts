import { UnmogrowpError } from '../../errors.ts';
import type { ChannelKind, Notice } from '../types.ts';

/** Addresses that do something with an incident as soon as whoever opens them has confirmed it. */
export interface ActionLinks {
  readonly acknowledge: string;
  readonly snooze: string;
  readonly resolve: string;
}

/** One notice of a message. */
export interface MessagePart {
  readonly notice: Notice;
  /**
   * Delivery keys of earlier notices of the same incident that were never told on their own, because it ended while they
   * waited: this part tells of them too.
   */
  readonly coveredKeys: readonly string[];
  /** Null where nothing is to be done, or where links are not configured. */
  readonly links: ActionLinks | null;
}

/** What is sent to one contact at once: one notice, or several that had to wait. */
export interface Message {
  /** The same whenever the message is sent again. */
  readonly deliveryKey: string;
  /** At least one; the most urgent first. */
  readonly parts: readonly MessagePart[];
}

/** Where a message goes. It is looked up at the moment of sending and stored nowhere. */
export type Destination =
  | { readonly kind: 'webhook'; readonly url: string; readonly secret: string }
  | { readonly kind: 'slack'; readonly url: string }
  | { readonly kind: 'email'; readonly address: string }
  | { readonly kind: 'pagerduty'; readonly routingKey: string; readonly url?: string | undefined }
  | { readonly kind: 'alertmanager'; readonly url: string; readonly token?: string | undefined };

export type DestinationOf<Kind extends ChannelKind> = Extract<Destination, { kind: Kind }>;

/**
 * One way to tell people. `send` returns when the other side has taken the message. It throws `channel_failed` when the
 * same message may be taken later, `channel_refused` when it never will be, and `interrupted` when the signal asked it to
 * stop. None of them holds an address, a secret or what the other side wrote.
 */
export interface Channel<Kind extends ChannelKind> {
  send(message: Message, destination: DestinationOf<Kind>, signal: AbortSignal): Promise<void>;
}

/** How long the other side may take for one request, or for one mail. */
export const SEND_TIMEOUT_MS = 10_000;

/** An error of a channel; `facts` are numbers and closed codes, never text from outside. */
export function channelError(
  code: 'channel_failed' | 'channel_refused',
  channel: ChannelKind,
  what: string,
  facts: Readonly<Record<string, string | number>> = {},
): UnmogrowpError {
  return new UnmogrowpError(code, `The channel ${channel} ${what}.`, { context: { channel, ...facts } });
}

/** What a channel throws when its signal asked it to stop. */
export const interrupted = (channel: ChannelKind): UnmogrowpError =>
  new UnmogrowpError('interrupted', `The channel ${channel} was asked to stop.`, { context: { channel } });
