import { beforeAll, describe, expect, it, test } from 'vitest';
import { INCIDENTS_ENTRY } from '../../bin/workflow-bundle.ts';
import * as workflows from '../../workflows/incidents-index.ts';
import { activitiesOf, bundleOf, changedBundle, historiesOf, readHistory, replay } from '../windows/histories.ts';
import { quietRuntime } from '../windows/time-skipping.ts';
import { CARELESS_CHANGES } from './careless-changes.ts';

const FILES = historiesOf(Object.keys(workflows));
const lifeOf = (file: string): string => file.replace(/-\d+\.json$/, '');

beforeAll(quietRuntime);

describe.each(Object.keys(workflows))('%s', (workflow) => {
  const files = FILES.filter((file) => file.startsWith(`${workflow}-`));

  test('has recorded histories, of a whole life and of one that continues as new', () => {
    const continued = files.filter((file) =>
      readHistory(file).events.some((event) => event.workflowExecutionContinuedAsNewEventAttributes !== undefined),
    );
    expect(continued).not.toEqual([]);
    expect(files.length).toBeGreaterThan(continued.length);
  });

  it.each(files)('a workflow that began as in %s goes on under the present code', async (file) => {
    await replay(file, await bundleOf(INCIDENTS_ENTRY));
  });

  it.each(files)('a change that the workflow of %s would not survive is found', async (file) => {
    const twin = await bundleOf('test/incidents/broken-twins/workflows.ts');
    await expect(replay(file, twin)).rejects.toThrow(/nondeterminism/i);
  });
});

describe('a careless change is found', () => {
  it.each(CARELESS_CHANGES)('$change', async ({ from, to, refusedBy }) => {
    const changed = await changedBundle(from, to, INCIDENTS_ENTRY);
    const files = FILES.filter((file) => refusedBy.includes(lifeOf(file)));
    expect(files.length).toBeGreaterThanOrEqual(refusedBy.length);
    for (const file of files) {
      await expect(replay(file, changed), file).rejects.toThrow(/nondeterminism|workflow task failure/i);
    }
  });

  test('by each history at least one that it is there for', () => {
    const lives = new Set(FILES.map(lifeOf));
    expect(new Set(CARELESS_CHANGES.flatMap(({ refusedBy }) => refusedBy))).toEqual(lives);
  });
});

test('the histories hold every activity that a workflow calls, and every message that it takes', () => {
  const histories = FILES.map(readHistory);
  const events = histories.flatMap((history) => history.events);
  const named = (names: (string | undefined)[]) => [...new Set(names.filter((name) => name !== undefined))].toSorted();
  expect(named(histories.flatMap(activitiesOf))).toEqual(
    [
      'findMaintenance',
      'resolveTargets',
      'gatherPage',
      'tellContact',
      'recordEntries',
      'signalIncident',
      'openFromHeartbeat',
      'sendMessage',
      'tellOutcomes',
    ].toSorted(),
  );
  expect(named(events.map((event) => event.workflowExecutionSignaledEventAttributes?.signalName))).toEqual([
    'beat',
    'delivered',
    'mergedFrom',
    'replayPublished',
    'tell',
  ]);
  expect(
    named(events.map((event) => event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest.input.name)),
  ).toEqual(['alerts', 'command']);
});
