import { describe, expect, it } from "vitest";
import { onBothDatabases } from "../../../test/databases.ts";
import { migrations } from "../../app/migrations.ts";
import { type EndpointFacts, STRIPE_API_VERSION, webhookEndpoints } from "../../stripe/index.ts";
import { scene } from "../testing/scene.ts";
import { guardEndpoints, guardState } from "./guard.ts";
import { type Finding, judgeChanges, judgeEndpoints, type Undelivered } from "./judge.ts";
import { planSetup } from "./setup.ts";

const URL_OURS = "https://tw.example.com/webhooks/stripe";
const DAY = 86_400_000;
const NOW = Date.UTC(2026, 9, 20);
const wanted = { url: URL_OURS, apiVersion: STRIPE_API_VERSION };
const none: Undelivered = { count: 0, more: false, oldestMs: null, newestMs: null };
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

  it.each<[string, Undelivered, Undelivered, string[]]>([
    ["just now", { count: 3, more: false, oldestMs: NOW - 1000, newestMs: NOW }, none, []],
    ["for a day, no more than before", { count: 3, more: false, oldestMs: NOW - DAY, newestMs: NOW }, { count: 3, more: false, oldestMs: 0, newestMs: NOW }, ["warning undelivered"]],
    ["for a day, more than before", { count: 4, more: false, oldestMs: NOW - DAY, newestMs: NOW }, { count: 3, more: false, oldestMs: 0, newestMs: NOW }, ["critical undelivered"]],
    ["more than are counted, and newer ones", { count: 100, more: true, oldestMs: NOW - DAY, newestMs: NOW }, { count: 100, more: true, oldestMs: NOW - DAY, newestMs: NOW - 1000 }, ["critical undelivered"]],
    ["more than are counted, none newer", { count: 100, more: true, oldestMs: NOW - DAY, newestMs: NOW }, { count: 100, more: true, oldestMs: NOW - DAY, newestMs: NOW }, ["warning undelivered"]],
    ["for five days", { count: 3, more: true, oldestMs: NOW - 5 * DAY, newestMs: NOW }, { count: 3, more: false, oldestMs: 0, newestMs: NOW }, ["critical undelivered"]],
  ])("undelivered events: %s", (_name, undelivered, before, expected) => {
    expect(kinds(judgeEndpoints({ endpoints: [ours], undelivered, before: { undelivered: before } }, wanted, NOW))).toEqual(expected);
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
    await s.sandbox.advance(6 * 3_600_000);
    expect(await look()).toContain("critical undelivered");
    await s.sandbox.stripe.webhookEndpoints.update(made.id, { disabled: true });
    expect(await look()).toContain("warning other_disabled");
    expect(planSetup((await guardState(db.read))?.endpoints ?? [], wanted)).toMatchObject({ kind: "mend", id: made.id, change: { enable: true } });
    expect(await endpoints.change(made.id, { enable: true, events: ["*"] }, "key-2")).toMatchObject({ enabled: true });
    expect((await guardState(db.read))?.findings.length).toBeGreaterThan(0);
  });

  it("tells of a change for a day, and finds the oldest of very many undelivered events", async () => {
    const db = await database.open();
    const s = await scene(db, { traffic: { ratePerMinute: 0.3, flat: true } });
    const endpoints = webhookEndpoints({ sdk: s.sandbox.stripe });
    const look = async () => await guardEndpoints({ db, clock: s.clock, endpoints, list: s.list, wanted: { url: "http://receiver.example/hook", apiVersion: STRIPE_API_VERSION } });
    await look();
    const [own] = await endpoints.list();
    s.sandbox.state.mischief.dead = true;
    const deadAt = s.clock.now();
    await s.sandbox.advance(3 * DAY);
    await endpoints.change(own?.id ?? "", { url: "http://elsewhere.example/hook" }, "key-3");
    const found = await look();
    expect(kinds(found.findings)).toEqual(expect.arrayContaining(["critical missing", "warning changed", "critical undelivered"]));
    expect(found.undelivered).toMatchObject({ count: 100, more: true });
    // To the page that ends two days ago: not the newest hundred, which are hours old.
    expect(s.clock.now() - (found.undelivered.oldestMs ?? 0)).toBeGreaterThan(2 * DAY);
    expect(found.undelivered.oldestMs).toBeGreaterThanOrEqual(deadAt);
    await s.sandbox.advance(DAY / 2);
    expect(kinds((await look()).findings)).toContain("warning changed");
    await s.sandbox.advance(DAY);
    expect(kinds((await look()).findings)).not.toContain("warning changed");
  });
});
