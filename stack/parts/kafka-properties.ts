import { join } from 'node:path';
import { LOOPBACK } from '../ports.ts';
import type { Ports } from '../types.ts';

/** The configuration of a broker that is its own controller (KRaft, one node), sized for one machine. */
export function serverProperties(options: { dataDirectory: string; ports: Ports; advertisedPort?: number }): string {
  const { broker, controller } = options.ports;
  const advertised = options.advertisedPort ?? broker;
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    listeners: `PLAINTEXT://${LOOPBACK}:${broker},CONTROLLER://${LOOPBACK}:${controller}`,
    'advertised.listeners': `PLAINTEXT://${LOOPBACK}:${advertised}`,
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.bootstrap.servers': `${LOOPBACK}:${controller}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': join(options.dataDirectory, 'log'),
    // Apart from the log: else a second broker on this folder could destroy the first one's log before it notices.
    'metadata.log.dir': join(options.dataDirectory, 'metadata'),
    // A broker that was killed is let back in after 5 s instead of 12.
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'share.coordinator.state.topic.num.partitions': '1',
    'group.initial.rebalance.delay.ms': '0',
    // A mistyped topic is an error, not a new topic.
    'auto.create.topics.enable': 'false',
    'num.network.threads': '2',
    'num.io.threads': '4',
    'log.cleaner.dedupe.buffer.size': '16777216',
  };
  return `${Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')}\n`;
}
