import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import kafkajs from 'kafkajs';

const { CompressionCodecs, CompressionTypes } = kafkajs;

const LEVEL = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/**
 * Makes Zstandard known to the kafkajs client, for the whole process. Whoever consumes the events topic calls it: the
 * producer of ingest compresses its larger requests.
 */
export function useZstandard(): void {
  CompressionCodecs[CompressionTypes.ZSTD] = () => ({
    compress: ({ buffer }: { buffer: Buffer }) => Promise.resolve(zstdCompressSync(buffer, LEVEL)),
    decompress: (buffer: Buffer) => Promise.resolve(zstdDecompressSync(buffer)),
  });
}
