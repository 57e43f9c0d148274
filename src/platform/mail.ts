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

/** Steps of SMTP before the text of the mail goes out. */
const BEFORE_TEXT = /^(CONN|EHLO|HELO|LHLO|STARTTLS|AUTH|MAIL FROM|RCPT TO)/;
const NEVER_CONNECTED = new Set(["EDNS", "ECONNECTION", "ECONNREFUSED", "ETLS", "EAUTH", "EENVELOPE", "EPROXY", "EMESSAGE"]);

function fieldsOf(error: unknown): { code: string; command: string; responseCode: number | null; text: string } {
  const fields = typeof error === "object" && error !== null ? (error as Record<string, unknown>) : {};
  const text = (name: string): string => (typeof fields[name] === "string" ? fields[name] : "");
  return { code: text("code"), command: text("command"), responseCode: typeof fields["responseCode"] === "number" ? fields["responseCode"] : null, text: redact(text("message")).slice(0, 300) };
}

/** What a failure means for the mail. Exported for its test. */
export function mailFailure(error: unknown): MailOutcome {
  const { code, command, responseCode, text } = fieldsOf(error);
  if (responseCode !== null) return { kind: "refused", passing: responseCode < 500, text };
  if (NEVER_CONNECTED.has(code) || BEFORE_TEXT.test(command)) return { kind: "refused", passing: true, text };
  return { kind: "unclear", text };
}

/** Sends mail by SMTP. A connection per mail: receipts and notices are few, and an idle connection breaks unseen. */
export function openMailer({ host, port, user, password, security }: SmtpSettings): Mailer {
  const transport = createTransport({
    host,
    port,
    secure: security === "tls",
    requireTLS: security === "starttls",
    ignoreTLS: security === "none",
    ...(user === null ? {} : { auth: { user, pass: password?.reveal() ?? "" } }),
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: SILENCE_MS,
    // A mail is made of what we give and of nothing that it names.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    send: async ({ from, to, replyTo, subject, text, html, messageId }) => {
      try {
        await transport.sendMail({ from, to, subject, text, html, messageId: `<${messageId}>`, ...(replyTo === null ? {} : { replyTo }) });
        return { kind: "sent" };
      } catch (error) {
        return mailFailure(error);
      }
    },
  };
}
