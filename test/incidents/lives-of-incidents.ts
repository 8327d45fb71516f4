import { randomUUID } from 'node:crypto';
import {
  WithStartWorkflowOperation,
  type WorkflowHandle,
  type WorkflowHandleWithSignaledRunId,
} from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { v7 as uuidv7 } from 'uuid';
import { INCIDENTS_ENTRY, loadWorkflowBundle } from '../../bin/workflow-bundle.ts';
import type { PolicySnapshot } from '../../incidents/policy/snapshot.ts';
import type { AlertReference, IncidentCommandName } from '../../incidents/types.ts';
import type {
  AlertsAnswer,
  AlertsMessage,
  IncidentDescription,
  IncidentInput,
} from '../../workflows/incident-messages.ts';
import { type History, type Life, continuedHistories, historiesOf, until } from '../windows/lives.ts';
import { testPlugin } from '../windows/time-skipping.ts';
import { notice } from './notices.ts';
import { type PlainIncident, plainIncident, refused } from './plain-activities.ts';
import { firing, opening, resolved } from './samples.ts';

type IncidentWorkflow = (input: IncidentInput) => Promise<void>;

/** Seconds instead of minutes: a life takes as long as it takes. */
const QUICK: Partial<PolicySnapshot> = {
  steps: [
    { notify: [{ kind: 'person', person: 'ada' }], waitMs: 500 },
    { notify: [{ kind: 'channel', channel: 'room' }], waitMs: 500 },
  ],
  repeat: 1,
  holdMs: 500,
  acknowledgeTimeoutMs: 1_500,
  statusUpdateMs: 1_000,
};

/** More than an incident is opened with. */
const EVENTS_MAX = 80;

/** Lives of incidents that go through all that an incident can go through, within seconds of real time. */
export const livesOfIncidents: readonly Life[] = [
  // Nobody answers, somebody does, is reminded, and forgets it; it ends, fires again within the hold, and ends.
  async (environment) => {
    const histories = await lived(environment, {}, async (incident) => {
      await incident.alerts([firing('a', 1)]);
      await incident.untilSo(({ ladder }) => ladder.phase === 'over');
      await incident.command('acknowledge');
      await incident.untilSo(({ incident: { status } }) => status === 'triggered');
      await incident.alerts([resolved('a', 1)]);
      await incident.alerts([firing('a', 2)]);
      await incident.alerts([resolved('a', 2)]);
    });
    return { 'incident-life': histories.at(-1) as History };
  },
  // Every command, and what others say.
  async (environment) => {
    const histories = await lived(environment, {}, async (incident) => {
      await incident.alerts([firing('a', 1)]);
      await incident.command('acknowledge', { linkId: 'link' });
      await incident.command('unacknowledge');
      await incident.command('snooze', { untilMs: Date.now() + 1_000 });
      await incident.untilSo(({ incident: { status } }) => status === 'triggered');
      await incident.command('reassign', { target: { kind: 'person', person: 'ben' } });
      await incident.command('escalate');
      await incident.command('note', { text: 'found it' });
      await incident.command('link_replay', { replayId: 'replay' });
      await incident.signal('replayPublished', { version: 1, replayId: 'replay' });
      await incident.signal('mergedFrom', {
        version: 1,
        intoIncidentId: incident.id,
        incidentId: 'other',
        actor: 'ben',
      });
      await incident.command('merge', { intoIncidentId: 'other', intoWorkflowId: 'other' });
      await incident.command('resolve', { text: 'restarted' });
    });
    return { 'incident-commanded': histories.at(-1) as History };
  },
  // Nothing answers: neither databases nor channels nor the incident that it was to be merged into.
  async (environment) => {
    const histories = await lived(environment, { replaced: troubled() }, async (incident) => {
      await incident.alerts([firing('a', 1)]);
      await incident.untilSo(({ ladder }) => ladder.phase === 'over');
      await incident.command('merge', { intoIncidentId: 'other', intoWorkflowId: 'other' });
      await incident.untilSo(({ incident: { status } }) => status === 'triggered');
      await incident.command('resolve');
    });
    return { 'incident-troubled': histories.at(-1) as History };
  },
  // Maintenance, and what fires again after it has ended, while the end is still being written down.
  async (environment) => {
    let asked = 0;
    const findMaintenance: PlainIncident['findMaintenance'] = () => {
      asked += 1;
      return Promise.resolve({ maintenanceId: 'planned', untilMs: asked === 1 ? Date.now() + 1_000 : null });
    };
    const store = Promise.withResolvers<void>();
    let isSlow = false;
    const recordEntries: PlainIncident['recordEntries'] = () => (isSlow ? store.promise : Promise.resolve());
    const histories = await lived(environment, { replaced: { findMaintenance, recordEntries } }, async (incident) => {
      await incident.alerts([firing('a', 1)]);
      await incident.untilSo(({ incident: { status } }) => status === 'suppressed');
      await incident.untilSo(({ ladder }) => ladder.step > 0);
      isSlow = true;
      await incident.command('resolve');
      await incident.alerts([firing('a', 2)]);
      store.resolve();
      isSlow = false;
      await incident.command('resolve');
    });
    return { 'incident-revived': histories.at(-1) as History };
  },
  // So many alerts that the history ends and another one goes on.
  async (environment) => {
    const histories = await lived(environment, { continueAsNewAfterEvents: EVENTS_MAX }, async (incident) => {
      await incident.alerts([firing('a', 1)]);
      const { runId } = await incident.handle.describe();
      for (let n = 0; (await incident.handle.describe()).runId === runId; n += 1)
        await incident.alerts([firing('b', n)]);
      await incident.command('resolve');
    });
    return continuedHistories('incident', histories);
  },
];

const HEARTBEAT = { version: 1, everyMs: 300, graceMs: 100 };

/** Lives of heartbeats, which have no end of their own but that the policy forgets them. */
export const livesOfHeartbeats: readonly Life[] = [
  async (environment) => ({ 'heartbeat-life': (await livedHeartbeat(environment, {})).at(-1) as History }),
  async (environment) =>
    continuedHistories('heartbeat', await livedHeartbeat(environment, { continueAsNewAfterEvents: 50 })),
  async (environment) => {
    const openFromHeartbeat: PlainIncident['openFromHeartbeat'] = () => Promise.resolve({ isKnown: false });
    return served(environment, { openFromHeartbeat }, async (taskQueue) => {
      const forgotten = await beginHeartbeat(environment, taskQueue, {});
      await forgotten.result();
      return { 'heartbeat-forgotten': await forgotten.fetchHistory() };
    });
  },
];

/** Lives of contacts, which end after an hour of silence. */
export const livesOfContacts: readonly Life[] = [
  async (environment) => {
    const histories = await livedContact(environment, {}, { tellOutcomes: failingOnce() });
    return { 'contact-life': histories.at(-1) as History };
  },
  async (environment) =>
    continuedHistories('contact', await livedContact(environment, { continueAsNewAfterEvents: 20 }, {})),
];

interface LivingIncident {
  readonly id: string;
  readonly handle: WorkflowHandle<IncidentWorkflow>;
  alerts(told: readonly AlertReference[]): Promise<void>;
  command(name: IncidentCommandName, more?: object): Promise<void>;
  signal(name: string, message: object): Promise<void>;
  untilSo(isSo: (description: IncidentDescription) => boolean): Promise<void>;
}

interface World {
  replaced?: Partial<PlainIncident>;
  continueAsNewAfterEvents?: number;
}

async function lived(
  environment: TestWorkflowEnvironment,
  { replaced = {}, continueAsNewAfterEvents }: World,
  work: (incident: LivingIncident) => Promise<void>,
): Promise<History[]> {
  const { workflow } = environment.client;
  const workflowId = `incident/platform/${randomUUID()}`;
  const handle = workflow.getHandle<IncidentWorkflow>(workflowId);
  const describe = (): Promise<IncidentDescription> => handle.query<IncidentDescription>('describe');
  const input: IncidentInput = {
    version: 1,
    ...(continueAsNewAfterEvents === undefined ? {} : { continueAsNewAfterEvents }),
  };
  return served(environment, replaced, async (taskQueue) => {
    const id = uuidv7();
    await work({
      id,
      handle,
      alerts: async (told) => {
        const again = opening(QUICK, { incidentId: (await isOpen(handle)) ? uuidv7() : id, workflowId });
        await workflow.executeUpdateWithStart<IncidentWorkflow, AlertsAnswer, [AlertsMessage]>('alerts', {
          startWorkflowOperation: new WithStartWorkflowOperation<IncidentWorkflow>('incident', {
            workflowId,
            taskQueue,
            args: [input],
            workflowIdConflictPolicy: 'USE_EXISTING',
          }),
          args: [{ version: 1, alerts: told, opening: again }],
        });
      },
      command: async (name, more = {}) => {
        const { incident } = await describe();
        const command = { name, actor: 'ada', via: 'cli', ...more };
        const args: [object] = [{ version: 1, incidentId: incident.incidentId, command }];
        await handle.executeUpdate('command', { args });
      },
      signal: (name, message) => handle.signal(name, message),
      untilSo: (isSo) => until(async () => isSo(await describe())),
    });
    return historiesOf(environment, handle);
  });
}

const isOpen = (handle: WorkflowHandle): Promise<boolean> =>
  handle.describe().then(
    () => true,
    () => false,
  );

/** Runs `work` while a worker serves the workflows of incidents. */
async function served<Result>(
  environment: TestWorkflowEnvironment,
  replaced: Partial<PlainIncident>,
  work: (taskQueue: string) => Promise<Result>,
): Promise<Result> {
  const taskQueue = `test-${randomUUID()}`;
  const worker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue,
    workflowBundle: await loadWorkflowBundle(testPlugin, { entry: INCIDENTS_ENTRY }),
    plugins: [testPlugin],
    activities: plainIncident(environment.client, replaced),
  });
  return worker.runUntil(() => work(taskQueue));
}

/** The first time of everything is refused, and the store is away for a moment. */
function troubled(): Partial<PlainIncident> {
  let tells = 0;
  return {
    findMaintenance: () => Promise.reject(refused('postgres_query_failed')),
    resolveTargets: ({ targets }) => {
      const [target] = targets;
      if (target?.kind !== 'person') return Promise.reject(refused('bug'));
      return Promise.resolve({
        targets: [{ target, chains: [['person:ada/chat', 'person:ada/mail']] }],
        areOverridesKnown: false,
      });
    },
    gatherPage: () => Promise.reject(refused('bug')),
    tellContact: () => {
      tells += 1;
      return Promise.reject(refused(tells === 1 ? 'temporal_unavailable' : 'channel_refused'));
    },
    recordEntries: failingOnce(),
    signalIncident: () => Promise.reject(refused('incident_unknown')),
  };
}

function failingOnce(): () => Promise<void> {
  let calls = 0;
  return () => {
    calls += 1;
    return calls === 1 ? Promise.reject(new Error('away for a moment')) : Promise.resolve();
  };
}

/** It is late, and comes again; with a history that is short, until another one goes on. */
async function livedHeartbeat(
  environment: TestWorkflowEnvironment,
  input: { continueAsNewAfterEvents?: number },
): Promise<History[]> {
  return served(environment, {}, async (taskQueue) => {
    const first = await beginHeartbeat(environment, taskQueue, input);
    const newest = environment.client.workflow.getHandle(first.workflowId);
    const untilMissed = (isMissed: boolean): Promise<void> =>
      until(async () => {
        const state = await newest.query<{ missedAtMs: number | null } | null>('describe');
        return ((state?.missedAtMs ?? null) !== null) === isMissed;
      });
    const isDone = async (): Promise<boolean> =>
      input.continueAsNewAfterEvents === undefined || (await hasContinued(newest, first.signaledRunId));
    const missOne = async (): Promise<void> => {
      await untilMissed(true);
      await newest.signal('beat', HEARTBEAT);
      await untilMissed(false);
    };
    for (let beats = 0; beats < 3 || !(await isDone()); beats += 1) await missOne();
    await missOne();
    return endedHistories(environment, newest, first.signaledRunId);
  });
}

/** The first beat, and whoever waits for the next one. */
const beginHeartbeat = (
  { client }: TestWorkflowEnvironment,
  taskQueue: string,
  input: { continueAsNewAfterEvents?: number },
): Promise<WorkflowHandleWithSignaledRunId> =>
  client.workflow.signalWithStart('heartbeat', {
    workflowId: `heartbeat/platform/${randomUUID()}`,
    taskQueue,
    args: [{ version: 1, tenant: 'platform', name: 'watchdog', ...input }],
    signal: 'beat',
    signalArgs: [HEARTBEAT],
  });

/** Some notices, one of which is refused. */
async function livedContact(
  environment: TestWorkflowEnvironment,
  input: { continueAsNewAfterEvents?: number },
  replaced: Partial<PlainIncident>,
): Promise<History[]> {
  const workflowId = `contact/channel:${randomUUID()}`;
  const throttle = { messages: 4, perMs: 2_000 };
  let sent = 0;
  const sendMessage: PlainIncident['sendMessage'] = () => {
    sent += 1;
    return sent === 2 ? Promise.reject(refused('channel_refused')) : Promise.resolve({ channel: 'slack' });
  };
  return served(environment, { sendMessage, ...replaced }, async (taskQueue) => {
    const tell = (number: number) =>
      environment.client.workflow.signalWithStart('contact', {
        workflowId,
        taskQueue,
        args: [{ version: 1, contact: 'channel:room', ...input }],
        signal: 'tell',
        signalArgs: [{ version: 1, notice: notice({ deliveryKey: `i/${number}` }), throttle }],
      });
    const { signaledRunId } = await tell(1);
    for (let number = 2; number <= 8; number += 1) {
      if (number <= 4) await until(() => Promise.resolve(sent >= number - 1));
      await tell(number);
    }
    const newest = environment.client.workflow.getHandle(workflowId);
    await until(() => Promise.resolve(sent >= 4));
    if (input.continueAsNewAfterEvents !== undefined) await until(() => hasContinued(newest, signaledRunId));
    const before = sent;
    await tell(9);
    await until(() => Promise.resolve(sent > before));
    await until(async () => (await newest.describe()).historyLength > 8);
    return endedHistories(environment, newest, signaledRunId);
  });
}

const hasContinued = async (newest: WorkflowHandle, firstRunId: string): Promise<boolean> =>
  (await newest.describe()).runId !== firstRunId;

/** The first history and the newest one, of a workflow that is ended because it would not end. */
async function endedHistories(
  { client }: TestWorkflowEnvironment,
  newest: WorkflowHandle,
  firstRunId: string,
): Promise<History[]> {
  const { runId } = await newest.describe();
  const runs = [...new Set([firstRunId, runId])];
  const histories = await Promise.all(
    runs.map((run) => client.workflow.getHandle(newest.workflowId, run).fetchHistory()),
  );
  await newest.terminate();
  return histories;
}
