import { expect, it } from "vitest";
import { openMailer } from "../../platform/index.ts";
import { mailServer } from "../../platform/testing/smtp.ts";
import type { Notice } from "../notice.ts";
import { EVIL, knownOf, LONG, noticeOf, wording } from "../testing/notices.ts";
import type { Wording } from "../words.ts";
import { mailChannel } from "./mail.ts";

interface Opened {
  readonly raw: string;
  /** Names in lower case; unfolded, with encoded words read. */
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
  readonly html: string;
}

/** RFC 2047: each word stands for itself, so none may end within a character. */
function readWords(value: string): string {
  return value.replaceAll(/(=\?[^?]+\?[BQ]\?[^?]*\?=)\s+(?==\?)/gi, "$1").replaceAll(/=\?([^?]+)\?([BQ])\?([^?]*)\?=/gi, (_, charset: string, kind: string, data: string) => {
    expect(charset.toLowerCase()).toBe("utf-8");
    const bytes = kind.toUpperCase() === "B" ? Buffer.from(data, "base64") : readQuoted(data.replaceAll("_", " "));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  });
}

/** RFC 2045, 6.7. */
function readQuoted(data: string): Buffer {
  return Buffer.from(data.replaceAll(/=\n/g, "").replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))), "latin1");
}

function split(part: string): { headers: Map<string, string>; body: string } {
  const end = part.indexOf("\n\n");
  const lines = part.slice(0, end).replaceAll(/\n[ \t]+/g, " ").split("\n");
  return { headers: new Map(lines.map((line): [string, string] => [line.slice(0, line.indexOf(":")).toLowerCase(), readWords(line.slice(line.indexOf(":") + 1).trim())])), body: part.slice(end + 2) };
}

function bodyOf(part: string): { type: string; text: string } {
  const { headers, body } = split(part.replace(/^\n/, ""));
  const encoding = headers.get("content-transfer-encoding");
  const bytes = encoding === "quoted-printable" ? readQuoted(body) : encoding === "base64" ? Buffer.from(body, "base64") : Buffer.from(body);
  return { type: headers.get("content-type") ?? "", text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
}

function open(raw: string): Opened {
  const { headers, body } = split(raw);
  const boundary = /boundary="([^"]+)"/.exec(headers.get("content-type") ?? "")?.[1] ?? "";
  const parts = body.split(`--${boundary}`).slice(1, -1).map(bodyOf);
  const of = (type: string): string => parts.find((part) => part.type.startsWith(type))?.text ?? "";
  return { raw, headers, text: of("text/plain"), html: of("text/html") };
}

async function mailed(notices: readonly Notice[], words: Wording = wording): Promise<Opened[]> {
  const server = await mailServer();
  const mailer = openMailer({ host: "127.0.0.1", port: server.port, user: null, password: null, security: "none" });
  const channel = mailChannel({ name: "ops", from: "Tillwatch <alerts@example.com>", to: ["ann@example.com", "bob@example.com"], server: "x" }, mailer, words);
  for (const notice of notices) expect(await channel.send(notice)).toMatchObject({ kind: "sent" });
  return server.mails.map(({ text }) => open(text));
}

const HEADERS = ["auto-submitted", "content-type", "date", "from", "in-reply-to", "list-id", "message-id", "mime-version", "references", "subject", "to", "x-auto-response-suppress"];
const URGENT = ["importance", "x-msmail-priority", "x-priority"];

it("event data come into no header of their own, and every line is as long as mail allows", async () => {
  const many = Array.from({ length: 60 }, (_, index) => knownOf({ alertId: index + 1, title: `Alert ${index + 1} ${EVIL}`, summary: LONG, details: [LONG, EVIL, ".", "..", "x".repeat(3000)], todo: [EVIL, LONG] }));
  const evil = knownOf({ title: `${EVIL}\nSubject: another\r\n\r\n<h1>body</h1>`, summary: EVIL, details: [EVIL, LONG, ".", "From me to you"], todo: [EVIL] });
  const mails = await mailed([noticeOf([evil]), noticeOf(many), noticeOf([knownOf({ title: LONG })])], { ...wording, source: `Shop ${EVIL}\r\nX-Evil: 1` });
  expect(mails).toHaveLength(3);
  for (const { raw, headers, text, html } of mails) {
    // RFC 5322, 2.1.1: 998 octets; header lines are folded at 78 where there is a place to fold.
    for (const line of raw.split("\n")) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(998);
    const head = raw.slice(0, raw.indexOf("\n\n"));
    for (const line of head.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
    expect(head).not.toMatch(/[^\x20-\x7e\n\t]/);
    for (const word of head.match(/=\?[^?]+\?[BQ]\?[^?]*\?=/gi) ?? []) expect(word.length).toBeLessThanOrEqual(75);
    expect([...headers.keys()].sort()).toEqual([...HEADERS, ...URGENT].sort());
    expect(headers.get("subject")?.length).toBeLessThanOrEqual(200);
    expect(headers.get("subject")).toMatch(/^CRITICAL: /);
    expect(headers.get("to")).toBe("ann@example.com, bob@example.com");
    expect(text.isWellFormed() && html.isWellFormed()).toBe(true);
    expect(html).not.toMatch(/<script|<h1>body|javascript:/i);
    // Quoted and sent as they are, each in its one line.
    expect(text).not.toMatch(/^(Bcc|Subject|X-Evil):/m);
  }
  const [first] = mails;
  expect(first?.headers.get("subject")).toContain("@everyone [click](https://evil.example) *bold*");
  expect(first?.text).toContain("💥👩 👩 👧");
  expect(first?.text).toMatch(/^- \.$/m);
  expect(first?.text).toMatch(/^- From me to you$/m);
});

it("what follows of an alert stands in its thread, is filed by its list, and calls for no absence note", async () => {
  const both = noticeOf([knownOf({ alertId: 4 }), knownOf({ alertId: 3, severity: "WARNING" })], [], { id: 8, reason: "new alerts added" });
  const over = noticeOf([], [knownOf({ alertId: 4 }, "resolved")], { id: 9 });
  const drill = noticeOf([knownOf({ alertId: 5, drill: true })], [], { id: 10 });
  const test = noticeOf([], [], { id: 11, reason: "test", status: "information", title: "Notices arrive by this channel", notes: ["Sent by Ann."] });
  const mails = await mailed([noticeOf([knownOf({ alertId: 3, severity: "WARNING" })]), both, over, drill, test, over]);
  const of = (name: string) => mails.map(({ headers }) => headers.get(name));
  expect(of("references").slice(0, 4)).toEqual(["<tillwatch-alert-3@example.com>", "<tillwatch-alert-3@example.com> <tillwatch-alert-4@example.com>", "<tillwatch-alert-4@example.com>", "<tillwatch-alert-5@example.com>"]);
  expect(of("references")[4]).toBeUndefined();
  expect(of("in-reply-to").slice(0, 3)).toEqual(["<tillwatch-alert-3@example.com>", "<tillwatch-alert-4@example.com>", "<tillwatch-alert-4@example.com>"]);
  // A mail that is sent again is known as the same.
  expect(of("message-id")).toEqual([7, 8, 9, 10, 11, 9].map((id) => `<tillwatch-notice-${id}-ops@example.com>`));
  expect(new Set(of("list-id"))).toEqual(new Set(["Tillwatch alerts <ops.tillwatch.example.com>"]));
  expect(new Set(of("auto-submitted"))).toEqual(new Set(["auto-generated"]));
  // Only what is CRITICAL and true is marked as urgent.
  expect(of("importance")).toEqual([undefined, "High", undefined, undefined, undefined, undefined]);
  expect(of("subject")).toEqual(["WARNING: Webhook deliveries fail [Shop]", "CRITICAL: 2 alerts: Webhook deliveries fail [Shop]", "Resolved: Webhook deliveries fail [Shop]", "DRILL CRITICAL: Webhook deliveries fail [Shop]", "Test: Notices arrive by this channel [Shop]", "Resolved: Webhook deliveries fail [Shop]"]);
});
