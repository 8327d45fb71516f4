/** Series as promtool reads them: a series and its samples, one a minute. */
export type Series = Readonly<Record<string, string>>;

/** What is told when an alert fires: the labels beside its name, and the description word for word. */
export interface Told {
  readonly labels: Readonly<Record<string, string>>;
  readonly description: string;
}

/** How one alert has to behave. */
export interface AlertCase {
  readonly name: string;
  readonly summary: string;
  /** Looks alike and is well. */
  readonly quiet: Series;
  /** When it is looked at; else at many moments from the beginning on. */
  readonly quietAt?: readonly string[];
  readonly firing: Series;
  /** When it has to fire. */
  readonly at: string;
  readonly told: readonly Told[];
  /** What is told when there are no series at all; nothing, but for the twins. */
  readonly withoutData?: readonly Told[];
}

/** A sample as it stays, from the beginning to the end of a test. */
export const always = (value: number): string => `${value}x1500`;

/** A counter that grows by so much each minute. */
export const growing = (perMinute: number): string => `0+${perMinute}x1500`;

/** `name{label="value"}` */
export function input(name: string, labels: Readonly<Record<string, string>> = {}): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(', ')}}`;
}
