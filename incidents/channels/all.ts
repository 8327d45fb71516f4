import type { ChannelKind } from '../types.ts';
import { createAlertmanager } from './alertmanager.ts';
import { type EmailSettings, createEmail } from './email.ts';
import { createPagerDuty } from './pagerduty.ts';
import type { Channel, Destination, Message } from './port.ts';
import { createSlack } from './slack.ts';
import { createWebhook } from './webhook.ts';

type Channels = { readonly [Kind in ChannelKind]: Channel<Kind> };

/** Sends a message by the channel that its destination names. */
export type SendByChannel = (message: Message, destination: Destination, signal: AbortSignal) => Promise<void>;

/** All channels of one process. */
export function createSendByChannel(options: { email: EmailSettings | null; nowMs: () => number }): SendByChannel {
  const channels: Channels = {
    webhook: createWebhook({ nowMs: options.nowMs }),
    slack: createSlack(),
    email: createEmail(options.email),
    pagerduty: createPagerDuty(),
    alertmanager: createAlertmanager(),
  };
  return function sendByChannel(message, destination, signal) {
    // The kind of a destination is the kind of its channel, which a lookup does not tell the compiler.
    const channel = channels[destination.kind] as Channel<ChannelKind>;
    return channel.send(message, destination, signal);
  };
}
