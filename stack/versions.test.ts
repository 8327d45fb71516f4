import { expect, test } from 'vitest';
import { versionAtLeast } from './versions.ts';

test.for([
  ['4.4.0', '4.0.0', true],
  ['4.0', '4.0.0', true],
  ['3.9.1', '4.0.0', false],
  ['1.10.0', '1.9.9', true],
  ['go1.26.8', '1.21', true],
  ['v2.13.0-rc1', '2.13.0', true],
  ['', '1', false],
] as const)('%s at least %s: %s', ([version, minimum, expected]) => {
  expect(versionAtLeast(version, minimum)).toBe(expected);
});
