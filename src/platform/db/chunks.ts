/**
 * Cuts a list into pieces of `size` and a few smaller powers of two, so that statements over them have few distinct
 * texts, each of which is prepared once.
 */
export function inChunks<Item>(items: readonly Item[], size: number): Item[][] {
  const chunks: Item[][] = [];
  let at = 0;
  while (at < items.length) {
    const rest = items.length - at;
    const take = rest >= size ? size : 2 ** Math.floor(Math.log2(rest));
    chunks.push(items.slice(at, at + take));
    at += take;
  }
  return chunks;
}
