import { createHash } from "node:crypto";
import { Agent as PlainAgent } from "node:http";
import { Agent as TlsAgent } from "node:https";
import { isIP } from "node:net";
import { Readable } from "node:stream";
import type { CompletedPart, S3Client } from "@aws-sdk/client-s3";
import { AppError, guardedLookup, isPrivateAddress, MINUTE_MS, type Secret } from "../platform/index.ts";
import { pieces } from "./pieces.ts";
import type { Stored, Target } from "./target.ts";

export interface S3Settings {
  readonly bucket: string;
  /** In front of every name, without a slash at either end; empty: none. */
  readonly prefix: string;
  readonly region: string;
  /** Null: Amazon's of the region. */
  readonly endpoint: string | null;
  /** `endpoint/bucket/name`, not `bucket.endpoint/name`. */
  readonly pathStyle: boolean;
  /** The endpoint may be inside this machine or its networks. */
  readonly allowPrivate: boolean;
  /** False: what is old is left to the bucket's own rules, so that our key need not be able to delete. */
  readonly rotates: boolean;
  readonly accessKeyId: Secret;
  readonly secretAccessKey: Secret;
  readonly sessionToken: Secret | null;
}

/** Other than the usual ones in tests alone. */
export interface S3Limits {
  /** Bytes of a part; all have it but the last, as some providers want. 10,000 parts are an object's most. */
  readonly part: number;
  /** From the first byte of a request to the first of its answer, ms. */
  readonly requestMs: number;
  /** Nothing moves, ms. */
  readonly idleMs: number;
  /** Tries of one request; so often is a broken-off read taken up where it ended, too. */
  readonly tries: number;
}

const MIB = 1024 * 1024;
const USUAL: S3Limits = { part: 16 * MIB, requestMs: 5 * MINUTE_MS, idleMs: MINUTE_MS, tries: 4 };
const MOST_PARTS = 10_000;

type Sdk = typeof import("@aws-sdk/client-s3");

const codeOf = (error: unknown): string => (error instanceof Error ? ("code" in error && typeof error.code === "string" ? error.code : error.name) : "");

/** HTTP status that S3 answered; null when there was no answer. */
function statusOf(error: unknown): number | null {
  const metadata = error instanceof Error && "$metadata" in error ? error.$metadata : null;
  return typeof metadata === "object" && metadata !== null && "httpStatusCode" in metadata && typeof metadata.httpStatusCode === "number" ? metadata.httpStatusCode : null;
}

/** In words of ours: what S3 says may name the key, and what the library says the address. */
function unusable(label: string, error: unknown): AppError {
  if (error instanceof AppError) return error;
  const refuse = (text: string): AppError => new AppError("unavailable", `${label}: ${text}`, { code: "backup_s3" });
  const [status, code] = [statusOf(error), /^[A-Za-z0-9_]{1,60}$/.exec(codeOf(error))?.[0] ?? "unknown"];
  if (code === "EPRIVATE") return refuse("its endpoint is inside this machine or its networks; set backup.s3.allow_private: on if that is meant");
  if (status === 403) return refuse(`refused (403 ${code}); check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the clock, and that the key may list the bucket and get, put and delete its objects`);
  if (status === 404) return refuse(`there is no such bucket (404 ${code}); see backup.s3.bucket, region and endpoint`);
  if (status === 301 || code === "PermanentRedirect" || code === "AuthorizationHeaderMalformed") return refuse(`the bucket is in another region (${code}); see backup.s3.region`);
  if (status !== null) return refuse(`answered ${status} ${code}`);
  return refuse(`cannot be reached (${code})`);
}

const md5 = (bytes: Uint8Array): Buffer => createHash("md5").update(bytes).digest();

function clientOf({ AWS, settings, limits }: { AWS: Sdk; settings: S3Settings; limits: S3Limits }): S3Client {
  const { region, endpoint, pathStyle, allowPrivate, accessKeyId, secretAccessKey, sessionToken } = settings;
  const agent = { keepAlive: true, lookup: guardedLookup(allowPrivate) };
  return new AWS.S3Client({
    region,
    ...(endpoint === null ? {} : { endpoint }),
    forcePathStyle: pathStyle,
    credentials: { accessKeyId: accessKeyId.reveal(), secretAccessKey: secretAccessKey.reveal(), ...(sessionToken === null ? {} : { sessionToken: sessionToken.reveal() }) },
    maxAttempts: limits.tries,
    // The newer checksums in headers are not known to every provider; Content-MD5, which we send, is.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: { httpAgent: new PlainAgent(agent), httpsAgent: new TlsAgent(agent), connectionTimeout: 10_000, requestTimeout: limits.requestMs, throwOnRequestTimeout: true, socketTimeout: limits.idleMs },
  });
}

/** A bucket that is asked. */
interface Bucket {
  readonly label: string;
  readonly name: string;
  /** In front of every name, with its slash. */
  readonly root: string;
  readonly limits: S3Limits;
  at(name: string): { Bucket: string; Key: string };
  /** @throws AppError in our words. */
  ask<T>(work: (AWS: Sdk, client: S3Client) => Promise<T>): Promise<T>;
}

function openBucket(settings: S3Settings, limits: S3Limits): Bucket {
  const { bucket, prefix, endpoint, allowPrivate } = settings;
  const label = `S3 bucket ${prefix === "" ? bucket : `${bucket}/${prefix}`}${endpoint === null ? "" : ` at ${new URL(endpoint).host}`}`;
  const root = prefix === "" ? "" : `${prefix}/`;
  let opened: Promise<{ AWS: Sdk; client: S3Client }> | null = null;
  const open = (): Promise<{ AWS: Sdk; client: S3Client }> => {
    const host = endpoint === null ? "" : new URL(endpoint).hostname.replace(/^\[(.*)\]$/, "$1");
    if (!allowPrivate && isIP(host) !== 0 && isPrivateAddress(host)) throw Object.assign(new Error("private"), { code: "EPRIVATE" });
    // Loaded when it is needed: it is larger than all the rest of a command.
    opened ??= import("@aws-sdk/client-s3").then((AWS) => ({ AWS, client: clientOf({ AWS, settings, limits }) }));
    return opened;
  };
  return {
    label,
    name: bucket,
    root,
    limits,
    at: (name) => ({ Bucket: bucket, Key: `${root}${name}` }),
    ask: async (work) => {
      try {
        const { AWS, client } = await open();
        return await work(AWS, client);
      } catch (error) {
        throw unusable(label, error);
      }
    },
  };
}

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
