import { parse, stringify } from 'yaml';

interface Receiver {
  readonly name: string;
  readonly webhook_configs?: readonly { readonly url_file?: string }[];
}

/** Without any file of ours: alerts are seen on its page and told to nobody. */
const NOBODY = { route: { receiver: 'nobody' }, receivers: [{ name: 'nobody' }] };

export interface AlertmanagerFiles {
  readonly config: string;
  /** The address of each receiver, by the path that the configuration names, relative to it. */
  readonly addresses: Readonly<Record<string, string>>;
}

/**
 * The configuration as it is run: each receiver's address stands in a file of its own (`url_file`), made of the webhook
 * and the receiver's name. Without a webhook those receivers tell nobody: an address that nobody answers would look
 * like a broken one.
 */
export function alertmanagerFiles(text: string | undefined, webhookUrl: string | undefined): AlertmanagerFiles {
  const config = text === undefined ? NOBODY : (parse(text) as { receivers: Receiver[] });
  const addresses: Record<string, string> = {};
  const receivers = config.receivers.map((receiver: Receiver) => {
    const { webhook_configs: webhooks = [], ...rest } = receiver;
    const kept = webhooks.filter(({ url_file: file }) => file === undefined || webhookUrl !== undefined);
    for (const { url_file: file } of kept) {
      if (file !== undefined) addresses[file] = `${webhookUrl?.replace(/\/$/, '')}/${receiver.name}`;
    }
    return kept.length === 0 ? rest : { ...rest, webhook_configs: kept };
  });
  return { config: stringify({ ...config, receivers }), addresses };
}
