import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { onTestFinished } from 'vitest';
import { withFailures } from '../../activities/failures.ts';
import type { ContactActivities } from '../../activities/incidents/contact-contract.ts';
import { createSendMessage } from '../../activities/incidents/send-message.ts';
import { contactWorkflowId, createTellContact } from '../../activities/incidents/tell-contact.ts';
import { createTellOutcomes } from '../../activities/incidents/tell-outcomes.ts';
import { loadWorkflowBundle } from '../../bin/workflow-bundle.ts';
import { createSendByChannel } from '../../incidents/channels/all.ts';
import { type PolicySource, openPolicy } from '../../incidents/policy/load.ts';
import type { ContactReference, DeliveryOutcome, Notice } from '../../incidents/types.ts';
import type { ContactInput } from '../../workflows/contact-messages.ts';
import { obtainTemporalTestServer } from '../../stack/temporal-test-server.ts';
import { testEnv } from '../support/parts.ts';
import { testPlugin } from '../windows/time-skipping.ts';
import type { ReceivedRequest } from './http-receiver.ts';
import { notice } from './notices.ts';

const POLICY = `
channels:
  - { id: CHANNEL, kind: webhook, url_variable: ROBOT_URL, secret_variable: ROBOT_SECRET }
throttle: { messages: MESSAGES, per: PERIOD }
policies:
  - id: everything
    steps: [{ notify: [{ channel: CHANNEL }], wait: 5m }]
`;

interface ContactOptions {
  /** Where the webhook of the contact leads. */
  readonly url: string;
  readonly throttle?: { readonly messages: number; readonly per: string };
  /** A server of its own, whose clock jumps and which nobody else holds up, or the Temporal that all tests share. */
  readonly server?: 'time skipping' | 'shared';
}

interface WorkerParts {
  /** 0 for a worker that has one after it: the test server never gives a task of its cache to another one. */
  readonly maxCachedWorkflows?: number;
}

/** Only the real process counts what its activities fail with. */
const uncounted = (): void => undefined;

/** A contact whose messages go over real HTTP, and somebody who hears what became of its notices. */
export interface ContactOnTest {
  /** Hands over a notice with this key. */
  tell(key: string, more?: Partial<Notice>): Promise<void>;
  /** Runs `work` while a worker serves the contact, and ends it as a release would. */
  withWorker<Result>(work: () => Promise<Result>, options?: WorkerParts): Promise<Result>;
  /** Begins the contact so that it continues as new when its history has become so long; gives the id of its first run. */
  beginWith(continueAsNewAfterEvents: number): Promise<string>;
  /** Lets time go by until the contact has nothing more to do. */
  untilSilent(): Promise<void>;
  heard(): Promise<DeliveryOutcome[]>;
  readonly environment: TestWorkflowEnvironment;
  readonly handle: WorkflowHandle<(input: ContactInput) => Promise<void>>;
}

/** Connects to a server, and starts the listener. */
export async function contactOnTest({
  url,
  throttle = { messages: 5, per: '15m' },
  server = 'time skipping',
}: ContactOptions): Promise<ContactOnTest> {
  const environment = await (server === 'shared' ? connectToShared() : startServer());
  onTestFinished(() => environment.teardown());
  const { client } = environment;
  const taskQueue = `test-${randomUUID()}`;
  const variables = { ROBOT_URL: url, ROBOT_SECRET: 'a secret of a robot' };
  const channel = `robot-${randomUUID()}`;
  const reference: ContactReference = `channel:${channel}`;
  const policy = policyWith({ channel, throttle }, variables);
  const tellContact = createTellContact({ client: { temporal: client, taskQueue }, policy, environment: variables });
  const listener = `listener-${randomUUID()}`;
  await client.workflow.start('listener', { taskQueue, workflowId: listener });
  const handle = client.workflow.getHandle<(input: ContactInput) => Promise<void>>(contactWorkflowId(reference));
  const activities: ContactActivities = withFailures(
    {
      sendMessage: createSendMessage({
        policy,
        environment: variables,
        sendByChannel: createSendByChannel({ email: null, nowMs: Date.now }),
        links: null,
      }),
      tellOutcomes: createTellOutcomes({ temporal: client }),
    },
    uncounted,
  );
  return {
    environment,
    handle,
    tell: (key, more) =>
      tellContact({
        version: 1,
        contact: reference,
        notice: notice({ workflowId: listener, incidentId: key, deliveryKey: `${key}/page`, ...more }),
      }),
    async withWorker(work, parts = {}) {
      const worker = await Worker.create({
        connection: environment.nativeConnection,
        taskQueue,
        workflowBundle: await loadWorkflowBundle(testPlugin, {
          entry: 'test/incidents/contact-workflows.ts',
        }),
        plugins: [testPlugin],
        activities,
        maxHeartbeatThrottleInterval: 100,
        shutdownGraceTime: 0,
        ...parts,
      });
      return worker.runUntil(work);
    },
    async beginWith(continueAsNewAfterEvents) {
      const { firstExecutionRunId } = await client.workflow.start('contact', {
        taskQueue,
        workflowId: handle.workflowId,
        args: [{ version: 1, contact: reference, continueAsNewAfterEvents }],
      });
      return firstExecutionRunId;
    },
    untilSilent: () => handle.result(),
    heard: () => client.workflow.getHandle(listener).query<DeliveryOutcome[]>('heard'),
  };
}

async function startServer(): Promise<TestWorkflowEnvironment> {
  const path = await obtainTemporalTestServer(process.env);
  return TestWorkflowEnvironment.createTimeSkipping({ server: { executable: { type: 'existing-path', path } } });
}

const connectToShared = (): Promise<TestWorkflowEnvironment> =>
  TestWorkflowEnvironment.createFromExistingServer({ address: testEnv.TEMPORAL_ADDRESS });

function policyWith(
  { channel, throttle }: { channel: string; throttle: NonNullable<ContactOptions['throttle']> },
  environment: Record<string, string>,
): PolicySource {
  const folder = mkdtempSync(join(tmpdir(), 'unmogrowp-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'policy.yaml');
  const text = POLICY.replaceAll('CHANNEL', channel)
    .replace('MESSAGES', String(throttle.messages))
    .replace('PERIOD', throttle.per);
  writeFileSync(file, text);
  return openPolicy({ file, environment, nowMs: Date.now });
}

/** The delivery keys that a receiver of webhooks was told, by message. */
export const keysOf = (requests: readonly ReceivedRequest[]): string[][] =>
  requests.map(({ body }) => {
    const { data } = JSON.parse(body) as {
      data: { notices: { delivery_key: string; covered_delivery_keys: string[] }[] };
    };
    return data.notices.flatMap((one) => [...one.covered_delivery_keys, one.delivery_key]);
  });
