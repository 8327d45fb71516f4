import { join } from 'node:path';
import { parse, stringify } from 'yaml';

interface Receiver {
  readonly name: string;
  readonly webhook_configs?: readonly { readonly url_file?: string }[];
}

/** Without any file of ours: alerts are seen on its page and told to nobody. */
const NOBODY = { route: { receiver: 'nobody' }, receivers: [{ name: 'nobody' }] };

export interface AlertmanagerFiles {
  readonly config: string;
  /** The address of each receiver, by the file that the configuration names. */
  readonly addresses: Readonly<Record<string, string>>;
}

/**
 * The configuration as it is run from a folder: each receiver's address stands in a file of its own there (`url_file`),
 * made of the webhook and the receiver's name. Alertmanager would look for it where it was started. Without a webhook those receivers tell nobody: an address that nobody answers would look
 * like a broken one.
 */
export function alertmanagerFiles(options: {
  readonly text: string | undefined;
  readonly webhookUrl: string | undefined;
  readonly directory: string;
}): AlertmanagerFiles {
  const { text, webhookUrl, directory } = options;
  const config = text === undefined ? NOBODY : (parse(text) as { receivers: Receiver[] });
  const addresses: Record<string, string> = {};
  const receivers = config.receivers.map((receiver: Receiver) => {
    const { webhook_configs: webhooks = [], ...rest } = receiver;
    const kept = webhooks.flatMap((webhook) => {
      if (webhook.url_file === undefined) return [webhook];
      if (webhookUrl === undefined) return [];
      const file = join(directory, webhook.url_file);
      addresses[file] = `${webhookUrl.replace(/\/$/, '')}/${receiver.name}`;
      return [{ ...webhook, url_file: file }];
    });
    return kept.length === 0 ? rest : { ...rest, webhook_configs: kept };
  });
  return { config: stringify({ ...config, receivers }), addresses };
}
