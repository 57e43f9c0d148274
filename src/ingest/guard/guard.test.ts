import { describe, expect, it } from "vitest";
import { onBothDatabases } from "../../../test/databases.ts";
import { migrations } from "../../app/migrations.ts";
import { openAppend, readHead, type Source } from "../../ledger/index.ts";
import { type EndpointFacts, type ListEvents, STRIPE_API_VERSION, webhookEndpoints } from "../../stripe/index.ts";
import { scene } from "../testing/scene.ts";
import { guardEndpoints, guardState } from "./guard.ts";
import { type Finding, judgeChanges, judgeEndpoints, NONE_UNDELIVERED, type Undelivered } from "./judge.ts";
import { planSetup } from "./setup.ts";
import { undeliveredNow } from "./undelivered.ts";

const URL_OURS = "https://tw.example.com/webhooks/stripe";
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 9, 20);
const wanted = { url: URL_OURS, apiVersion: STRIPE_API_VERSION };
const none = NONE_UNDELIVERED;
const failing = (given: Partial<Undelivered>): Undelivered => ({ ...none, ...given });
const ours: EndpointFacts = { id: "we_ours", url: URL_OURS, enabled: true, events: ["*"], apiVersion: STRIPE_API_VERSION, description: null };
const theirs: EndpointFacts = { ...ours, id: "we_theirs", url: "https://shop.example.com/hook" };

const kinds = (findings: readonly Finding[]): string[] => findings.map(({ kind, severity }) => `${severity} ${kind}`);

describe("endpoints at Stripe", () => {
  it.each<[string, readonly EndpointFacts[], string[]]>([
    ["as they should be", [ours, theirs], []],
    ["a slash more in the address", [{ ...ours, url: `${URL_OURS}/` }], []],
    ["none of ours", [theirs], ["critical missing"]],
    ["ours disabled", [{ ...ours, enabled: false }], ["critical disabled"]],
    ["theirs disabled", [ours, { ...theirs, enabled: false }], ["warning other_disabled"]],
    ["too few events", [{ ...ours, events: ["charge.succeeded"] }], ["warning events_missing"]],
    ["another version", [{ ...ours, apiVersion: "2020-08-27" }], ["info version_differs"]],
    ["the account's version", [{ ...ours, apiVersion: null }], ["info version_differs"]],
    ["two of ours", [ours, { ...ours, id: "we_2" }], ["info twice"]],
  ])("%s", (_name, endpoints, expected) => {
    expect(kinds(judgeEndpoints({ endpoints, undelivered: none, before: null }, wanted, NOW))).toEqual(expected);
  });

  it("are compared with the look before", () => {
    const changes = (now: readonly EndpointFacts[]) => judgeChanges([ours, theirs], now, wanted);
    expect(changes([ours, theirs])).toEqual([]);
    expect(changes([{ ...ours, events: ["*", "x"] }, theirs])).toMatchObject([{ severity: "info", endpoint: "we_ours", text: expect.stringContaining("now also x") }]);
    expect(changes([ours])).toMatchObject([{ severity: "warning", endpoint: "we_theirs", text: expect.stringMatching(/it was deleted\. If that was not meant, change it back at Stripe/) }]);
    expect(changes([{ ...ours, url: "https://else.example.com/hook" }, theirs])).toMatchObject([{ severity: "warning", text: expect.stringMatching(/its address from https:\/\/tw.* to https:\/\/else.*`tillwatch setup webhook` mends it/) }]);
    expect(changes([ours, { ...theirs, apiVersion: null }])).toMatchObject([{ severity: "warning", text: expect.stringContaining("to the account's") }]);
  });

  it.each<[string, Partial<Undelivered>, Partial<Undelivered>, string[]]>([
    ["just now", { count: 3, oldestMs: NOW - 1000, newestMs: NOW }, {}, []],
    ["for a day, no more than before", { count: 3, oldestMs: NOW - DAY, newestMs: NOW }, { count: 3, newestMs: NOW }, ["warning undelivered"]],
    ["for a day, more than before", { count: 4, oldestMs: NOW - DAY, newestMs: NOW }, { count: 3, newestMs: NOW }, ["critical undelivered"]],
    ["more than are counted, and newer ones", { count: 100, more: true, oldestMs: NOW - DAY, newestMs: NOW }, { count: 100, more: true, newestMs: NOW - 1000 }, ["critical undelivered"]],
    ["more than are counted, none newer", { count: 100, more: true, oldestMs: NOW - DAY, newestMs: NOW }, { count: 100, more: true, newestMs: NOW }, ["warning undelivered"]],
    ["for five days", { count: 3, more: true, oldestMs: NOW - 5 * DAY, newestMs: NOW }, { count: 3, newestMs: NOW }, ["critical undelivered"]],
    ["single ones", { single: 2 }, {}, ["warning undelivered"]],
    ["over", { more: true, over: 100 }, { count: 100, more: true, newestMs: NOW - DAY }, ["info undelivered"]],
  ])("undelivered events: %s", (_name, undelivered, before, expected) => {
    expect(kinds(judgeEndpoints({ endpoints: [ours], undelivered: failing(undelivered), before: { undelivered: failing(before) } }, wanted, NOW))).toEqual(expected);
  });
});

describe("setting the endpoint up", () => {
  it.each<[string, readonly EndpointFacts[], object]>([
    ["makes it", [theirs], { kind: "create" }],
    ["keeps it", [ours], { kind: "keep", notes: [] }],
    ["keeps one of another version and says so", [{ ...ours, apiVersion: "2020-08-27" }], { kind: "keep", notes: [expect.stringContaining("cannot change")] }],
    ["enables it and lets it send everything", [{ ...ours, enabled: false, events: ["charge.failed"] }], { kind: "mend", id: "we_ours", change: { enable: true, events: ["*"] } }],
    ["leaves the events of an enabled one that sends all", [{ ...ours, enabled: false }], { kind: "mend", change: { enable: true } }],
  ])("%s", (_name, endpoints, plan) => {
    expect(planSetup(endpoints, wanted)).toMatchObject(plan);
  });
});

onBothDatabases("guard", migrations, (database) => {
  it("sees at the sandbox what is disabled, made, mended and not delivered", async () => {
    const db = await database.open();
    const s = await scene(db, { traffic: { ratePerMinute: 0.2, flat: true } });
    const endpoints = webhookEndpoints({ sdk: s.sandbox.stripe });
    const here = { url: "http://receiver.example/hook", apiVersion: STRIPE_API_VERSION };
    const look = async () => kinds((await guardEndpoints({ db, clock: s.clock, endpoints, list: s.list, wanted: here })).findings);
    expect(await look()).toEqual(["info version_differs"]);

    const made = await endpoints.create({ url: URL_OURS, events: ["*"], description: "Tillwatch" }, "key-1");
    expect(made).toMatchObject({ enabled: true, apiVersion: STRIPE_API_VERSION, secret: expect.stringMatching(/^whsec_/) });
    expect((await endpoints.create({ url: URL_OURS, events: ["*"], description: "Tillwatch" }, "key-1")).id).toBe(made.id);

    s.sandbox.state.mischief.dead = true;
    await s.sandbox.advance(6 * HOUR);
    expect(await look()).toContain("critical undelivered");
    await s.sandbox.stripe.webhookEndpoints.update(made.id, { disabled: true });
    expect(await look()).toContain("warning other_disabled");
    expect(planSetup((await guardState(db.read))?.endpoints ?? [], wanted)).toMatchObject({ kind: "mend", id: made.id, change: { enable: true } });
    expect(await endpoints.change(made.id, { enable: true, events: ["*"] }, "key-2")).toMatchObject({ enabled: true });
    expect((await guardState(db.read))?.findings.length).toBeGreaterThan(0);
  });

  it("tells what still fails from what is over, and whose endpoint it is", async () => {
    const db = await database.open();
    const append = openAppend(db);
    const listed: { at: number; body: object }[] = [];
    let made = 0;
    const happens = async (hoursAgo: number, type: string, { source = "webhook", undelivered = false }: { source?: Source; undelivered?: boolean } = {}): Promise<void> => {
      const at = NOW - hoursAgo * HOUR;
      const body = { id: `evt_${(made += 1)}`, object: "event", type, created: at / 1000, livemode: false, data: { object: { id: "ch_1", object: "charge" } } };
      const head = readHead(body, at);
      if (head.kind === "malformed") throw new Error(head.reason);
      await append([{ kind: "arrival", head: head.head, body: Buffer.from(JSON.stringify(body)), receivedAt: source === "sweep" ? NOW : at, source, endpoint: "main" }]);
      if (undelivered) listed.push({ at, body });
    };
    const list: ListEvents = async ({ createdGte, createdLte }) => {
      const events = listed.filter(({ at }) => at / 1000 >= createdGte && at / 1000 <= createdLte).sort((one, other) => other.at - one.at);
      return { events: events.slice(0, 100).map(({ body }) => body), hasMore: events.length > 100, serverTimeMs: NOW };
    };
    const look = async () => await undeliveredNow({ db, clock: { now: () => NOW }, list });
    const lost = { source: "sweep", undelivered: true } as const;
    expect(await look()).toEqual(NONE_UNDELIVERED);

    // Our own endpoint has been dead for five days; all of it was fetched.
    await happens(150, "charge.failed");
    for (const hours of [120, 100, 50, 2]) await happens(hours, "charge.failed", lost);
    expect(await look()).toEqual({ count: 2, more: false, ours: 2, oldestMs: NOW - 120 * HOUR, newestMs: NOW - 2 * HOUR, single: 0, over: 2 });
    // Anything that came by itself since: it is mended, whatever still stands in Stripe's list for a month.
    await happens(1, "charge.succeeded");
    expect(await look()).toEqual({ ...NONE_UNDELIVERED, over: 4 });

    // Another application does not take disputes: these came here by themselves.
    for (const hours of [5, 4]) await happens(hours, "charge.dispute.created", { undelivered: true });
    await happens(2.5, "charge.succeeded", { undelivered: true });
    expect(await look()).toEqual({ count: 2, more: false, ours: 0, oldestMs: NOW - 5 * HOUR, newestMs: NOW - 4 * HOUR, single: 1, over: 4 });
    // A later one of its kind was taken.
    await happens(0.5, "charge.dispute.created");
    expect(await look()).toEqual({ ...NONE_UNDELIVERED, single: 1, over: 6 });
    // Nothing of the kind came since, and Stripe has given it up: nothing is known of now.
    await happens(80, "payout.paid", { undelivered: true });
    expect(await look()).toEqual({ ...NONE_UNDELIVERED, single: 1, over: 7 });
  });

  it("says since when, of more than a page, and not before it was last well", async () => {
    const db = await database.open();
    const at = (hours: number): number => NOW - hours * HOUR;
    const bodies: { at: number; body: object }[] = [];
    const items = [];
    const span = (from: number, to: number): number[] => Array.from({ length: 150 }, (_, n) => from - ((from - to) * n) / 150);
    // Dead eight days ago, mended, and dead again since three days.
    for (const [index, hours] of [...span(210, 180), 100, ...span(72, 1)].entries()) {
      const body = { id: `evt_${index}`, object: "event", type: "charge.failed", created: Math.floor(at(hours) / 1000), livemode: false, data: { object: { id: "ch_1", object: "charge" } } };
      const head = readHead(body, 0);
      if (head.kind === "malformed") throw new Error(head.reason);
      items.push({ kind: "arrival" as const, head: head.head, body: Buffer.from(JSON.stringify(body)), receivedAt: at(hours), source: "webhook" as const, endpoint: "main" });
      if (hours !== 100) bodies.push({ at: at(hours), body });
    }
    await openAppend(db)(items);
    let asked = 0;
    const list: ListEvents = async ({ createdGte, createdLte }) => {
      asked += 1;
      const events = bodies.filter((one) => one.at / 1000 >= createdGte && one.at / 1000 <= createdLte).sort((one, other) => other.at - one.at);
      return { events: events.slice(0, 100).map(({ body }) => body), hasMore: events.length > 100, serverTimeMs: NOW };
    };
    const found = await undeliveredNow({ db, clock: { now: () => NOW }, list });
    expect(found).toMatchObject({ count: 100, more: true, ours: 0 });
    expect(NOW - (found.oldestMs ?? 0)).toBe(72 * HOUR);
    // A day and two days back it failed; four days back something had been taken.
    expect(asked).toBe(4);
  });

  it("tells of a change for a day", async () => {
    const db = await database.open();
    const s = await scene(db, { traffic: { ratePerMinute: 0, flat: true } });
    const endpoints = webhookEndpoints({ sdk: s.sandbox.stripe });
    const look = async () => kinds((await guardEndpoints({ db, clock: s.clock, endpoints, list: s.list, wanted: { url: "http://receiver.example/hook", apiVersion: STRIPE_API_VERSION } })).findings);
    await look();
    const [own] = await endpoints.list();
    await endpoints.change(own?.id ?? "", { url: "http://elsewhere.example/hook" }, "key-3");
    expect(await look()).toEqual(expect.arrayContaining(["critical missing", "warning changed"]));
    await s.sandbox.advance(DAY / 2);
    expect(await look()).toContain("warning changed");
    await s.sandbox.advance(DAY);
    expect(await look()).not.toContain("warning changed");
  });
});
