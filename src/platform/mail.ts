import { createTransport } from "nodemailer";
import type { Secret } from "./config/secret.ts";
import { redact } from "./redact.ts";

export interface SmtpSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string | null;
  readonly password: Secret | null;
  /** `starttls` insists on it: a server that cannot is not used. `none` is for a relay on the same machine. */
  readonly security: "starttls" | "tls" | "none";
}

export interface Mail {
  readonly from: string;
  readonly to: string;
  readonly replyTo: string | null;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** Without angle brackets; the same mail has the same, so that two copies are known as one. */
  readonly messageId: string;
  /** Message ids of what it goes on from, without angle brackets, oldest first: a mail reader puts them into one thread. */
  readonly references?: readonly string[];
  /** Marked as urgent. */
  readonly urgent?: boolean;
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly attachments?: readonly { readonly filename: string; readonly contentType: string; readonly content: Buffer }[];
}

export type MailOutcome =
  /** The server took it. */
  | { readonly kind: "sent" }
  /** The server did not take it, for certain; `passing`: it may later. */
  | { readonly kind: "refused"; readonly passing: boolean; readonly text: string }
  /** The connection ended when the server may have had it all. */
  | { readonly kind: "unclear"; readonly text: string };

export interface Mailer {
  send(mail: Mail): Promise<MailOutcome>;
}

const CONNECT_MS = 10_000;
const SILENCE_MS = 20_000;

/** The password as it is written, and as the ways to log in write it: servers say back what they were sent. */
function spellings(user: string | null, password: string): string[] {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  return [password, base64(password), base64(`\0${user ?? ""}\0${password}`), base64(`${user ?? ""}\0${user ?? ""}\0${password}`)];
}

function fieldsOf(error: unknown, secrets: readonly string[]): { responseCode: number | null; text: string } {
  const fields = typeof error === "object" && error !== null ? (error as Record<string, unknown>) : {};
  const message = fields["message"];
  const text = secrets.reduce((clean, secret) => clean.replaceAll(secret, "***"), typeof message === "string" ? message : "");
  return { responseCode: typeof fields["responseCode"] === "number" ? fields["responseCode"] : null, text: redact(text).slice(0, 300) };
}

/** What a failure means for the mail. @param textBegan the server had said "go on" to the text, so that it may have it all. */
function mailFailure(error: unknown, textBegan: boolean, secrets: readonly string[]): MailOutcome {
  const { responseCode, text } = fieldsOf(error, secrets);
  if (responseCode !== null) return { kind: "refused", passing: responseCode < 500, text };
  return textBegan ? { kind: "unclear", text } : { kind: "refused", passing: true, text };
}

/** Listens in on the commands, since the library's errors do not tell how far it had come. Keeps nothing. */
function commandWatch(onCommand: (command: string) => void) {
  const heard = (entry: unknown, ...words: unknown[]): void => {
    if (typeof entry === "object" && entry !== null && "tnx" in entry && entry.tnx === "client") onCommand(String(words[0]));
  };
  const nothing = (): void => {};
  return { level: nothing, trace: nothing, debug: heard, info: nothing, warn: nothing, error: nothing, fatal: nothing };
}

function threadOf(references: readonly string[]): { references?: string[]; inReplyTo?: string } {
  const newest = references.at(-1);
  return newest === undefined ? {} : { references: references.map((id) => `<${id}>`), inReplyTo: `<${newest}>` };
}

/** Sends mail by SMTP. A connection per mail: receipts and notices are few, and an idle connection breaks unseen. */
export function openMailer({ host, port, user, password, security }: SmtpSettings): Mailer {
  const options = {
    host,
    port,
    secure: security === "tls",
    requireTLS: security === "starttls",
    ignoreTLS: security === "none",
    ...(user === null ? {} : { auth: { user, pass: password?.reveal() ?? "" } }),
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: SILENCE_MS,
    transactionLog: true,
    // A mail is made of what we give and of nothing that it names.
    disableFileAccess: true,
    disableUrlAccess: true,
  };
  const secrets = password === null ? [] : spellings(user, password.reveal());
  return {
    send: async ({ from, to, replyTo, subject, text, html, messageId, references = [], urgent = false, headers = {}, attachments }) => {
      let textBegan = false;
      const logger = commandWatch((command) => {
        textBegan ||= command.startsWith("DATA") || command.startsWith("BDAT");
      });
      try {
        await createTransport({ ...options, logger }).sendMail({ from, to, subject, text, html, messageId: `<${messageId}>`, headers, ...threadOf(references), ...(urgent ? { priority: "high" as const } : {}), ...(replyTo === null ? {} : { replyTo }), ...(attachments === undefined ? {} : { attachments: [...attachments] }) });
        return { kind: "sent" };
      } catch (error) {
        return mailFailure(error, textBegan, secrets);
      }
    },
  };
}
