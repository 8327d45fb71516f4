const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

/**
 * Epoch milliseconds of an RFC 3339 time, digits beyond milliseconds cut off; undefined when it is none. Written out
 * because Date.parse takes 30 February, local times and formats that differ between runtimes.
 */
export function parseRfc3339(text: string): number | undefined {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', sign, offsetHour, offsetMinute] = match;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  if (Number(offsetHour ?? 0) > 23 || Number(offsetMinute ?? 0) > 59) return undefined;
  const milliseconds = Number(fraction.padEnd(3, '0').slice(0, 3));
  const utc = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  const date = new Date(utc);
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return undefined;
  const offsetMinutes = Number(offsetHour ?? 0) * 60 + Number(offsetMinute ?? 0);
  return utc + milliseconds - (sign === '-' ? -1 : 1) * offsetMinutes * 60_000;
}

/** Epoch milliseconds as decimal seconds, which ClickHouse reads into DateTime64(3) without a time zone's doubt. */
export function toDecimalSeconds(epochMs: number): string {
  const milliseconds = epochMs % 1_000;
  const seconds = (epochMs - milliseconds) / 1_000;
  return `${seconds}.${milliseconds < 10 ? '00' : milliseconds < 100 ? '0' : ''}${milliseconds}`;
}
