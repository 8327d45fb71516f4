import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';

interface Webhook {
  readonly url_file?: string;
  readonly http_config?: { readonly authorization?: { readonly credentials_file?: string } };
}

interface Chat {
  readonly api_url_file?: string;
}

interface Receiver {
  readonly name: string;
  readonly webhook_configs?: readonly Webhook[];
  readonly slack_configs?: readonly Chat[];
}

/** Where the incidents process takes alerts, and with what. */
export interface IncidentsAddress {
  readonly url: string;
  readonly token: string;
}

/** Without any file of ours: alerts are seen on its page and told to nobody. */
const NOBODY = { route: { receiver: 'nobody' }, receivers: [{ name: 'nobody' }] };

/** Receivers by the path at which the incidents process takes what they are told. */
const INCIDENT_PATHS: Readonly<Record<string, string>> = {
  pager: '/v1/alerts/alertmanager',
  tickets: '/v1/alerts/alertmanager',
  watchdog: '/v1/heartbeats/watchdog',
};
const TOKEN_FILE = 'receivers/token';

export interface AlertmanagerOptions {
  readonly text: string | undefined;
  /** Told instead of the incidents process. */
  readonly webhookUrl: string | undefined;
  /** `later`: it will run here, and where is written down when it is known. */
  readonly incidents: IncidentsAddress | 'later' | undefined;
  /** A chat that is told directly. */
  readonly directUrl: string | undefined;
  readonly directory: string;
}

export interface AlertmanagerFiles {
  readonly config: string;
  /** What stands in each file that the configuration names: addresses, and the token. */
  readonly addresses: Readonly<Record<string, string>>;
}

/**
 * The configuration as it is run from a folder: each receiver's address stands in a file of its own there, which Alertmanager reads
 * whenever it tells somebody; it would look for it where it was started. Whoever has no address is told nothing: one that
 * nobody answers would look like a broken one.
 */
export function alertmanagerFiles(options: AlertmanagerOptions): AlertmanagerFiles {
  const { text, webhookUrl, incidents, directory } = options;
  const config = text === undefined ? NOBODY : (parse(text) as { receivers: Receiver[] });
  const addresses: Record<string, string> = {};
  const receivers = config.receivers.map((receiver: Receiver) => {
    const { webhook_configs: webhooks = [], slack_configs: chats = [], ...rest } = receiver;
    const keptWebhooks = webhooks.flatMap((webhook) => keptWebhook(webhook, receiver.name, options, addresses) ?? []);
    const keptChats = chats.flatMap((chat) => keptChat(chat, options, addresses) ?? []);
    return {
      ...rest,
      ...(keptWebhooks.length === 0 ? {} : { webhook_configs: keptWebhooks }),
      ...(keptChats.length === 0 ? {} : { slack_configs: keptChats }),
    };
  });
  const isKnown = webhookUrl === undefined && incidents !== undefined && incidents !== 'later';
  return {
    config: stringify({ ...config, receivers }),
    addresses: isKnown ? { ...addresses, ...receiverFiles(directory, incidents) } : addresses,
  };
}

/** The webhook of a receiver as it is run from the folder; undefined when it has no address. */
function keptWebhook(
  webhook: Webhook,
  receiver: string,
  { webhookUrl, incidents, directory }: AlertmanagerOptions,
  addresses: Record<string, string>,
): Webhook | undefined {
  if (webhook.url_file === undefined) return webhook;
  const file = join(directory, webhook.url_file);
  const { http_config: http, ...rest } = webhook;
  const plain = { ...rest, url_file: file };
  if (webhookUrl !== undefined) {
    addresses[file] = `${webhookUrl.replace(/\/$/, '')}/${receiver}`;
    // The token is told to nobody but the incidents process.
    return plain;
  }
  if (incidents === undefined) return undefined;
  const authorization = { credentials_file: join(directory, TOKEN_FILE) };
  return http === undefined ? plain : { ...plain, http_config: { authorization } };
}

/** The same for a chat. */
function keptChat(
  chat: Chat,
  { directUrl, directory }: AlertmanagerOptions,
  addresses: Record<string, string>,
): Chat | undefined {
  if (chat.api_url_file === undefined) return chat;
  if (directUrl === undefined) return undefined;
  const file = join(directory, chat.api_url_file);
  addresses[file] = directUrl;
  return { ...chat, api_url_file: file };
}

/** The files by which Alertmanager in this folder finds the incidents process. */
function receiverFiles(directory: string, { url, token }: IncidentsAddress): Record<string, string> {
  const files = Object.entries(INCIDENT_PATHS).map(([name, path]) => [
    `receivers/${name}`,
    url.replace(/\/$/, '') + path,
  ]);
  return Object.fromEntries(
    [...files, [TOKEN_FILE, token]].map(([file = '', content = '']) => [join(directory, file), content]),
  );
}

/** Writes them down, for an Alertmanager that was started before it was known where they are. */
export function writeReceivers(directory: string, incidents: IncidentsAddress): void {
  writeFiles(receiverFiles(directory, incidents));
}

/** Writes files that only their owner may read: an address may hold a secret. */
export function writeFiles(files: Readonly<Record<string, string>>): void {
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content, { mode: 0o600 });
  }
}
