import { z } from "zod";
import { field } from "../../platform/index.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

const keep = z
  .strictObject({
    daily: field.integer(1, 366).default(7).describe("Days of which the newest backup is kept"),
    weekly: field.integer(0, 520).default(4).describe("Weeks"),
    monthly: field.integer(0, 120).default(6).describe("Months"),
  })
  .prefault({});

const bucketError = "expected off, or the name of a bucket such as my-shop-backups";
const prefixError = "expected a path such as tillwatch/production, of letters, digits and . _ - / with no slash at the ends";

const s3 = z
  .strictObject({
    bucket: z
      .union([z.literal("off"), z.literal(false), z.string().regex(/^(?!off$)[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/i, { error: bucketError })], { error: bucketError })
      .default("off")
      .describe("Name of the bucket, or off; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN) come from the environment"),
    prefix: z.string({ error: prefixError }).regex(/^([\w.-]+(\/[\w.-]+)*)?$/, { error: prefixError }).max(200, { error: prefixError }).default("tillwatch").describe("In front of every name; of each installation its own"),
    region: z.string().regex(/^[a-z0-9-]{1,60}$/, { error: "expected a region such as eu-central-1, or what the provider says (auto)" }).default("us-east-1").describe("The bucket's"),
    endpoint: field.webAddress().optional().describe("Of another provider than Amazon, such as https://s3.example.com"),
    path_style: field.onOff(false).describe("The bucket stands in the path, as MinIO and others want, not in front of the endpoint's name"),
    rotation: field.onOff(true).describe("off: old backups are let go by the bucket's own rules, and the key need not be able to delete"),
    allow_private: field.onOff(false).describe("The endpoint may be inside this machine or its networks, and then without https"),
  })
  .prefault({})
  .superRefine(({ endpoint, allow_private }, context) => {
    if (endpoint?.startsWith("http://") !== true || allow_private) return;
    context.addIssue({ code: "custom", path: ["endpoint"], message: "backups would cross the network readable; give an https:// address, or set allow_private: on if the endpoint is inside your own network", input: endpoint });
  })
  .transform(({ bucket, prefix, region, endpoint, path_style, rotation, allow_private }) =>
    bucket === "off" || bucket === false ? null : { bucket, prefix, region, endpoint: endpoint ?? null, pathStyle: path_style, rotates: rotation, allowPrivate: allow_private },
  );

export const backupSection = z
  .strictObject({
    directory: field.text(4096).default("backups").describe("Where backups are kept, relative to storage.data_dir; better another disk; or off"),
    s3,
    keep,
    max_age: field.duration(HOUR_MS, 30 * DAY_MS).prefault("30h").describe("A newest backup older than this raises an alert"),
    drill_max_age: field.duration(DAY_MS, 366 * DAY_MS).prefault("9d").describe("So does a last verified drill older than this"),
  })
  .describe("Backups; BACKUP_KEY encrypts them, tasks.backup and tasks.drill say when")
  .prefault({})
  .transform((given) => ({
    directory: given.directory === "off" ? null : given.directory,
    s3: given.s3,
    keep: given.keep,
    maxAgeMs: given.max_age,
    drillMaxAgeMs: given.drill_max_age,
  }));
