/** Loaded before a worker (`node --import`): gives it the workflows of a release with a patch. */
import { releaseBundle } from '../support/release.ts';

releaseBundle(new URL('./patched-bundle.ts', import.meta.url).href);
