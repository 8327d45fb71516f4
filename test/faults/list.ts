import { createRandom } from '../../events/generator-random.ts';
import type { Fault } from './fault.ts';
import { FAULTS_OF_KILLS } from './faults-of-kills.ts';
import { FAULTS_OF_PARTS } from './faults-of-parts.ts';

/** All faults, in the order in which they are tried. */
export const FAULTS: readonly Fault[] = [...FAULTS_OF_KILLS, ...FAULTS_OF_PARTS].toSorted(
  (left, right) => Number(left.isLast ?? false) - Number(right.isLast ?? false),
);

/** Two faults that go wrong at once. */
export type Pair = readonly [Fault, Fault];

/** Endless pairs by chance of faults that do not disturb the same thing; the same seed gives the same pairs. */
export function* randomPairs(faults: readonly Fault[], seed: number): Generator<Pair, never> {
  const random = createRandom(seed);
  const usable = faults.filter((fault) => fault.isLast !== true);
  for (;;) {
    const first = random.pick(usable);
    const others = usable.filter(({ targets }) => !targets.some((target) => first.targets.includes(target)));
    yield [first, random.pick(others)];
  }
}
