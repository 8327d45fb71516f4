import { expect, it } from 'vitest';
import { barText } from './progress-bar.ts';

const BASE = { label: 'sending', text: '3 accepted', elapsedMs: 8_200 };

it('a bar tells the time that is left, the time that it took at the end, and nothing where it cannot know', () => {
  expect(barText({ ...BASE, progress: 0.5, secondsLeft: 12 })).toMatch(
    /^sending {4}█{15}░{15} 50 % {2}3 accepted {2}12\.0 s left$/,
  );
  expect(barText({ ...BASE, progress: 0, secondsLeft: Infinity })).toMatch(/░{30} 0 % {2}3 accepted$/);
  expect(barText({ ...BASE, progress: 1, secondsLeft: 0 })).toMatch(/█{30} 100 % {2}3 accepted {2}8\.2 s$/);
});
