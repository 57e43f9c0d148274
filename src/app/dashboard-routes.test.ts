import { expect, it, onTestFinished } from "vitest";
import { onBothDatabases, type TestDatabase } from "../../test/databases.ts";
import { type Arrival, openAppend, readHead } from "../ledger/index.ts";
import { foldDeliveries } from "../metrics/index.ts";
import { currency } from "../money/index.ts";
import { AppError, createHttp, virtualClock } from "../platform/index.ts";
import type { Config } from "./config.ts";
import { deriveEvents } from "./derive.ts";
import { exportRoutes } from "./exports.ts";
import { liveRoute } from "./live.ts";
import { migrations } from "./migrations.ts";
import { overviewRoutes } from "./overview.ts";

/** A Monday, two in the afternoon in Berlin. */
const NOW = Date.UTC(2025, 9, 20, 12);
const MINUTE = 60_000;
const HOUR = 3_600_000;

/** What these routes read of the configuration. */
const CONFIG = { merchant: { timeZone: "Europe/Berlin", currency: "usd" }, stripe: { mode: "test" } } as Config;

function event(id: string, type: string, object: Record<string, unknown>, atMs = NOW - MINUTE): Arrival {
  const body = { id, object: "event", api_version: "2026-10-28.endive", created: Math.floor(atMs / 1000), livemode: false, type, data: { object } };
  const read = readHead(body, atMs);
  if (read.kind !== "head") throw new Error(read.reason);
  return { kind: "arrival", head: read.head, body: Buffer.from(JSON.stringify(body)), receivedAt: atMs, source: "webhook", endpoint: "default" };
}

interface Sale {
  readonly amount: number;
  readonly currency?: string;
  readonly email?: string;
  readonly failure?: string;
  readonly at?: number;
}

function sale(id: string, { amount, currency: code = "usd", email = "ann@example.com", failure, at = NOW - MINUTE }: Sale): Arrival {
  const paid = failure === undefined;
  const object = { id: `ch_${id}`, object: "charge", amount, amount_captured: paid ? amount : 0, amount_refunded: 0, captured: paid, created: Math.floor(at / 1000), currency: code, livemode: false, paid, payment_intent: `pi_${id}`, status: paid ? "succeeded" : "failed", failure_code: failure ?? null, billing_details: { email }, outcome: paid ? { type: "authorized" } : failure === "processing_error" ? null : { type: "issuer_declined" } };
  return event(`evt_${id}`, paid ? "charge.succeeded" : "charge.failed", object, at);
}

async function served(database: TestDatabase) {
  const db = await database.open();
  const clock = virtualClock(NOW);
  const append = openAppend(db);
  const door = { open: true };
  const viewer = async (): Promise<void> => {
    if (!door.open) throw new AppError("unauthenticated", "sign in", { code: "no_key" });
  };
  const http = await createHttp({ clock, version: "1" });
  overviewRoutes(http, { db, config: CONFIG, clock, viewer });
  liveRoute(http, { db, clock, log: { error: () => {} }, viewer });
  exportRoutes(http, { db, viewer, admin: viewer, currency: currency("usd") });
  const url = await http.listen({ port: 0, host: "127.0.0.1" });
  onTestFinished(() => http.close());
  const take = async (arrivals: Arrival[]): Promise<void> => {
    await append(arrivals);
    while ((await deriveEvents(db, CONFIG.merchant.timeZone, 500, clock.now())) > 0);
    while ((await foldDeliveries(db, { timeZone: CONFIG.merchant.timeZone }, 500, clock.now())) > 0);
  };
  const text = async (path: string) => {
    const response = await fetch(url + path);
    return [response.status, await response.text(), response.headers] as const;
  };
  const json = async (path: string) => {
    const [status, body] = await text(path);
    const parsed = JSON.parse(body) as { data: Record<string, unknown>; error?: string };
    return { status, data: parsed.data, error: parsed.error };
  };
  return { url, clock, door, take, text, json };
}

interface Message {
  readonly id: number;
  readonly kind: string;
  readonly data: Record<string, unknown>;
}

/** Reads the feed until a beat says that everything up to now was told, or it is closed; answers what came. */
async function listen(url: string, { after, header }: { after?: number; header?: number } = {}, until: (messages: readonly Message[]) => boolean = (messages) => messages.at(-1)?.kind === "beat"): Promise<Message[]> {
  const stop = new AbortController();
  const response = await fetch(`${url}/api/live${after === undefined ? "" : `?after=${after}`}`, { signal: stop.signal, headers: header === undefined ? {} : { "last-event-id": String(header) } });
  if (response.body === null || !response.ok) throw new Error(`the feed answered ${response.status}`);
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  const messages: Message[] = [];
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body) {
    rest += decoder.decode(chunk as Uint8Array, { stream: true });
    const parts = rest.split("\n\n");
    rest = parts.pop() ?? "";
    for (const part of parts) {
      const field = (name: string): string => new RegExp(`^${name}: (.*)$`, "m").exec(part)?.[1] ?? "";
      if (field("event") !== "") messages.push({ id: Number(field("id")), kind: field("event"), data: JSON.parse(field("data")) as Record<string, unknown> });
    }
    if (until(messages)) break;
  }
  stop.abort();
  return messages;
}

const told = (messages: readonly Message[]): unknown[] => messages.filter(({ kind }) => kind === "event").map(({ data }) => data["event_id"]);

onBothDatabases("what the dashboard asks for", migrations, (database) => {
  it("the overview: nothing yet is not zero; per currency and by cause, for the merchant's day; never added up", async () => {
    const { clock, take, json } = await served(database);
    const empty = await json("/api/overview");
    expect(empty).toMatchObject({ status: 200, data: { time_zone: "Europe/Berlin", currency: "usd", minor_per_major: 100, day: { from: "2025-10-19T22:00:00Z", to: "2025-10-20T22:00:00Z" }, first_event_at: null, behind: 0, revenue: [{ currency: "usd", today: 0, captures: 0 }], alerts: [], approvals: [], marks: [], completeness: { text: "not yet compared with Stripe" } } });
    expect((await json("/api/overview?limit=1")).status).toBe(400);
    await take([
      sale("a", { amount: 1250 }),
      sale("b", { amount: 300, currency: "jpy" }),
      sale("c", { amount: 999, failure: "insufficient_funds" }),
      sale("d", { amount: 999, failure: "processing_error", at: NOW - 2 * HOUR }),
      // An hour into the day in Berlin, which is still yesterday by UTC; and the same part of yesterday, and the rest of it.
      sale("e", { amount: 4000, at: Date.UTC(2025, 9, 19, 23) }),
      sale("f", { amount: 700, at: NOW - 25 * HOUR }),
      sale("g", { amount: 5555, at: NOW - 20 * HOUR }),
    ]);
    // Several who look within two seconds cost no more than one.
    expect((await json("/api/overview")).data).toEqual(empty.data);
    clock.advance(2000);
    const { data } = await json("/api/overview");
    expect(data).toMatchObject({
      first_event_at: "2025-10-19T11:00:00Z",
      revenue: [
        { currency: "usd", today: 52.5, today_minor: 5250, today_text: "$52.50", captures: 2, refunded: 0, yesterday: 7 },
        { currency: "jpy", today: 300, today_minor: 300, today_text: "¥300", captures: 1, yesterday: 0 },
      ],
      payments: { today: { attempts: 5, succeeded: 3, failed: 2, failed_customer: 1, failed_technical: 1 }, hour: { attempts: 3, succeeded: 2, failed: 1, failed_customer: 1, failed_technical: 0 } },
    });
    expect((data["payments"] as { hours: { start: string; attempts: number }[] }).hours).toHaveLength(24);
    expect(await json("/api/wants")).toMatchObject({ status: 200, data: { alerts: 0, approvals: 0 } });
  });

  it("the feed goes on after a break behind the last one told: none twice, none left out, in order", async () => {
    const { url, take } = await served(database);
    await take([sale("a", { amount: 1250 }), event("evt_b", "customer.created", { id: "cus_1", object: "customer" })]);
    const first = await listen(url);
    expect(first.map(({ kind }) => kind)).toEqual(["event", "event", "beat"]);
    expect(first[0]?.data).toMatchObject({ event_id: "evt_a", event_type: "charge.succeeded", payment_id: "pi_a", payment_status: "succeeded", amount: "$12.50", currency: "usd" });
    expect(first[1]?.data).toMatchObject({ event_id: "evt_b", object_id: "cus_1", payment_id: null, amount: null });
    const last = first[1]?.id ?? 0;
    // While nobody listens more comes in than is told in one go.
    const missed = Array.from({ length: 250 }, (_, index) => `evt_m${String(index).padStart(3, "0")}`);
    await take(missed.map((id, index) => event(id, "customer.updated", { id: `cus_${index}`, object: "customer" })));
    const again = await listen(url, { header: last }, (messages) => told(messages).length >= missed.length);
    expect(told(again)).toEqual(missed);
    expect(again.map(({ id }) => id)).toEqual(again.map(({ id }) => id).toSorted((one, other) => one - other));
    // The page names the position itself; the header, which the browser sends by itself, is the newer one.
    expect(told(await listen(url, { after: last }, (messages) => told(messages).length >= missed.length))).toEqual(missed);
    const end = again.findLast(({ kind }) => kind === "event")?.id ?? 0;
    expect(await listen(url, { after: last, header: end })).toMatchObject([{ kind: "beat", id: end, data: { at: end, behind: 0 } }]);
    // A position of another database, ahead of ours, is as if for the first time: the last few.
    expect(told(await listen(url, { after: end + 1000 })).at(-1)).toBe(missed.at(-1));
    expect((await fetch(`${url}/api/live?after=x`)).status).toBe(400);
  });

  it("the feed tells what comes in while one listens, and ends when the session does", async () => {
    const { url, clock, door, take } = await served(database);
    await take([sale("a", { amount: 1250 })]);
    let begun = false;
    const listening = listen(url, {}, (messages) => {
      if (!begun && messages.some(({ kind }) => kind === "beat")) {
        begun = true;
        void take([sale("b", { amount: 900 })]);
      }
      return told(messages).includes("evt_b");
    });
    expect(told(await listening)).toEqual(["evt_a", "evt_b"]);
    // Asked again with each sign of life: it is cut, and does not come back.
    const cut = listen(url, {}, (messages) => {
      if (messages.some(({ kind }) => kind === "beat") && door.open) {
        door.open = false;
        clock.advance(20_000);
      }
      return false;
    });
    expect((await cut).length).toBeGreaterThan(0);
    await expect(listen(url)).rejects.toThrow("401");
  });

  it("who missed very much is told how much is left out, and has the newest", async () => {
    const { url, take } = await served(database);
    await take(Array.from({ length: 2300 }, (_, index) => event(`evt_${index}`, "customer.updated", { id: `cus_${index}`, object: "customer" })));
    const messages = await listen(url, { after: 1 });
    const skipped = messages.find(({ kind }) => kind === "skipped");
    const events = told(messages);
    expect(events.at(-1)).toBe("evt_2299");
    expect(Number(skipped?.data["count"]) + events.length).toBe(2299);
  });

  it("an export holds what the same filters show, as CSV for a spreadsheet and as NDJSON for a program", async () => {
    const { take, text } = await served(database);
    await take([sale("a", { amount: 1250, email: "ann@example.com" }), sale("b", { amount: 300, currency: "jpy", email: "=cmd|' /C calc'!A0@example.com" }), sale("c", { amount: 999, failure: "insufficient_funds" })]);
    const [status, csv, headers] = await text("/api/exports/payments");
    expect([status, headers.get("content-type"), headers.get("content-disposition")]).toEqual([200, "text/csv; charset=utf-8", 'attachment; filename="payments.csv"']);
    const lines = csv.split("\r\n");
    expect(lines[0]).toBe("id,mode,status,currency,amount,captured,refunded,disputed,email,customer,method,brand,country,cause,code,created,updated,invoice,account");
    expect(lines.slice(1, -1).map((line) => line.split(",").slice(0, 5).join(","))).toEqual(expect.arrayContaining(["pi_a,test,succeeded,usd,12.5", "pi_b,test,succeeded,jpy,300", "pi_c,test,failed,usd,9.99"]));
    expect(csv).toContain("'=cmd|' /c calc'!a0@example.com,");
    expect(lines.at(-1)).toBe("");
    const [, failed] = await text("/api/exports/payments?status=failed&format=ndjson");
    expect(failed.trimEnd().split("\n").map((line) => JSON.parse(line) as unknown)).toEqual([expect.objectContaining({ id: "pi_c", amount: 9.99, cause: "customer", code: "insufficient_funds" })]);
    const [, events, kind] = await text("/api/exports/events?type=charge.*&format=ndjson");
    expect(kind.get("content-type")).toBe("application/x-ndjson; charset=utf-8");
    expect(events.trimEnd().split("\n").map((line) => (JSON.parse(line) as { event_id: string }).event_id).toSorted()).toEqual(["evt_a", "evt_b", "evt_c"]);
    expect((await text("/api/exports/events?type=customer.*"))[1]).toBe("ts,event_type,event_id,mode,status,created,object_id,account,api_version,source,error\r\n");
    expect((await text("/api/exports/events?since=yesterday"))[0]).toBe(400);
    expect((await text("/api/exports/payments?format=xls"))[0]).toBe(400);
  });
});
