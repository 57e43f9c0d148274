import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { constants, createZstdCompress, createZstdDecompress } from "node:zlib";
import { AppError } from "../platform/index.ts";
import { decrypt, encrypt } from "./seal.ts";

/**
 * What the data file of a backup is: a line that names the backup, then (encrypted, when a key is set) a zstd stream of
 * entries, one after the other: the SQLite file, or a table of PostgreSQL. Each entry is a beginning, its bytes in
 * pieces, and an end with their number and SHA-256; after the last entry stands an end of its own. So a file that was
 * cut off anywhere is never taken for a whole one, with or without its manifest.
 */
export interface Entry {
  readonly name: string;
  /** What a reader must know before the bytes: a table's columns. */
  readonly about: Readonly<Record<string, unknown>>;
  readonly bytes: AsyncIterable<Uint8Array>;
}

export interface EntryEnd {
  readonly bytes: number;
  readonly sha256: string;
}

const MAGIC = "TWBACKUP1";
const BEGIN = 1;
const DATA = 2;
const END = 3;
const LAST = 4;
const MAX_RECORD = 16 * 1024 * 1024;
const LEVEL = 3;

export function damaged(text: string): AppError {
  return new AppError("unprocessable", text, { code: "backup_damaged" });
}

function record(kind: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head[0] = kind;
  head.writeUInt32BE(payload.byteLength, 1);
  return Buffer.concat([head, payload]);
}

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

async function* records(entries: AsyncIterable<Entry>): AsyncGenerator<Buffer> {
  let count = 0;
  for await (const { name, about, bytes } of entries) {
    yield record(BEGIN, json({ name, about }));
    const hash = createHash("sha256");
    let size = 0;
    for await (const chunk of bytes) {
      hash.update(chunk);
      size += chunk.byteLength;
      yield record(DATA, chunk);
    }
    const end: EntryEnd = { bytes: size, sha256: hash.digest("hex") };
    yield record(END, json(end));
    count += 1;
  }
  yield record(LAST, json({ entries: count }));
}

/** The readable line at the front. It lets a data file whose manifest is lost be opened all the same. */
interface Front {
  readonly id: string;
  readonly salt: string | null;
}

/** @param key null leaves it readable. */
export async function* pack(entries: AsyncIterable<Entry>, front: Front, key: Buffer | null): AsyncGenerator<Buffer> {
  yield Buffer.from(`${MAGIC} ${JSON.stringify(front)}\n`);
  const compress = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: LEVEL, [constants.ZSTD_c_checksumFlag]: 1 } });
  const source = Readable.from(records(entries), { objectMode: false, highWaterMark: 1024 * 1024 });
  source.on("error", (error) => compress.destroy(error));
  source.pipe(compress);
  try {
    yield* key === null ? (compress as AsyncIterable<Buffer>) : encrypt(compress, key);
  } finally {
    source.destroy();
    compress.destroy();
  }
}

/** Takes the front line off; the iterator then stands behind it. */
async function readFront(source: AsyncIterator<Uint8Array>): Promise<{ front: Front; rest: Buffer }> {
  let held = Buffer.alloc(0);
  for (;;) {
    const { value, done } = await source.next();
    if (done === true) throw damaged("the data end before they begin");
    held = Buffer.concat([held, value]);
    const at = held.indexOf(10);
    if (at === -1 && held.length < 4096) continue;
    const [, text] = new RegExp(`^${MAGIC} (.*)$`).exec(held.subarray(0, at).toString("latin1")) ?? [];
    if (at === -1 || text === undefined) throw damaged("this is not the data of a backup");
    try {
      return { front: JSON.parse(text) as Front, rest: held.subarray(at + 1) };
    } catch {
      throw damaged("the first line of the data is damaged");
    }
  }
}

/** What the decompressor says of a flipped or missing byte; other errors (the disk, the network, a key) stay as they are. */
function asDamage(error: unknown): unknown {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  return code.startsWith("ZSTD_error") || code === "Z_BUF_ERROR" ? damaged(`the data are damaged or cut off (${error instanceof Error ? error.message : code})`) : error;
}

/** Reads exact numbers of bytes from a stream of chunks. */
class Reader {
  readonly #source: AsyncIterator<Uint8Array>;
  #held = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Null at the very end. @throws `backup_damaged` in the middle. */
  async take(bytes: number): Promise<Buffer | null> {
    const parts = [this.#held];
    let have = this.#held.length;
    while (have < bytes) {
      const { value, done } = await this.#source.next().catch((error: unknown) => {
        throw asDamage(error);
      });
      if (done === true) {
        if (have === 0) return null;
        throw damaged("the data are cut off");
      }
      parts.push(Buffer.from(value));
      have += value.byteLength;
    }
    const all = parts.length === 1 ? this.#held : Buffer.concat(parts, have);
    this.#held = all.subarray(bytes);
    return all.subarray(0, bytes);
  }
}

interface Recorded {
  readonly kind: number;
  readonly payload: Buffer;
}

function parsed(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString("utf8"));
  } catch {
    throw damaged("the data are damaged");
  }
}

async function next(reader: Reader): Promise<Recorded> {
  const head = await reader.take(5);
  if (head === null) throw damaged("the data are cut off");
  const length = head.readUInt32BE(1);
  if (length > MAX_RECORD) throw damaged("the data are damaged");
  const payload = length === 0 ? Buffer.alloc(0) : await reader.take(length);
  if (payload === null) throw damaged("the data are cut off");
  return { kind: head[0] ?? 0, payload };
}

async function* entryBytes(reader: Reader, name: string): AsyncGenerator<Buffer> {
  const hash = createHash("sha256");
  let size = 0;
  for (;;) {
    const { kind, payload } = await next(reader);
    if (kind === DATA) {
      hash.update(payload);
      size += payload.length;
      yield payload;
    } else if (kind === END) {
      const end = parsed(payload) as EntryEnd;
      if (end.bytes !== size || end.sha256 !== hash.digest("hex")) throw damaged(`${name} is not what was written`);
      return;
    } else throw damaged("the data are damaged");
  }
}

async function* joined(first: Buffer, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  for (;;) {
    const { value, done } = await rest.next();
    if (done === true) return;
    yield value;
  }
}

/**
 * Reads what `pack` wrote. Each entry's bytes must be read to their end before the next entry; whoever does not want
 * them reads them all the same, since only then they are known to be right.
 *
 * @param open gives the key for the front line's salt; not asked when the data are not encrypted.
 * @throws AppError `unprocessable` `backup_damaged` wherever the data are not what was written.
 */
export async function* unpack(source: AsyncIterable<Uint8Array>, open: (salt: string) => Buffer): AsyncGenerator<Entry> {
  const chunks = source[Symbol.asyncIterator]();
  const { front, rest } = await readFront(chunks);
  const body = joined(rest, chunks);
  const decompress = createZstdDecompress();
  const input = Readable.from(front.salt === null ? body : decrypt(body, open(front.salt)), { objectMode: false });
  input.on("error", (error) => decompress.destroy(error));
  input.pipe(decompress);
  const reader = new Reader(decompress as AsyncIterable<Buffer>);
  try {
    for (let count = 0; ; count += 1) {
      const { kind, payload } = await next(reader);
      if (kind === LAST) {
        if ((parsed(payload) as { entries: number }).entries !== count) throw damaged("entries are missing");
        if ((await reader.take(1)) !== null) throw damaged("there is something behind the end");
        return;
      }
      if (kind !== BEGIN) throw damaged("the data are damaged");
      const { name, about } = parsed(payload) as Pick<Entry, "name" | "about">;
      yield { name, about, bytes: entryBytes(reader, name) };
    }
  } finally {
    input.destroy();
    decompress.destroy();
  }
}
