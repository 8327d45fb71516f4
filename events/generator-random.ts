/** Chance that can be repeated: the same seed gives the same numbers on every machine. */
export interface Random {
  /** From 0 up to 1, without 1. */
  next(): number;
  /** A whole number from `from` to `to`, both included. */
  whole(from: number, to: number): number;
  chance(probability: number): boolean;
  pick<Item>(items: readonly Item[]): Item;
  /** Items with a greater weight come more often. */
  pickWeighted<Item extends { weight: number }>(items: readonly Item[]): Item;
  /** Small numbers mostly, large ones now and then: 1 or more, at most `max`. */
  heavyTail(shape: number, max: number): number;
  /** Positive, around `median`, with a long tail upwards. */
  logNormal(median: number, spread: number): number;
  uuid(): string;
}

/** Chance by the sfc32 generator, which passes the usual batteries of tests and needs only 32-bit arithmetic. */
export function createRandom(seed: number): Random {
  const bits = sfc32(seed);
  const next = (): number => bits() / 4_294_967_296;
  const whole = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  const random: Random = {
    next,
    whole,
    chance: (probability) => next() < probability,
    pick: (items) => items[whole(0, items.length - 1)] as (typeof items)[number],
    pickWeighted(items) {
      let left = next() * items.reduce((sum, { weight }) => sum + weight, 0);
      for (const item of items) {
        left -= item.weight;
        if (left < 0) return item;
      }
      return items.at(-1) as (typeof items)[number];
    },
    heavyTail: (shape, max) => Math.min(max, Math.floor((1 - next()) ** (-1 / shape))),
    logNormal: (median, spread) => median * Math.exp(spread * normal(next)),
    uuid: () => uuidOf(bits),
  };
  return random;
}

/** A number of the standard normal distribution, by Box and Muller. */
function normal(next: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}

function uuidOf(bits: () => number): string {
  const hexadecimal = Array.from({ length: 4 }, () => bits().toString(16).padStart(8, '0')).join('');
  const variant = '89ab'.charAt(bits() & 3);
  const part = (start: number, end: number) => hexadecimal.slice(start, end);
  return `${part(0, 8)}-${part(8, 12)}-4${part(13, 16)}-${variant}${part(17, 20)}-${part(20, 32)}`;
}

function sfc32(seed: number): () => number {
  let [a, b, c, counter] = [seed | 0, Math.trunc(seed / 4_294_967_296) | 0, 0x9e3779b9 | 0, 1];
  const step = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  };
  // The first numbers still resemble the seed.
  for (let round = 0; round < 16; round += 1) step();
  return step;
}
