import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import kafkajs from 'kafkajs';

const { CompressionCodecs, CompressionTypes } = kafkajs;

const LEVEL = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** Makes Zstandard known to kafkajs, for the whole process: our producer compresses its larger requests with it. */
export function useZstandard(): void {
  CompressionCodecs[CompressionTypes.ZSTD] = () => ({
    compress: ({ buffer }: { buffer: Buffer }) => Promise.resolve(zstdCompressSync(buffer, LEVEL)),
    decompress: (buffer: Buffer) => Promise.resolve(zstdDecompressSync(buffer)),
  });
}
