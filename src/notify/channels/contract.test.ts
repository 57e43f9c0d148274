import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type Mailer, type MailOutcome, openMailer, Secret } from "../../platform/index.ts";
import { mailServer } from "../../platform/testing/smtp.ts";
import type { Channel } from "../channel.ts";
import type { Notice } from "../notice.ts";
import { EVIL, knownOf, LONG, noticeOf, wording } from "../testing/notices.ts";
import { type Received, receiver, type Reply } from "../testing/receiver.ts";
import { alertmanagerChannel } from "./alertmanager.ts";
import { discordChannel } from "./discord.ts";
import { mailChannel } from "./mail.ts";
import { ntfyChannel } from "./ntfy.ts";
import { opsgenieChannel } from "./opsgenie.ts";
import { pagerdutyChannel } from "./pagerduty.ts";
import { slackChannel } from "./slack.ts";
import { teamsChannel } from "./teams.ts";
import { telegramChannel } from "./telegram.ts";
import { signature, webhookChannel } from "./webhook.ts";

// Long because every channel runs the same contract, and stands in it with its published limits.

const SECRET = "s3cr3t-0123456789abcdef-NEVER";
const local = { name: "it", timeoutMs: 2000, allowPrivate: true };

interface Contract {
  readonly kind: string;
  readonly good: Reply;
  make(url: string, allowPrivate?: boolean): Channel;
  /** The published limits, for each body that came. */
  limits(body: Record<string, unknown>, all: Received): void;
  /** Bytes of a body, when published. */
  readonly mostBytes?: number;
}

const record = (value: unknown): Record<string, unknown> => value as Record<string, unknown>;
const list = (value: unknown): Record<string, unknown>[] => value as Record<string, unknown>[];
const text = (value: unknown): string => String(value);

const contracts: Contract[] = [
  {
    kind: "slack",
    good: { status: 200, body: "ok" },
    make: (url, allowPrivate = true) => slackChannel({ ...local, allowPrivate, url: new Secret(`${url}/services/T0/B0/${SECRET}`) }, wording),
    limits: (body) => {
      const blocks = list(body["blocks"]);
      expect(text(body["text"]).length).toBeLessThanOrEqual(40_000);
      expect(blocks.length).toBeLessThanOrEqual(50);
      for (const block of blocks) {
        const inner = record(block["text"] ?? {});
        if (block["type"] === "header") expect(text(inner["text"]).length).toBeLessThanOrEqual(150);
        if (block["type"] === "section") expect(text(inner["text"]).length).toBeLessThanOrEqual(3000);
        if (block["type"] === "actions") expect(list(block["elements"]).length).toBeLessThanOrEqual(25);
      }
      // What is not a header is mrkdwn: no bare angle bracket, so no link, mention or channel.
      expect(JSON.stringify(blocks.filter(({ type }) => type !== "header"))).not.toMatch(/<[!@#h]/);
      expect(text(body["text"])).not.toMatch(/[<>]/);
    },
  },
  {
    kind: "teams",
    good: { status: 202 },
    make: (url, allowPrivate = true) => teamsChannel({ ...local, allowPrivate, url: new Secret(`${url}/workflows/x?sig=${SECRET}`) }, wording),
    mostBytes: 28_000,
    limits: (body) => {
      const [attachment] = list(body["attachments"]);
      expect(body["type"]).toBe("message");
      expect(attachment?.["contentType"]).toBe("application/vnd.microsoft.card.adaptive");
      expect(record(attachment?.["content"])).toMatchObject({ type: "AdaptiveCard", version: "1.4" });
      for (const block of list(record(attachment?.["content"])["body"])) expect(text(block["text"])).not.toContain("[click](");
    },
  },
  {
    kind: "discord",
    good: { status: 204 },
    make: (url, allowPrivate = true) => discordChannel({ ...local, allowPrivate, url: new Secret(`${url}/api/webhooks/1/${SECRET}`) }, wording),
    limits: (body) => {
      const embeds = list(body["embeds"]);
      expect(text(body["content"]).length).toBeLessThanOrEqual(2000);
      expect(embeds.length).toBeLessThanOrEqual(10);
      let total = 0;
      for (const embed of embeds) {
        expect(text(embed["title"]).length).toBeLessThanOrEqual(256);
        expect(text(embed["description"]).length).toBeLessThanOrEqual(4096);
        expect(text(embed["description"])).not.toContain("[click](");
        total += text(embed["title"]).length + text(embed["description"]).length;
      }
      expect(total).toBeLessThanOrEqual(6000);
      expect(body["allowed_mentions"]).toEqual({ parse: [] });
    },
  },
  {
    kind: "pagerduty",
    good: { status: 202, body: '{"status":"success"}' },
    make: (url, allowPrivate = true) => pagerdutyChannel({ ...local, allowPrivate, url: `${url}/v2/enqueue`, routingKey: new Secret(SECRET) }, wording),
    mostBytes: 512 * 1024,
    limits: (body) => {
      expect(body["event_action"]).toMatch(/^(trigger|acknowledge|resolve)$/);
      expect(text(body["dedup_key"]).length).toBeLessThanOrEqual(255);
      if (body["event_action"] !== "trigger") return;
      const payload = record(body["payload"]);
      expect(text(payload["summary"]).length).toBeLessThanOrEqual(1024);
      expect(payload["severity"]).toMatch(/^(critical|error|warning|info)$/);
      expect(payload["source"]).toBeTruthy();
      expect(Date.parse(text(payload["timestamp"]))).not.toBeNaN();
    },
  },
  {
    kind: "opsgenie",
    good: { status: 202, body: "{}" },
    make: (url, allowPrivate = true) => opsgenieChannel({ ...local, allowPrivate, url, apiKey: new Secret(SECRET) }, wording),
    limits: (body, { path }) => {
      if (path !== "/v2/alerts") return expect(path).toMatch(/^\/v2\/alerts\/tillwatch-[0-9a-f]{40}\/(close|acknowledge)\?identifierType=alias$/);
      expect(text(body["message"]).length).toBeLessThanOrEqual(130);
      expect(text(body["alias"]).length).toBeLessThanOrEqual(512);
      expect(text(body["description"]).length).toBeLessThanOrEqual(15_000);
      expect(body["priority"]).toMatch(/^P[1-5]$/);
      for (const tag of body["tags"] as string[]) expect(tag.length).toBeLessThanOrEqual(50);
    },
  },
  {
    kind: "alertmanager",
    good: { status: 200 },
    make: (url, allowPrivate = true) => alertmanagerChannel({ ...local, allowPrivate, url: new Secret(url.replace("http://", `http://user:${SECRET}@`)) }, wording),
    limits: (body, { path }) => {
      expect(path).toBe("/api/v2/alerts");
      for (const alert of list(body)) {
        for (const [name, value] of Object.entries(record(alert["labels"]))) {
          expect(name).toMatch(/^[a-zA-Z_][a-zA-Z0-9_]*$/);
          expect(value).not.toBe("");
        }
        for (const key of ["startsAt", "endsAt"]) expect(Date.parse(text(alert[key]))).not.toBeNaN();
      }
    },
  },
  {
    kind: "webhook",
    good: { status: 200 },
    make: (url, allowPrivate = true) => webhookChannel({ ...local, allowPrivate, url: new Secret(`${url}/in?token=${SECRET}`), secret: new Secret(SECRET), shape: "tillwatch" }, wording),
    limits: (body, { headers, body: raw }) => {
      expect(body["type"]).toBe("tillwatch.notice");
      const id = text(headers["webhook-id"]);
      const at = text(headers["webhook-timestamp"]);
      expect(headers["webhook-signature"]).toBe(`v1,${createHmac("sha256", SECRET).update(`${id}.${at}.${raw}`).digest("base64")}`);
    },
  },
  {
    kind: "webhook, Alertmanager's shape",
    good: { status: 200 },
    make: (url, allowPrivate = true) => webhookChannel({ ...local, allowPrivate, url: new Secret(`${url}/in?token=${SECRET}`), secret: new Secret(SECRET), shape: "alertmanager" }, wording),
    limits: (body) => {
      expect(Object.keys(body)).toEqual(["version", "groupKey", "truncatedAlerts", "status", "receiver", "groupLabels", "commonLabels", "commonAnnotations", "externalURL", "notification_reason", "alerts"]);
      expect(body["version"]).toBe("4");
      for (const alert of list(body["alerts"])) expect(Object.keys(alert).sort()).toEqual(["annotations", "endsAt", "fingerprint", "generatorURL", "labels", "startsAt", "status"]);
    },
  },
  {
    kind: "ntfy",
    good: { status: 200, body: "{}" },
    make: (url, allowPrivate = true) => ntfyChannel({ ...local, allowPrivate, url: new Secret(`${url}/${SECRET}`), token: new Secret(`tk_${SECRET}`) }, wording),
    limits: (body, { path }) => {
      expect(path).toBe("/");
      expect(body["topic"]).toBe(SECRET);
      expect(Buffer.byteLength(text(body["message"]))).toBeLessThanOrEqual(4096);
      expect(Buffer.byteLength(text(body["title"]))).toBeLessThanOrEqual(250);
      expect(list(body["actions"]).length).toBeLessThanOrEqual(3);
    },
  },
  {
    kind: "telegram",
    good: { status: 200, body: '{"ok":true}' },
    make: (url, allowPrivate = true) => telegramChannel({ ...local, allowPrivate, url, token: new Secret(`123:${SECRET}`), chat: "-100" }, wording),
    limits: (body, { path }) => {
      expect(path).toBe(`/bot123:${SECRET}/sendMessage`);
      expect(text(body["text"]).length).toBeLessThanOrEqual(4096);
      expect(body["parse_mode"]).toBeUndefined();
    },
  },
];

const many = Array.from({ length: 10_000 }, (_, index) => knownOf({ alertId: index + 1, title: `Alert ${index + 1} ${EVIL}`, summary: LONG, details: [LONG, EVIL], todo: [EVIL, LONG] }));

const notices: Record<string, Notice> = {
  "one that fires": noticeOf([knownOf()]),
  "one that is over": noticeOf([], [knownOf({}, "resolved")]),
  "an acknowledged one": noticeOf([{ ...knownOf(), acknowledgedAt: 1 }], [], { reason: "acknowledged" }),
  "some of both": noticeOf([knownOf()], [knownOf({ alertId: 2 }, "resolved")], { reason: "some alerts resolved" }),
  "ten thousand": noticeOf(many),
  "ten thousand that are over": noticeOf([], many.map((alert) => ({ ...alert, state: "resolved" as const }))),
  "event data that mean harm": noticeOf([knownOf({ title: EVIL, summary: EVIL, details: [EVIL], todo: [EVIL], labels: { "bad name": EVIL, empty: "" } })]),
  "four-byte characters up to every limit": noticeOf([knownOf({ title: LONG, summary: LONG, details: [LONG], todo: [LONG] })]),
  "a drill": noticeOf([knownOf({ drill: true })]),
  "a channel's trouble": noticeOf([], [], { reason: "channel trouble", status: "information", title: "Notices by x do not arrive", notes: [LONG, EVIL] }),
  "a change": noticeOf([], [], { reason: "change", status: "information", title: "Price changed: Tea", notes: [LONG, EVIL] }),
  "a test": noticeOf([], [], { reason: "test", status: "information", title: "Notices arrive by this channel", notes: ["Sent by Ann."] }),
};

describe.each(contracts)("$kind", ({ good, make, limits, mostBytes }) => {
  it.each(Object.entries(notices))("sends %s within the published limits", async (_name, notice) => {
    const server = await receiver(good);
    expect(await make(server.url).send(notice)).toMatchObject({ kind: "sent" });
    expect(server.received.length).toBeGreaterThan(0);
    for (const one of server.received) {
      expect(one.method).toBe("POST");
      expect(one.headers["user-agent"]).toBe("Tillwatch");
      expect(one.body.isWellFormed()).toBe(true);
      if (mostBytes !== undefined) expect(Buffer.byteLength(one.body)).toBeLessThanOrEqual(mostBytes);
      limits(JSON.parse(one.body) as Record<string, unknown>, one);
    }
  });

  it.each([
    [400, {}, "refused"],
    [401, {}, "disabled"],
    [403, {}, "disabled"],
    [404, {}, "disabled"],
    [410, {}, "disabled"],
    [413, {}, "refused"],
    [301, { location: "http://127.0.0.1:1/" }, "disabled"],
    [429, { "retry-after": "7" }, "later"],
    [500, {}, "later"],
    [502, {}, "later"],
    [503, {}, "later"],
  ] as const)("answered %i: %o is %s, and no text of it holds a secret", async (status, headers, kind) => {
    const server = await receiver({ status, headers, body: `{"error":"no ${SECRET} here, see http://x.example/${SECRET}"}` });
    const channel = make(server.url);
    const outcome = await channel.send(notices["one that fires"] ?? noticeOf([]));
    expect(outcome).toMatchObject({ kind, status });
    if (status === 429 && channel.kind !== "telegram") expect(outcome).toMatchObject({ afterMs: 7000 });
    // Sent once: no redirect was followed, nothing repeated in here.
    expect(server.received).toHaveLength(1);
    expect(JSON.stringify([outcome, channel])).not.toContain(SECRET);
  });

  it("nobody there, no answer in time, and an address inside are told apart", async () => {
    const gone = await make("http://127.0.0.1:9").send(notices["a test"] ?? noticeOf([]));
    expect(gone).toMatchObject({ kind: "later", status: null });
    const server = await receiver(good);
    const inside = await make(server.url, false).send(notices["a test"] ?? noticeOf([]));
    expect(inside).toMatchObject({ kind: "disabled" });
    expect(JSON.stringify(inside)).toContain("allow_private");
    expect(server.received).toEqual([]);
    server.reply({ status: 200, silent: true });
    const silent = await make(server.url).send(notices["a test"] ?? noticeOf([]));
    expect(silent).toMatchObject({ kind: "later", status: null, reason: "no answer within 2000 ms" });
    expect(JSON.stringify([gone, inside, silent])).not.toContain(SECRET);
  });

  it("is known by its configuration, secrets included, and does not tell it", () => {
    const [one, same, other] = [make("http://127.0.0.1:1"), make("http://127.0.0.1:1"), make("http://127.0.0.1:2")];
    expect(one.fingerprint).toBe(same.fingerprint);
    expect(one.fingerprint).not.toBe(other.fingerprint);
    expect(JSON.stringify(one)).not.toContain(SECRET);
  });
});

describe("what pagers are told", () => {
  it.each([
    ["one that fires", ["trigger"]],
    ["an acknowledged one", ["acknowledge"]],
    ["one that is over", ["resolve"]],
    ["a test", ["trigger", "resolve"]],
  ])("%s is %j, under one key", async (name, actions) => {
    const server = await receiver({ status: 202 });
    await pagerdutyChannel({ ...local, url: server.url, routingKey: new Secret(SECRET) }, wording).send(notices[name] ?? noticeOf([]));
    const bodies = server.received.map(({ body }) => record(JSON.parse(body)));
    expect(bodies.map((body) => body["event_action"])).toEqual(actions);
    expect(new Set(bodies.map((body) => body["dedup_key"])).size).toBe(1);
  });

  it("Slack's 200 without its ok is no success", async () => {
    const server = await receiver({ status: 200, body: "<html>a proxy</html>" });
    expect(await slackChannel({ ...local, url: new Secret(`${server.url}/x`) }, wording).send(noticeOf([knownOf()]))).toMatchObject({ kind: "later" });
  });

  it("Standard Webhooks' own example is signed as it says", () => {
    // https://github.com/standard-webhooks/standard-webhooks, the spec's test vector.
    expect(signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, '{"test": 2432232314}')).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  });
});

describe("mail", () => {
  const channelWith = (mailer: Mailer): Channel => mailChannel({ name: "ops", from: "Tillwatch <alerts@example.com>", to: ["ann@example.com", "bob@example.com"], server: "x" }, mailer, wording);

  it.each(Object.entries(notices))("sends %s as text and as a page in which nothing of an event is markup", async (_name, notice) => {
    const server = await mailServer();
    const mailer = openMailer({ host: "127.0.0.1", port: server.port, user: null, password: null, security: "none" });
    expect(await channelWith(mailer).send(notice)).toMatchObject({ kind: "sent" });
    const mail = server.mails[0]?.text ?? "";
    expect(mail).toContain("Content-Type: multipart/alternative");
    expect(mail).not.toMatch(/^Bcc:/m);
    expect(mail).toContain("@example.com");
    expect(mail.slice(mail.indexOf("Content-Type: text/html"))).not.toContain("<script");
  });

  it.each<[MailOutcome, string]>([
    [{ kind: "sent" }, "sent"],
    [{ kind: "unclear", text: "socket closed" }, "later"],
    [{ kind: "refused", passing: true, text: "451 try later" }, "later"],
    [{ kind: "refused", passing: false, text: "Invalid login: 535 authentication failed" }, "disabled"],
    [{ kind: "refused", passing: false, text: "550 no such user" }, "refused"],
  ])("%o is %s", async (outcome, kind) => {
    expect(await channelWith({ send: async () => outcome }).send(noticeOf([knownOf()]))).toMatchObject({ kind });
  });
});
