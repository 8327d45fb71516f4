import { expect, test } from 'vitest';
import { newClusterId } from './kafka-jars.ts';

test('no id of a new cluster looks like an option of the tool that formats its storage', () => {
  const ids = Array.from({ length: 2_000 }, newClusterId);
  expect(ids.filter((id) => !/^\w[\w-]{21}$/.test(id))).toEqual([]);
});
