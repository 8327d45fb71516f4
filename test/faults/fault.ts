import type { Random } from '../../events/generator-random.ts';
import type { PartName, PipelineProcess } from '../../stack/types.ts';
import type { EventsName } from './events.ts';
import type { DiskName, Stage } from './stage.ts';

/** What a fault disturbs: two faults of one target are never injected together. */
export type Target = PartName | PipelineProcess | 'client' | 'topic';

/** What a fault may use while it is injected. */
export interface Scene {
  readonly stage: Stage;
  readonly random: Random;
  /** How long a fault that lasts is to last. */
  readonly holdMs: number;
  readonly signal: AbortSignal;
}

/** Ends a fault. */
export type Heal = () => Promise<void>;

/** One thing that goes wrong. */
export interface Fault {
  /** By which `--only` finds it. */
  readonly name: string;
  /** What happens, for the table. */
  readonly title: string;
  readonly targets: readonly Target[];
  /** Part of the short form, which CI runs. */
  readonly isShort?: boolean;
  /** Disks of their own that the fault needs. */
  readonly disks?: readonly DiskName[];
  readonly events?: EventsName;
  readonly copiesMax?: number;
  /** Whether it stays for `holdMs` before it is ended; a killed process of ours is started again at once. */
  readonly lasts?: boolean;
  /** For how long it stays at least. */
  readonly lastsMsMin?: number;
  /** Changes what stays changed: never with another one, and after all others. */
  readonly isLast?: boolean;
  /** Goes wrong now; gives what ends it. */
  inject(scene: Scene): Promise<Heal>;
}
