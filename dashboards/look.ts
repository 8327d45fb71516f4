import {
  ThresholdsConfigBuilder,
  type DynamicConfigValue,
  type Threshold,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';

/** Colours say one thing everywhere: green is well, yellow wants a look, red is wrong, blue judges nothing. */
export const WELL = 'green';
export const LOOK = 'yellow';
export const WRONG = 'red';
export const NEUTRAL = 'blue';
export const QUIET = '#8e8e8e';

export type Steps = readonly { readonly from: number | null; readonly color: string }[];

/** Red from a threshold on. */
export const redFrom = (value: number): Steps => [
  { from: null, color: WELL },
  { from: value, color: WRONG },
];

/** Yellow from one number on, and red from another. */
export const yellowThenRed = (yellow: number, red: number): Steps => [
  { from: null, color: WELL },
  { from: yellow, color: LOOK },
  { from: red, color: WRONG },
];

/** Red below a threshold. */
export const redBelow = (value: number): Steps => [
  { from: null, color: WRONG },
  { from: value, color: WELL },
];

/** Whatever it is, it is only a number. */
export const ONLY_A_NUMBER: Steps = [{ from: null, color: NEUTRAL }];

export const thresholds = (steps: Steps): ThresholdsConfigBuilder =>
  new ThresholdsConfigBuilder().steps(steps.map(({ from, color }): Threshold => ({ value: from, color }) as Threshold));

/** Texts that get a colour, and maybe other words, where the whole text fits the pattern; the first one counts. */
export const textColors = (patterns: readonly { pattern: string; color: string; text?: string }[]): ValueMapping[] =>
  patterns.map(({ pattern, color, text }, index) => ({
    type: 'regex',
    options: { pattern, result: { color, index, ...(text === undefined ? {} : { text }) } },
  })) as ValueMapping[];

export const fixedColor = (color: string): DynamicConfigValue => ({
  id: 'color',
  value: { mode: 'fixed', fixedColor: color },
});
