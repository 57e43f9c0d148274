/** Cuts into pieces of exactly `size`, the last one shorter; an empty input is one empty piece. Says which is the last. */
export async function* pieces(source: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<{ piece: Buffer; last: boolean }> {
  let held: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of source) {
    held.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    bytes += chunk.byteLength;
    // One byte more than a piece must be there before it is known not to be the last.
    if (bytes <= size) continue;
    let all = Buffer.concat(held);
    while (all.length > size) {
      yield { piece: all.subarray(0, size), last: false };
      all = all.subarray(size);
    }
    held = [all];
    bytes = all.length;
  }
  yield { piece: Buffer.concat(held), last: true };
}
