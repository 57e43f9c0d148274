import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { type AlertSettings, lintRules } from "../alerts/index.ts";
import type { S3Settings } from "../backup/index.ts";
import { AppError, ConfigError, type ConfigProblem, type Environment, readConfig, type Secret, type SmtpSettings } from "../platform/index.ts";
import { type FileConfig, fileSchema } from "./config/sections.ts";
import { sloWarnings } from "./config/slo.ts";
import { type ChannelSecrets, mailProblems, readChannelSecrets } from "./notify-channels.ts";
import { notifyProblems } from "./notify-settings.ts";
import { bindings, secretVariables, type StripeMode, type Variables, variablesSchema, type WebhookSecret } from "./config/variables.ts";
import type { WatchdogSettings } from "./watchdog.ts";

export { configJsonSchema } from "./config/sections.ts";
export type { StripeMode, WebhookSecret } from "./config/variables.ts";

/** Where backups are kept and how; directory and s3 both null: backups are off. */
export interface BackupConfig extends Omit<FileConfig["backup"], "directory" | "s3"> {
  /** Absolute; the sandbox's lie in a folder of their own. */
  directory: string | null;
  /** Null: none is kept in a bucket. */
  s3: S3Settings | null;
  /** Null: backups are not encrypted. */
  key: Secret | null;
}

export type DatabaseConfig = { kind: "sqlite"; file: string } | { kind: "postgres"; url: Secret; schema: string };

/** Everything the service was told, checked. Secrets are wrapped: a Config that is printed or made JSON shows `***`. */
export interface Config extends Omit<FileConfig, "stripe" | "storage" | "smtp" | "watchdog" | "alerts" | "backup"> {
  alerts: Omit<FileConfig["alerts"], "settings"> & { readonly settings: AlertSettings };
  watchdog: WatchdogSettings;
  backup: BackupConfig;
  /** What the channels of notices name by env:…, by `channel.field`. */
  channelSecrets: ChannelSecrets;
  /** Null: nothing can be mailed. */
  smtp: SmtpSettings | null;
  /** Of the endpoint that `pricing.words` names; null: it asks for none. */
  wordsKey: Secret | null;
  /** Null: one is made at first start. */
  dashboardKey: Secret | null;
  stripe: {
    mode: StripeMode;
    /** The key of the mode; null exactly when `sandbox`. */
    secretKey: Secret | null;
    webhookSecrets: readonly WebhookSecret[];
    /** What is passed on is signed with the one of the target's name. */
    forwardSecrets: readonly WebhookSecret[];
    /** Null: Stripe's own, or the built-in sandbox's. */
    apiBase: string | null;
  };
  /** No Stripe key at all: the service runs on the built-in sandbox, whose data are kept apart. */
  sandbox: boolean;
  database: DatabaseConfig;
  dataDir: string;
  /** Null: no mirrors are written. */
  logDir: string | null;
  /** The file that was read. */
  file: string | null;
  /** What is allowed and probably not meant; to be logged at start. */
  warnings: readonly string[];
}

const FILE_NAME = "tillwatch.yaml";

/**
 * Reads the environment over `tillwatch.yaml`.
 *
 * @param options.cwd relative paths start here, and the file is looked for here.
 * @throws ConfigError with every problem at once.
 */
export function loadConfig(env: Environment, options: { cwd?: string } = {}): Config {
  const cwd = options.cwd ?? process.cwd();
  const named = env["TILLWATCH_CONFIG"]?.trim() ?? "";
  const standard = join(cwd, FILE_NAME);
  const path = named !== "" ? resolve(cwd, named) : existsSync(standard) ? standard : null;
  const source = { file: fileSchema, variables: variablesSchema, secret: secretVariables, bindings };
  const { file, variables, problems } = readConfig(source, env, path, ["DASHBOARD_KEY"]);
  if (file === null || variables === null) throw new ConfigError(problems);
  const channels = readChannelSecrets(file, env);
  const conflicts = [wrongModeKey(file.stripe.mode, variables), readableKey(file.stripe), readableWords(file.pricing, variables), mailless(file), unmailed(file), keyless(file, variables), ...unsigned(file, variables), ...notifyProblems(file), ...mailProblems(file), ...channels.problems].filter((problem) => problem !== null);
  if (conflicts.length > 0) throw new ConfigError(conflicts);
  return { ...assemble(file, variables, path, cwd), channelSecrets: channels.secrets };
}

/** A key for the other mode only: someone forgot half of a change. Starting on the sandbox would hide that. */
function wrongModeKey(mode: StripeMode, variables: Variables): ConfigProblem | null {
  const [wanted, other] = mode === "live" ? (["STRIPE_SECRET_LIVE", "STRIPE_SECRET_KEY"] as const) : (["STRIPE_SECRET_KEY", "STRIPE_SECRET_LIVE"] as const);
  if (variables[wanted] !== undefined || variables[other] === undefined) return null;
  const text = `it is not used in ${mode} mode, and ${wanted}, which is, is not set; set ${wanted}, or set STRIPE_MODE=${mode === "live" ? "test" : "live"}, or unset ${other} to run on the built-in sandbox`;
  return { key: other, given: "***", text, file: null, line: null };
}

/** An application must be able to tell what we pass on from what anybody sends. */
function unsigned({ ingest }: FileConfig, variables: Variables): ConfigProblem[] {
  const known = new Set((variables.FORWARD_SECRET ?? []).map(({ endpoint }) => endpoint));
  return ingest.forward
    .filter(({ name }) => !known.has(name))
    .map(({ name }) => ({ key: "FORWARD_SECRET", given: null, text: `ingest.forward names ${name}, and no secret to sign with; set FORWARD_SECRET=${name}=whsec_… (the secret that the application verifies with)`, file: null, line: null }));
}

/** Receipts that nobody could send would be missed by customers first. */
function mailless({ receipts, smtp }: FileConfig): ConfigProblem | null {
  if (receipts.mode !== "self" || (smtp.host !== null && receipts.from !== null)) return null;
  const [key, text] = smtp.host === null ? ["smtp.host", "receipts.mode is self, and no mail server is named; set smtp.host, or receipts.mode to stripe or off"] : ["receipts.from", "receipts.mode is self, and no sender is named; set receipts.from, like Shop <receipts@example.com>"];
  return { key, given: null, text, file: null, line: null };
}

/** Reports that nobody gets would be missed by nobody, until they are needed. */
function unmailed({ reports, smtp }: FileConfig): ConfigProblem | null {
  if (reports.mailTo.length === 0 || (smtp.host !== null && reports.mailFrom !== null)) return null;
  const [key, text] = smtp.host === null ? ["smtp.host", "reports.mail_to names readers, and no mail server is named; set smtp.host, or leave mail_to out"] : ["reports.mail_from", "reports.mail_to names readers, and no sender is named; set reports.mail_from, like Tillwatch <reports@example.com>"];
  return { key, given: null, text, file: null, line: null };
}

/** A bucket that nobody can write to would be missed on the worst of days. */
function keyless({ backup }: FileConfig, variables: Variables): ConfigProblem | null {
  if (backup.s3 === null || (variables.AWS_ACCESS_KEY_ID && variables.AWS_SECRET_ACCESS_KEY)) return null;
  return { key: variables.AWS_ACCESS_KEY_ID ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID", given: null, text: "backup.s3.bucket names a bucket, and there is no key to it; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", file: null, line: null };
}

function s3Of({ backup }: FileConfig, { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN }: Variables, sandbox: boolean): S3Settings | null {
  if (backup.s3 === null || !AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) return null;
  const prefix = [backup.s3.prefix, sandbox ? "sandbox" : ""].filter((part) => part !== "").join("/");
  return { ...backup.s3, prefix, accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY, sessionToken: AWS_SESSION_TOKEN ?? null };
}

function backupOf(file: FileConfig, variables: Variables, sandbox: boolean, dataDir: string): BackupConfig {
  const { backup } = file;
  return {
    ...backup,
    s3: s3Of(file, variables, sandbox),
    directory: backup.directory === null ? null : resolve(dataDir, backup.directory, sandbox ? "sandbox" : ""),
    key: variables.BACKUP_KEY ?? null,
  };
}

/** The live key must not cross a network readable. */
function readableKey({ mode, apiBase }: FileConfig["stripe"]): ConfigProblem | null {
  if (mode !== "live" || apiBase === null || !isReadable(apiBase)) return null;
  return { key: "STRIPE_API_BASE", given: apiBase, text: "the live key would cross the network readable; give an https:// address", file: null, line: null };
}

function readableWords({ words }: FileConfig["pricing"], variables: Variables): ConfigProblem | null {
  if (words === null || variables.PRICING_WORDS_KEY === undefined || !isReadable(words.url)) return null;
  return { key: "pricing.words.url", given: words.url, text: "PRICING_WORDS_KEY would cross the network readable; give an https:// address, or unset the key where none is asked for", file: null, line: null };
}

function assemble(file: FileConfig, variables: Variables, path: string | null, cwd: string): Omit<Config, "channelSecrets"> {
  const { stripe, storage, smtp, watchdog, ...sections } = file;
  const secretKey = (stripe.mode === "live" ? variables.STRIPE_SECRET_LIVE : variables.STRIPE_SECRET_KEY) ?? null;
  const sandbox = secretKey === null;
  const dataDir = resolve(cwd, storage.data_dir);
  return {
    ...sections,
    watchdog: { ...watchdog, url: variables.WATCHDOG_URL ?? null },
    alerts: withHolidays(sections.alerts, sections.merchant.country),
    smtp: smtp.host === null ? null : { ...smtp, host: smtp.host, password: variables.SMTP_PASSWORD ?? null },
    dashboardKey: variables.DASHBOARD_KEY ?? null,
    wordsKey: variables.PRICING_WORDS_KEY ?? null,
    backup: backupOf(file, variables, sandbox, dataDir),
    stripe: {
      // Nothing in the sandbox is live, whatever was asked for.
      mode: sandbox ? "test" : stripe.mode,
      secretKey,
      webhookSecrets: variables.STRIPE_WEBHOOK_SECRET ?? [],
      forwardSecrets: variables.FORWARD_SECRET ?? [],
      apiBase: stripe.apiBase,
    },
    sandbox,
    database: databaseOf(variables, sandbox, dataDir),
    dataDir,
    logDir: storage.log_dir === "off" ? null : resolve(cwd, storage.log_dir),
    file: path,
    warnings: [...warningsOf(file, variables, sandbox), ...ruleWarnings(file)],
  };
}

/** Rules that cannot do what they are for are said at start, not found out in an incident. */
function ruleWarnings({ alerts, merchant }: FileConfig): string[] {
  const { webhookFailures5m, paymentErrorRate1h, revenueChangeDod, evidence, settings } = withHolidays(alerts, merchant.country);
  return lintRules({ thresholds: { webhookFailures5m, paymentErrorRate1h, revenueChangeDoD: revenueChangeDod, evidence }, settings }, null, Date.now()).map(({ rule, text, todo }) => `rule ${rule}: ${text}; ${todo}`);
}

function withHolidays(alerts: FileConfig["alerts"], country: string | null): Config["alerts"] {
  return { ...alerts, settings: { ...alerts.settings, holidays: alerts.settings.holidays ?? (country === null ? [] : [country]) } };
}

/**
 * The `alerts` section alone, as a rule test gives it.
 *
 * @param where named in a problem.
 * @throws AppError `invalid`.
 */
export function alertsOf(section: unknown, where: string): Config["alerts"] {
  const parsed = fileSchema.safeParse({ alerts: section });
  if (parsed.success) return withHolidays(parsed.data.alerts, null);
  const [issue] = parsed.error.issues;
  throw new AppError("invalid", `${where}: ${issue?.path.join(".") ?? "alerts"}: ${issue?.message ?? "is not valid"}`, { code: "rules_invalid" });
}

function databaseOf(variables: Variables, sandbox: boolean, dataDir: string): DatabaseConfig {
  const postgres = variables.DATABASE_URL;
  if (postgres === undefined) return { kind: "sqlite", file: join(dataDir, sandbox ? "sandbox.db" : "tillwatch.db") };
  if (!sandbox) return { kind: "postgres", ...postgres };
  return { kind: "postgres", url: postgres.url, schema: postgres.schema === "public" ? "tillwatch_sandbox" : `${postgres.schema}_sandbox` };
}

function warningsOf(file: FileConfig, variables: Variables, sandbox: boolean): string[] {
  const warnings: string[] = [];
  if (sandbox && file.stripe.mode === "live") {
    warnings.push("STRIPE_MODE is live, but there is no STRIPE_SECRET_LIVE: running on the built-in sandbox, not on Stripe");
  }
  if (!sandbox && variables.STRIPE_WEBHOOK_SECRET === undefined) {
    warnings.push("STRIPE_WEBHOOK_SECRET is not set: no delivery can be verified, so all are refused; set the whsec_… of the endpoint");
  }
  if (!sandbox && file.stripe.apiBase !== null && isReadable(file.stripe.apiBase)) {
    warnings.push("STRIPE_API_BASE is not https: the Stripe key crosses the network readable");
  }
  return [...warnings, ...sloWarnings(file.slo)];
}

function isReadable(address: string): boolean {
  const { protocol, hostname } = new URL(address);
  return protocol === "http:" && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}
