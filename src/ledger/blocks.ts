import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";

/** Bodies of one block, at the most; a page that shows one event opens no more than this. */
export const BLOCK_EVENTS = 64;
export const BLOCK_BYTES = 256 * 1024;

export const CODEC = "zstd";

/** Compresses with a checksum inside, so that a flipped bit on disk is an error and never a different event. */
export function compress(raw: Uint8Array): Buffer {
  return zstdCompressSync(raw, {
    pledgedSrcSize: raw.length,
    params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 },
  });
}

/** @throws when the bytes are damaged. */
export function decompress(bytes: Uint8Array): Buffer {
  return zstdDecompressSync(bytes);
}

/** Cuts bodies into runs that each fit one block, keeping their order. */
export function cutIntoBlocks<Item extends { readonly body: Uint8Array }>(items: readonly Item[]): Item[][] {
  const blocks: Item[][] = [];
  let current: Item[] = [];
  let bytes = 0;
  for (const item of items) {
    if (current.length > 0 && (current.length >= BLOCK_EVENTS || bytes + item.body.length > BLOCK_BYTES)) {
      blocks.push(current);
      current = [];
      bytes = 0;
    }
    current.push(item);
    bytes += item.body.length;
  }
  if (current.length > 0) blocks.push(current);
  return blocks;
}
