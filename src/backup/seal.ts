import { createCipheriv, createDecipheriv, hkdfSync, randomBytes, scryptSync } from "node:crypto";
import { AppError, type Secret } from "../platform/index.ts";
import { pieces } from "./pieces.ts";

/**
 * Encryption of backups: AES-256-GCM in chunks of 64 KiB, each with its number and whether it is the last one in its
 * nonce (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015), so that a chunk that was changed,
 * left out, put elsewhere or cut off at the end is noticed. The key of one backup is derived from `BACKUP_KEY` and the
 * backup's own salt, so no two backups share a key and the counter may begin at 0.
 */
export const CIPHER = "aes-256-gcm-stream";

const CHUNK = 64 * 1024;
const TAG = 16;
/** scrypt with N = 2^15, r = 8, p = 1: 32 MiB and about 0.1 s for each guess at a key that was thought up. */
const SCRYPT = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };

/** The keys of one backup. */
export interface SealKeys {
  readonly data: Buffer;
  readonly manifest: Buffer;
}

export function newSalt(): string {
  return randomBytes(16).toString("base64");
}

/** @param salt base64, from the manifest. */
export function sealKeys(key: Secret, salt: string): SealKeys {
  const master = scryptSync(key.reveal(), Buffer.from(salt, "base64"), 32, SCRYPT);
  const derive = (purpose: string): Buffer => Buffer.from(hkdfSync("sha256", master, Buffer.alloc(0), `tillwatch backup ${purpose}`, 32));
  return { data: derive("data"), manifest: derive("manifest") };
}

function nonce(counter: number, last: boolean): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUIntBE(counter, 5, 6);
  bytes[11] = last ? 1 : 0;
  return bytes;
}

export async function* encrypt(source: AsyncIterable<Uint8Array>, key: Buffer): AsyncGenerator<Buffer> {
  let counter = 0;
  for await (const { piece, last } of pieces(source, CHUNK)) {
    const cipher = createCipheriv("aes-256-gcm", key, nonce(counter, last));
    yield Buffer.concat([cipher.update(piece), cipher.final(), cipher.getAuthTag()]);
    counter += 1;
  }
}

/** @throws AppError `unprocessable` `backup_damaged` at the first chunk that is not what was written. */
export async function* decrypt(source: AsyncIterable<Uint8Array>, key: Buffer): AsyncGenerator<Buffer> {
  let counter = 0;
  for await (const { piece, last } of pieces(source, CHUNK + TAG)) {
    if (piece.length < TAG) throw notOpened(counter);
    const decipher = createDecipheriv("aes-256-gcm", key, nonce(counter, last));
    decipher.setAuthTag(piece.subarray(piece.length - TAG));
    let plain: Buffer;
    try {
      plain = Buffer.concat([decipher.update(piece.subarray(0, piece.length - TAG)), decipher.final()]);
    } catch {
      throw notOpened(counter);
    }
    yield plain;
    counter += 1;
  }
}

function notOpened(chunk: number): AppError {
  return new AppError("unprocessable", `the encrypted data are damaged or cut off at chunk ${chunk}`, { code: "backup_damaged" });
}

/** Encrypts the manifest's contents; what stands readable beside them (`readable`) is authenticated with them. */
export function sealText(text: string, readable: string, key: Buffer): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(readable));
  return Buffer.concat([iv, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]).toString("base64");
}

/** Null when the key is another one, or the manifest was changed. */
export function openText(sealed: string, readable: string, key: Buffer): string | null {
  const bytes = Buffer.from(sealed, "base64");
  if (bytes.length < 12 + TAG) return null;
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12)).setAAD(Buffer.from(readable));
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(12, bytes.length - TAG)), decipher.final()]).toString("utf8");
  } catch {
    return null;
  }
}
