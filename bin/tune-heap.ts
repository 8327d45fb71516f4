import { executionAsyncResource } from 'node:async_hooks';
import { setFlagsFromString } from 'node:v8';

/**
 * Has V8 keep house as suits a server: its objects live as long as a request, milliseconds, and its load comes and goes. V8's
 * own settings are those of a page in a browser. Imported before anything else, because the first collections come while
 * the libraries load; so it asks for Bun, which has another engine, without the server that knows it (`bunRuntime`).
 */
if (process.versions['bun'] === undefined) {
  keepRequestsYoung();
  collectSeldom();
  keepCodeAtRest();
  keepShapeOfTicks();
}

/**
 * While the heap is small, most of the requests under way survive a scavenge, and V8 concludes that their objects live long:
 * it makes them where only a full collection finds them, with all that they refer to.
 */
function keepRequestsYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}

/**
 * With a heap as small as that of ingest, V8 marks all of it again when a few MB have become old: every three seconds under
 * load, and 100 ms of CPU on its threads each time. The bodies of requests count too: while they are large, it does so more than
 * twice a second. Now the heap has to become five times as large before. Against twice, which is Go's default, that is 7 % less
 * CPU for requests of 100 events, and 20 MB.
 */
function collectSeldom(): void {
  setFlagsFromString('--heap-growing-percent=400');
}

/**
 * V8 collects a process that rests for seconds again and again, to give memory back. What has no object then is forgotten, as
 * the shape of a request is, and the code that was compiled for it does not fit the next one: a request costs a tenth more
 * CPU in the seconds after. Not doing so costs 50 MB.
 */
function keepCodeAtRest(): void {
  setFlagsFromString('--memory-reducer-gc-count=0');
}

/**
 * `process.nextTick` makes objects with computed keys. Where a full collection finds none of them, their shape is forgotten, and
 * the code that makes them asks V8's runtime for each key from then on: 370 ns a tick instead of 60, for as long as the process
 * lives. A request takes six ticks. One such object that stays keeps the shape.
 */
function keepShapeOfTicks(): void {
  process.nextTick(() => Object.assign(globalThis, { unmogrowpKeptTick: executionAsyncResource() }));
}
