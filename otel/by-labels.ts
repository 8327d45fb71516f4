import { UnmogrowpError } from '../errors.ts';

/** Values of labels by their names. */
export type Values = Readonly<Record<string, string>>;

/** Items by the values of their labels, one label after the other. */
type Level<Item> = Map<string | undefined, Level<Item> | Item>;

/**
 * Makes the function that gives the item of some labels, the same for the same values; `open` makes it the first time, from
 * labels that nobody changes afterwards. It looks a value up for each label, where prom-client makes a text of all of them.
 * Labels that the metric has not are refused when they come first.
 */
export function byLabels<Item extends object>(
  metricName: string,
  labelNames: readonly string[],
  open: (labels: Values) => Item,
): (labels: Values) => Item {
  const root: Level<Item> = new Map();
  return function itemOf(labels) {
    let level = root;
    for (const name of labelNames) {
      const value = labels[name];
      let next = level.get(value);
      if (next === undefined) level.set(value, (next = new Map()));
      level = next as Level<Item>;
    }
    const known = level.get(undefined);
    if (known !== undefined) return known as Item;
    const unknown = Object.keys(labels).find((label) => !labelNames.includes(label));
    if (unknown !== undefined) throw new UnmogrowpError('bug', `${metricName} has no label ${unknown}.`);
    const item = open({ ...labels });
    level.set(undefined, item);
    return item;
  };
}
