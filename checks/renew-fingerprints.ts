import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fingerprintProblems, renewFingerprints } from './fingerprints.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({ options: { because: { type: 'string', default: '' } } });
const { renewed, refused } = renewFingerprints(ROOT, values.because);
if (renewed.length > 0) process.stdout.write(`renewed: ${renewed.join(', ')}\n`);
if (refused.length > 0) process.stderr.write(`${fingerprintProblems(ROOT).join('\n')}\n`);
process.exit(refused.length === 0 ? 0 : 1);
