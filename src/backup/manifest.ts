import { createHash } from "node:crypto";
import { z } from "zod";
import { AppError, type Secret } from "../platform/index.ts";
import { damaged } from "./archive.ts";
import { CIPHER, openText, sealKeys, type SealKeys, sealText } from "./seal.ts";

/** Money of one mode and currency, in minor units, at the moment of the backup. */
const TOTAL = z.strictObject({
  mode: z.enum(["live", "test"]),
  currency: z.string(),
  payments: z.int(),
  captured: z.int(),
  refunded: z.int(),
  disputed: z.int(),
});
export type Total = z.infer<typeof TOTAL>;

/** What a whole restore must come to, to the row. */
const CONTENTS = z.strictObject({
  /** Rows per table. */
  tables: z.record(z.string(), z.int()),
  totals: z.array(TOTAL),
  /** The last event; null for an empty ledger. */
  last_event: z.strictObject({ seq: z.int(), id: z.string(), received_at: z.int() }).nullable(),
  /** The end of the audit trail: `tillwatch audit verify` holds the trail against it. */
  audit: z.strictObject({ id: z.int(), hash: z.string() }).nullable(),
  /** Bytes before compression. */
  raw_bytes: z.int(),
});
export type Contents = z.infer<typeof CONTENTS>;

const READABLE = {
  format: z.literal("tillwatch-backup"),
  format_version: z.literal(1),
  id: z.string().regex(/^\d{8}T\d{6}Z-[0-9a-f]{8}$/),
  made_by: z.string(),
  database: z.enum(["sqlite", "postgres"]),
  /** Applied migrations: the version of the schema. */
  migrations: z.array(z.string()),
  /** The moment that the backup stands for, ms UTC, and when making it ended. */
  snapshot_at: z.int(),
  finished_at: z.int(),
  data: z.strictObject({ name: z.string().regex(/^[\w.-]{1,100}$/), bytes: z.int(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  encryption: z.strictObject({ cipher: z.literal(CIPHER), salt: z.string() }).nullable(),
};

const MANIFEST = z.strictObject({
  ...READABLE,
  /** An object, or with a key its encrypted text. */
  contents: z.union([CONTENTS, z.string()]),
  /** SHA-256 over everything else. */
  check: z.string(),
});

/** The small file beside the data that says what they are. It is written last: a backup without it does not exist. */
export type Manifest = z.infer<typeof MANIFEST>;
type Readable = Omit<Manifest, "contents" | "check">;

function readableOf(manifest: Manifest): Readable {
  return z.object(READABLE).parse(manifest);
}
const checkOf = (manifest: Omit<Manifest, "check">): string => createHash("sha256").update(JSON.stringify(manifest)).digest("hex");

/** Text of the manifest. Its parts are brought into the order of the schema, in which they are compared when read. */
export function manifestText(given: Readable, counted: Contents, keys: SealKeys | null): string {
  const [readable, contents] = [z.object(READABLE).parse(given), CONTENTS.parse(counted)];
  const told = keys === null ? contents : sealText(JSON.stringify(contents), JSON.stringify(readable), keys.manifest);
  const manifest = { ...readable, contents: told };
  return `${JSON.stringify({ ...manifest, check: checkOf(manifest) }, null, 1)}\n`;
}

/** @throws AppError `unprocessable` `backup_damaged`, or `backup_too_new` for a format that this version does not know. */
export function parseManifest(text: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw damaged("the manifest is damaged");
  }
  const version = typeof value === "object" && value !== null ? (value as Record<string, unknown>)["format_version"] : null;
  if (typeof version === "number" && version > 1) throw new AppError("conflict", "the backup was made by a newer version of Tillwatch; install that version to restore it", { code: "backup_too_new" });
  const parsed = MANIFEST.safeParse(value);
  if (!parsed.success) throw damaged("the manifest is damaged");
  const { check, ...rest } = parsed.data;
  if (check !== checkOf(rest)) throw damaged("the manifest is not what was written");
  return parsed.data;
}

/** A manifest opened: its contents, and the key of its data. */
export interface Opened {
  readonly manifest: Manifest;
  readonly contents: Contents;
  /** Null: the data are not encrypted. */
  readonly dataKey: Buffer | null;
}

/** @throws AppError `unprocessable` `backup_key_missing` or `backup_key_wrong` when the contents cannot be read. */
export function openManifest(manifest: Manifest, key: Secret | null): Opened {
  if (typeof manifest.contents !== "string") return { manifest, contents: manifest.contents, dataKey: null };
  if (manifest.encryption === null) throw damaged("the manifest is damaged");
  if (key === null) throw new AppError("unprocessable", `backup ${manifest.id} is encrypted; set BACKUP_KEY to the key it was made with`, { code: "backup_key_missing" });
  const keys = sealKeys(key, manifest.encryption.salt);
  const text = openText(manifest.contents, JSON.stringify(readableOf(manifest)), keys.manifest);
  if (text === null) throw new AppError("unprocessable", `BACKUP_KEY is not the key that backup ${manifest.id} was made with, or its manifest was changed`, { code: "backup_key_wrong" });
  return { manifest, contents: CONTENTS.parse(JSON.parse(text)), dataKey: keys.data };
}

/** The same as it stands in another database: what differs, in words; empty when all is the same. */
export function differences(wanted: Contents, found: Contents): string[] {
  const all = new Set([...Object.keys(wanted.tables), ...Object.keys(found.tables)]);
  const tables = [...all].flatMap((name) => {
    const [ought, is] = [wanted.tables[name] ?? 0, found.tables[name] ?? 0];
    return ought === is ? [] : [`${name}: ${is} rows instead of ${ought}`];
  });
  const event = JSON.stringify(wanted.last_event) === JSON.stringify(found.last_event) ? [] : [`the last event is ${found.last_event?.id ?? "none"} instead of ${wanted.last_event?.id ?? "none"}`];
  const money = (total: Total): string => `${total.mode} ${total.currency}`;
  const sums = new Map(found.totals.map((total) => [money(total), JSON.stringify(total)]));
  const totals = wanted.totals.filter((total) => sums.get(money(total)) !== JSON.stringify(total)).map((total) => `the totals of ${money(total)} differ`);
  const extra = found.totals.length > wanted.totals.length ? ["there are totals of further currencies"] : [];
  const audit = JSON.stringify(wanted.audit) === JSON.stringify(found.audit) ? [] : ["the audit trail ends elsewhere"];
  return [...tables, ...event, ...totals, ...extra, ...audit];
}
