import { alertmanagerChannel, type Channel, discordChannel, mailChannel, ntfyChannel, OPSGENIE_URL, opsgenieChannel, PAGERDUTY_URL, pagerdutyChannel, slackChannel, TELEGRAM_URL, teamsChannel, telegramChannel, webhookChannel, type Wording } from "../notify/index.ts";
import { type ConfigProblem, type Environment, openMailer, Secret } from "../platform/index.ts";
import type { Config } from "./config.ts";
import type { ChannelConfig } from "./config/notify.ts";
import type { FileConfig } from "./config/sections.ts";

/** The secrets that the channels name, by `channel.field`. */
export type ChannelSecrets = ReadonlyMap<string, Secret>;

/** Fields that name a variable, and whether its value is an address. */
const SECRET_FIELDS = { url: true, routing_key: false, api_key: false, token: false, secret: false } as const;

function namedIn(channel: ChannelConfig): { field: keyof typeof SECRET_FIELDS; variable: string }[] {
  return Object.entries(channel).flatMap(([field, value]) => (field in SECRET_FIELDS && typeof value === "string" ? [{ field: field as keyof typeof SECRET_FIELDS, variable: value.slice("env:".length) }] : []));
}

function trouble(value: string, isAddress: boolean): string | null {
  if (!/^[\x21-\x7e]{1,2000}$/.test(value)) return "it must be one line of 1 to 2000 visible ASCII characters";
  if (isAddress && !/^https?:$/.test(URL.parse(value)?.protocol ?? "")) return "it must be an address that begins with https:// or http://";
  return null;
}

/** Reads the variables that the channels name. Problems say which variable, never its value. */
export function readChannelSecrets({ notify }: Pick<FileConfig, "notify">, env: Environment): { secrets: ChannelSecrets; problems: ConfigProblem[] } {
  const secrets = new Map<string, Secret>();
  const problems: ConfigProblem[] = [];
  for (const [name, channel] of Object.entries(notify.channels)) {
    for (const { field, variable } of namedIn(channel)) {
      const value = env[variable]?.trim() ?? "";
      const text = value === "" ? `the channel ${name} (${channel.kind}) needs it for its ${field}, and it is not set` : trouble(value, SECRET_FIELDS[field]);
      if (text === null) secrets.set(`${name}.${field}`, new Secret(value));
      else problems.push({ key: variable, given: value === "" ? null : "***", text, file: null, line: null });
    }
  }
  return { secrets, problems };
}

/** Mail needs a server and a sender. */
export function mailProblems({ notify, smtp, receipts }: Pick<FileConfig, "notify" | "smtp" | "receipts">): ConfigProblem[] {
  return Object.entries(notify.channels).flatMap(([name, channel]): ConfigProblem[] => {
    if (channel.kind !== "mail") return [];
    if (smtp.host === null) return [{ key: "smtp.host", given: null, text: `the channel ${name} mails, and no mail server is named; set smtp.host`, file: null, line: null }];
    if ((channel.from ?? receipts.from) === null) return [{ key: `notify.channels.${name}.from`, given: null, text: "no sender is named; set from, like Tillwatch <alerts@example.com>", file: null, line: null }];
    return [];
  });
}

/** The channels as configured. @param wordingOf how one channel's notices name things. */
export function channelsOf(config: Pick<Config, "notify" | "smtp" | "receipts" | "channelSecrets">, wordingOf: (channel: string) => Wording): Channel[] {
  return Object.entries(config.notify.channels).map(([name, channel]) => {
    const secret = (field: keyof typeof SECRET_FIELDS): Secret => config.channelSecrets.get(`${name}.${field}`) ?? new Secret("");
    const wording = wordingOf(name);
    if (channel.kind === "mail") {
      const { smtp } = config;
      const mailer = smtp === null ? { send: async () => ({ kind: "refused" as const, passing: true, text: "no mail server is configured" }) } : openMailer(smtp);
      return mailChannel({ name, to: channel.to, from: channel.from ?? config.receipts.from ?? "", server: smtp === null ? "" : `${smtp.host}:${smtp.port} ${smtp.user ?? ""} ${smtp.password?.reveal() ?? ""}` }, mailer, wording);
    }
    const settings = { name, timeoutMs: channel.timeout, allowPrivate: channel.allow_private };
    switch (channel.kind) {
      case "slack":
        return slackChannel({ ...settings, url: secret("url") }, wording);
      case "teams":
        return teamsChannel({ ...settings, url: secret("url") }, wording);
      case "discord":
        return discordChannel({ ...settings, url: secret("url") }, wording);
      case "pagerduty":
        return pagerdutyChannel({ ...settings, url: channel.api ?? PAGERDUTY_URL, routingKey: secret("routing_key") }, wording);
      case "opsgenie":
        return opsgenieChannel({ ...settings, url: channel.api ?? OPSGENIE_URL, apiKey: secret("api_key") }, wording);
      case "alertmanager":
        return alertmanagerChannel({ ...settings, url: secret("url") }, wording);
      case "webhook":
        return webhookChannel({ ...settings, url: secret("url"), secret: secret("secret"), shape: channel.shape }, wording);
      case "ntfy":
        return ntfyChannel({ ...settings, url: secret("url"), token: channel.token === undefined ? null : secret("token") }, wording);
      case "telegram":
        return telegramChannel({ ...settings, url: channel.api ?? TELEGRAM_URL, token: secret("token"), chat: channel.chat }, wording);
    }
  });
}
