import type pg from "pg";
import { from, to } from "pg-copy-streams";

/** What `copy … to stdout` sends, as it comes; `rows` is known once all was read. */
export interface CopyOut {
  readonly bytes: AsyncIterable<Buffer>;
  rows(): number;
}

/** @param statement `copy table (columns) to stdout`. The client is busy until `bytes` was read to its end. */
export function copyOut(client: pg.PoolClient, statement: string): CopyOut {
  const stream = client.query(to(statement));
  return { bytes: stream, rows: () => stream.rowCount };
}

/** @param statement `copy table (columns) from stdin`. Answers how many rows went in; when the bytes fail, none did. */
export async function copyIn(client: pg.PoolClient, statement: string, bytes: AsyncIterable<Uint8Array>): Promise<number> {
  const stream = client.query(from(statement));
  const done = Promise.withResolvers<void>();
  stream.once("finish", done.resolve);
  stream.once("error", done.reject);
  // Whoever fails first is told of; the other must not be left without a listener.
  done.promise.catch(() => {});
  try {
    for await (const chunk of bytes) {
      if (!stream.write(chunk)) await Promise.race([new Promise<void>((resolve) => stream.once("drain", resolve)), done.promise]);
    }
  } catch (error) {
    stream.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
  stream.end();
  await done.promise;
  return stream.rowCount;
}
