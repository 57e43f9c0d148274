import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { CompletedPart } from "@aws-sdk/client-s3";
import { AppError } from "../platform/index.ts";
import { type Bucket, codeOf, MIB, openBucket, type S3Limits, type S3Settings, statusOf, unusable, USUAL } from "./bucket.ts";
import { pieces } from "./pieces.ts";
import type { Stored, Target } from "./target.ts";

const MOST_PARTS = 10_000;

const md5 = (bytes: Uint8Array): Buffer => createHash("md5").update(bytes).digest();

interface Reading {
  readonly body: Readable;
  readonly bytes: number;
  readonly etag: string;
}

/** @throws AppError `not_found`. */
async function read({ label, at, ask }: Bucket, name: string, from: { readonly byte: number; readonly etag: string } | null): Promise<Reading> {
  return await ask(async (AWS, client) => {
    const got = await client.send(new AWS.GetObjectCommand({ ...at(name), ...(from === null ? {} : { Range: `bytes=${from.byte}-`, IfMatch: from.etag }) })).catch((error: unknown) => {
      throw codeOf(error) === "NoSuchKey" ? new AppError("not_found", `${name} is not in ${label}`, { code: "backup_not_found" }) : error;
    });
    if (!(got.Body instanceof Readable)) throw new Error("no body");
    return { body: got.Body, bytes: got.ContentLength ?? 0, etag: got.ETag ?? "" };
  });
}

/** Goes on where a broken connection ended, as long as it is the same object. */
async function* resumed(bucket: Bucket, name: string, { body: begun, bytes, etag }: Reading): AsyncGenerator<Uint8Array> {
  let [body, got, left] = [begun, 0, bucket.limits.tries];
  while (got < bytes) {
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        got += chunk.length;
        left = bucket.limits.tries;
        yield chunk;
      }
      if (got < bytes) throw Object.assign(new Error("cut off"), { code: "cut_off" });
    } catch (error) {
      left -= 1;
      if (left <= 0) throw unusable(bucket.label, error);
      body = (await read(bucket, name, { byte: got, etag })).body;
    }
  }
}

/** What was sent, by which it is known again. */
interface Sent {
  readonly bytes: number;
  readonly sha256: string;
  /** As S3 makes it of one piece, or of several; providers that encrypt with keys of their own make another. */
  readonly etag: string;
  /** What became of putting it together; an answer that was lost says nothing, so what is there is asked afterwards. */
  readonly trouble: AppError | null;
}

async function drop({ at, ask }: Bucket, name: string, upload: string): Promise<void> {
  await ask((AWS, client) => client.send(new AWS.AbortMultipartUploadCommand({ ...at(name), UploadId: upload })));
}

/** The parts of an object that is longer than one, until S3 puts them together. */
class Parts {
  readonly #bucket: Bucket;
  readonly #name: string;
  readonly #sums: Buffer[] = [];
  readonly #parts: CompletedPart[] = [];
  #upload: string | null = null;

  constructor(bucket: Bucket, name: string) {
    this.#bucket = bucket;
    this.#name = name;
  }

  get begun(): boolean {
    return this.#upload !== null;
  }

  async add(piece: Buffer, sum: Buffer): Promise<void> {
    const { label, at, ask, limits } = this.#bucket;
    const number = this.#sums.push(sum);
    if (number > MOST_PARTS) throw new AppError("too_large", `${label}: an object has at most ${MOST_PARTS} parts of ${limits.part / MIB} MiB; keep this backup in a directory (backup.directory)`, { code: "backup_s3_too_large" });
    const upload = (this.#upload ??= (await ask((AWS, client) => client.send(new AWS.CreateMultipartUploadCommand(at(this.#name))))).UploadId ?? "");
    const { ETag } = await ask((AWS, client) => client.send(new AWS.UploadPartCommand({ ...at(this.#name), UploadId: upload, PartNumber: number, Body: piece, ContentMD5: sum.toString("base64") })));
    this.#parts.push({ PartNumber: number, ...(ETag === undefined ? {} : { ETag }) });
  }

  /** Answers the ETag that the whole has, and what went wrong. */
  async complete(): Promise<Pick<Sent, "etag" | "trouble">> {
    const { label, at, ask } = this.#bucket;
    const asked = { ...at(this.#name), UploadId: this.#upload ?? "", MultipartUpload: { Parts: this.#parts } };
    const trouble = await ask((AWS, client) => client.send(new AWS.CompleteMultipartUploadCommand(asked))).then(
      () => null,
      (error: unknown) => unusable(label, error),
    );
    if (trouble !== null) await this.drop();
    return { etag: `${md5(Buffer.concat(this.#sums)).toString("hex")}-${this.#sums.length}`, trouble };
  }

  async drop(): Promise<void> {
    if (this.#upload !== null) await drop(this.#bucket, this.#name, this.#upload).catch(() => {});
  }
}

/** Nothing or the whole is there afterwards. */
async function send(bucket: Bucket, name: string, bytes: AsyncIterable<Uint8Array>): Promise<Sent> {
  const [whole, parts] = [createHash("sha256"), new Parts(bucket, name)];
  let size = 0;
  try {
    for await (const { piece, last } of pieces(bytes, bucket.limits.part)) {
      whole.update(piece);
      size += piece.length;
      const sum = md5(piece);
      if (last && !parts.begun) {
        await bucket.ask((AWS, client) => client.send(new AWS.PutObjectCommand({ ...bucket.at(name), Body: piece, ContentMD5: sum.toString("base64") })));
        return { bytes: size, sha256: whole.digest("hex"), etag: sum.toString("hex"), trouble: null };
      }
      await parts.add(piece, sum);
    }
  } catch (error) {
    await parts.drop();
    throw error;
  }
  return { bytes: size, sha256: whole.digest("hex"), ...(await parts.complete()) };
}

/** @throws AppError unless what is there is what was sent. */
async function assertSent(bucket: Bucket, name: string, { bytes, sha256, etag, trouble }: Sent): Promise<void> {
  const { label, at, ask } = bucket;
  const found = await ask((AWS, client) => client.send(new AWS.HeadObjectCommand(at(name)))).catch((error: unknown) => {
    throw trouble ?? error;
  });
  if (found.ContentLength === bytes && found.ETag?.replaceAll('"', "") === etag) return;
  if (trouble !== null) throw trouble;
  const hash = createHash("sha256");
  for await (const chunk of resumed(bucket, name, await read(bucket, name, null))) hash.update(chunk);
  if (hash.digest("hex") === sha256) return;
  await remove(bucket, name);
  throw new AppError("unavailable", `${label}: what it kept of ${name} is not what was sent; it was removed`, { code: "backup_s3_differs" });
}

async function remove({ at, ask }: Bucket, name: string): Promise<void> {
  await ask((AWS, client) => client.send(new AWS.DeleteObjectCommand(at(name))));
}

async function list({ name: bucket, root, ask }: Bucket): Promise<Stored[]> {
  const all: Stored[] = [];
  let token: string | undefined;
  do {
    const asked = { Bucket: bucket, Prefix: root, Delimiter: "/", ...(token === undefined ? {} : { ContinuationToken: token }) };
    const page = await ask((AWS, client) => client.send(new AWS.ListObjectsV2Command(asked)));
    for (const { Key, Size, LastModified } of page.Contents ?? []) if (Key !== undefined && Key !== root) all.push({ name: Key.slice(root.length), bytes: Size ?? 0, at: LastModified?.getTime() ?? 0 });
    token = page.NextContinuationToken;
  } while (token !== undefined);
  return all;
}

async function clean(bucket: Bucket, beforeMs: number): Promise<void> {
  const { name, root, ask } = bucket;
  const left = await ask(async (AWS, client) => {
    // What may not be looked at, or is not known there, is left to the bucket's own rules.
    const page = await client.send(new AWS.ListMultipartUploadsCommand({ Bucket: name, Prefix: root })).catch((error: unknown) => {
      if (statusOf(error) === 403 || statusOf(error) === 501) return { Uploads: [] };
      throw error;
    });
    return page.Uploads ?? [];
  });
  for (const { Key, UploadId, Initiated } of left) {
    if (Key !== undefined && UploadId !== undefined && Initiated !== undefined && Initiated.getTime() < beforeMs) await drop(bucket, Key.slice(root.length), UploadId).catch(() => {});
  }
}

/**
 * A bucket of S3, or of what speaks like it. An object is there whole or not at all: what is longer than a part is put
 * together by S3 when all parts are there, and what a kill leaves behind is removed by `clean`. Each piece is sent with
 * its MD5, so that S3 refuses what changed on the way; the whole is then known by its size and ETag, and where a provider
 * makes those otherwise it is read back.
 */
export function s3Target(settings: S3Settings, limits: S3Limits = USUAL): Target {
  const bucket = openBucket(settings, limits);
  return {
    label: bucket.label,
    rotates: settings.rotates,
    put: async (name, bytes) => {
      const sent = await send(bucket, name, bytes);
      await assertSent(bucket, name, sent);
      return sent.bytes;
    },
    get: async (name) => resumed(bucket, name, await read(bucket, name, null)),
    list: () => list(bucket),
    remove: (name) => remove(bucket, name),
    clean: (beforeMs) => clean(bucket, beforeMs),
    free: async () => null,
  };
}
