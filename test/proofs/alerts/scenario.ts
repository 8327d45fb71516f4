import type { Pipeline } from '../pipeline.ts';
import type { FreshLoad } from './load.ts';

/** What a fault may use. */
export interface Scene {
  readonly pipeline: Pipeline;
  /** Events of this moment, all the time. */
  readonly load: FreshLoad;
  readonly seed: number;
  readonly signal: AbortSignal;
}

/** A fault that lasts until it is healed. */
export interface LastingFault {
  /** What its mitigation does that no command of a page can: starting what was killed, and so on. */
  heal(): Promise<void>;
  /** What the labels of the alert, or the commands before, tell whoever follows the page: TENANT, WINDOW, REPLAY. */
  readonly words?: () => Promise<Readonly<Record<string, string>>>;
}

/** One real fault, and all alerts that it has to fire. */
export interface Scenario {
  /** By which `--only` finds it. */
  readonly name: string;
  readonly title: string;
  readonly alerts: readonly string[];
  /** Alerts about what was held up, which fire only when it comes through again. */
  readonly alertsAfter?: readonly string[];
  /** Where another length of time is needed than that of most. */
  readonly timeScale?: number;
  /** Needs a disk of its own, and so root. */
  readonly needsDisk?: boolean;
  inject(scene: Scene): Promise<LastingFault>;
}
