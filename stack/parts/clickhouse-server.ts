/**
 * A real ClickHouse server in a Node process of its own: loads libchdb.so, which holds the whole server, and lets it
 * run until it is told to stop.
 *
 * usage: node clickhouse-server.ts --library FILE --data DIRECTORY --config FILE --http-port N --native-port N
 */
import { DataType, load, open } from 'ffi-rs';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { bootQueries, WAITING_QUERY } from './clickhouse-config.ts';

const STOP_RETRY_MS = 200;
const text = { type: 'string', default: '' } as const;
const { values } = parseArgs({
  options: { library: text, data: text, config: text, 'http-port': text, 'native-port': text },
});
const base = `http://127.0.0.1:${values['http-port']}`;
let stopping = false;

const argumentsOfServer = [
  'clickhouse',
  `--path=${values.data}`,
  '--listen_host=127.0.0.1',
  `--http_port=${values['http-port']}`,
  `--tcp_port=${values['native-port']}`,
  '--multiquery',
  `--config-file=${values.config}`,
  `--query=${bootQueries()}`,
];

process.on('SIGTERM', () => void stop());
process.on('SIGINT', () => void stop());

open({ library: 'chdb', path: values.library });
// Its own thread keeps Node's event loop free, so that a signal can end the waiting query.
const ended = load({
  library: 'chdb',
  funcName: 'query_stable_v2',
  retType: DataType.External,
  paramsType: [DataType.I32, DataType.StringArray],
  paramsValue: [argumentsOfServer.length, argumentsOfServer],
  runInNewThread: true,
}) as unknown as Promise<unknown>;

ended.then(
  () => {
    if (!stopping) process.stderr.write('ClickHouse ended by itself, see clickhouse-server.err.log\n');
    process.exit(stopping ? 0 : 1);
  },
  (error: unknown) => {
    process.stderr.write(`ClickHouse could not be run: ${String(error)}\n`);
    process.exit(1);
  },
);

/**
 * Ends the waiting query; the server then writes out what it has, the library call returns and the process exits. Asked
 * again and again, because a server that is told to stop while it starts does not listen yet.
 */
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  for (;;) {
    await command('SYSTEM FLUSH LOGS');
    await command(`KILL QUERY WHERE query LIKE '${WAITING_QUERY.slice(0, 22)}%' ASYNC`);
    await delay(STOP_RETRY_MS);
  }
}

/** Without keep-alive: an idle connection would hold up the server's end. */
async function command(query: string): Promise<void> {
  const url = `${base}/?query=${encodeURIComponent(query)}`;
  await fetch(url, { method: 'POST', headers: { connection: 'close' } }).catch(() => undefined);
}
