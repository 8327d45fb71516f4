import { beforeAll, describe, expect, it, test } from 'vitest';
import * as workflows from '../../workflows/index.ts';
import { plainReplay } from '../replay/plain-replay.ts';
import { CARELESS_CHANGES } from './careless-changes.ts';
import { activitiesOf, bundleOf, changedBundle, historiesOf, readHistory, replay } from './histories.ts';
import { replayActivities } from './lives-of-windows.ts';
import { plainActivities, quietRuntime } from './time-skipping.ts';

const HISTORY_FILES = historiesOf(Object.keys(workflows));

beforeAll(quietRuntime);

describe.each(Object.keys(workflows))('%s', (workflow) => {
  const files = HISTORY_FILES.filter((file) => file.startsWith(`${workflow}-`));

  test('has recorded histories, of a whole life and of one that continues as new', () => {
    const continued = files.filter((file) =>
      readHistory(file).events.some((event) => event.workflowExecutionContinuedAsNewEventAttributes !== undefined),
    );
    expect(continued).not.toEqual([]);
    expect(files.length).toBeGreaterThan(continued.length);
  });

  it.each(files)('a workflow that began as in %s goes on under the present code', async (file) => {
    await replay(file, await bundleOf());
  });

  it.each(files)('a change that the workflow of %s would not survive is found', async (file) => {
    const twin = await bundleOf('test/windows/broken-twins/workflows.ts');
    await expect(replay(file, twin)).rejects.toThrow(/nondeterminism/i);
  });
});

describe('a careless change is found', () => {
  it.each(CARELESS_CHANGES)('$change', async ({ from, to, refusedBy }) => {
    const changed = await changedBundle(from, to);
    const files = HISTORY_FILES.filter((file) => refusedBy.includes(file.replace(/-\d+\.json$/, '')));
    expect(files.length).toBeGreaterThanOrEqual(refusedBy.length);
    for (const file of files) {
      // An activity inside of a workflow task that takes the place of another gets the answer of that one, and stumbles.
      await expect(replay(file, changed), file).rejects.toThrow(/nondeterminism|workflow task failure/i);
    }
  });

  test('by each history at least one that it is there for', () => {
    const lives = new Set(HISTORY_FILES.map((file) => file.replace(/-\d+\.json$/, '')));
    expect(new Set(CARELESS_CHANGES.flatMap(({ refusedBy }) => refusedBy))).toEqual(lives);
  });
});

test('the histories hold every activity that a workflow calls, and every message that it takes', () => {
  const histories = HISTORY_FILES.map(readHistory);
  const events = histories.flatMap((history) => history.events);
  const named = (names: (string | undefined)[]) => [...new Set(names.filter((name) => name !== undefined))].toSorted();
  const plain = plainActivities();
  const replays = plainReplay([]);
  const activities = [plain.activities, replayActivities(plain.calls), replays.activities, replays.waits];
  expect(named(histories.flatMap(activitiesOf))).toEqual(
    [...activities.flatMap((each) => Object.keys(each)), 'keepLedger'].toSorted(),
  );
  expect(named(events.map((event) => event.workflowExecutionSignaledEventAttributes?.signalName))).toEqual([
    'reopen',
    'turn',
    'withdraw',
  ]);
  expect(
    named(events.map((event) => event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest.input.name)),
  ).toEqual(['change', 'close', 'replay']);
});
