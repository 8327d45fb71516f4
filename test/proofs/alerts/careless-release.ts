/** Loaded before a worker (`node --import`): gives it the workflows of a careless release. */
import { releaseBundle } from '../../support/release.ts';

releaseBundle(new URL('./broken-bundle.ts', import.meta.url).href);
