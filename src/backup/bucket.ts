import { Agent as PlainAgent } from "node:http";
import { Agent as TlsAgent } from "node:https";
import { isIP } from "node:net";
import type { S3Client } from "@aws-sdk/client-s3";
import { AppError, guardedLookup, isPrivateAddress, MINUTE_MS, type Secret } from "../platform/index.ts";

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

export const MIB = 1024 * 1024;
export const USUAL: S3Limits = { part: 16 * MIB, requestMs: 5 * MINUTE_MS, idleMs: MINUTE_MS, tries: 4 };

type Sdk = typeof import("@aws-sdk/client-s3");

export const codeOf = (error: unknown): string => (error instanceof Error ? ("code" in error && typeof error.code === "string" ? error.code : error.name) : "");

/** HTTP status that S3 answered; null when there was no answer. */
export function statusOf(error: unknown): number | null {
  const metadata = error instanceof Error && "$metadata" in error ? error.$metadata : null;
  return typeof metadata === "object" && metadata !== null && "httpStatusCode" in metadata && typeof metadata.httpStatusCode === "number" ? metadata.httpStatusCode : null;
}

/** In words of ours: what S3 says may name the key, and what the library says the address. */
export function unusable(label: string, error: unknown): AppError {
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
export interface Bucket {
  readonly label: string;
  readonly name: string;
  /** In front of every name, with its slash. */
  readonly root: string;
  readonly limits: S3Limits;
  at(name: string): { Bucket: string; Key: string };
  /** @throws AppError in our words. */
  ask<T>(work: (AWS: Sdk, client: S3Client) => Promise<T>): Promise<T>;
}

export function openBucket(settings: S3Settings, limits: S3Limits): Bucket {
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
