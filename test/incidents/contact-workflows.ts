import { condition, defineQuery, defineSignal, setHandler } from '@temporalio/workflow';
import type { DeliveryOutcome } from '../../incidents/types.ts';

export { contact } from '../../workflows/contact.ts';

/** Stands where an incident does: keeps what it hears, in the order in which it comes, until it is to end. */
export async function listener(): Promise<DeliveryOutcome[]> {
  const heard: DeliveryOutcome[] = [];
  let isOver = false;
  setHandler(defineSignal<[DeliveryOutcome]>('delivered'), (outcome) => void heard.push(outcome));
  setHandler(defineSignal('end'), () => void (isOver = true));
  setHandler(defineQuery<DeliveryOutcome[]>('heard'), () => heard);
  await condition(() => isOver);
  return heard;
}
