import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { expect, it } from "vitest";
import { TEST_SECRET } from "../../sandbox/with-sdk.ts";
import { onBothDatabases, temporaryDirectory, type TestDatabase } from "../../test/databases.ts";
import { loadConfig } from "../app/config.ts";
import { migrations } from "../app/migrations.ts";
import { createForward, forwardStatus } from "../ingest/index.ts";
import { scene } from "../ingest/testing/scene.ts";
import { readAfter } from "../ledger/index.ts";
import type { ServiceContext } from "./context.ts";
import { replayCommand } from "./events-replay.ts";
import { importCommand } from "./import.ts";
import { setupCommand } from "./setup.ts";
import { verifyCommand } from "./verify.ts";

const MINUTE = 60_000;

/** Runs commands against one database and the sandbox, as one shell after another would. */
async function shell(database: TestDatabase, yaml = "") {
  const db = await database.open();
  const s = await scene(db, { traffic: { ratePerMinute: 0.5, flat: true } });
  const folder = temporaryDirectory();
  const file = join(folder, "tillwatch.yaml");
  writeFileSync(file, `merchant:\n  time_zone: UTC\n${yaml}`);
  const environment = { TILLWATCH_CONFIG: file, DATA_DIR: folder, LOG_DIR: "off", STRIPE_SECRET_KEY: "sk_test_bench", STRIPE_API_BASE: s.sandbox.url, STRIPE_WEBHOOK_SECRET: TEST_SECRET, FORWARD_SECRET: "shop=whsec_shop" };
  const printed: string[] = [];
  let code = 0;
  const context: ServiceContext = {
    clock: s.clock,
    // The database of the test outlives the command.
    openDatabase: async () => ({ ...db, close: async () => {} }),
    print: (text) => void printed.push(text),
    setExitCode: (given) => {
      code = given;
    },
    config: async () => loadConfig(environment),
  };
  const run = async (make: (context: ServiceContext) => Command, ...argv: string[]): Promise<{ text: string; code: number }> => {
    const command = make(context);
    for (const part of [command, ...command.commands]) part.exitOverride().configureOutput({ writeOut: (text) => void printed.push(text), writeErr: () => {} });
    printed.length = 0;
    code = 0;
    await command.parseAsync(argv, { from: "user" });
    return { text: printed.join("\n"), code };
  };
  return { db, s, run, folder };
}

onBothDatabases("commands that compare, take and send again", migrations, (database) => {
  it("verify: 0 when all agrees, 3 with words when not, mended by --repair", async () => {
    const { s, run } = await shell(database);
    await s.pass(30 * MINUTE);
    const well = await run(verifyCommand);
    expect(well).toMatchObject({ code: 0, text: expect.stringMatching(/^(\d+) of \1 events from .* are here\.\n\n\d+ charges are here as at Stripe\.\n\n(\d+ refunds? (is|are) here as at Stripe|Stripe has no refunds of this time, and there are none here)\.\n\nStripe has no disputes of this time, and there are none here\.\n\nStripe has no payouts of this time, and there are none here\.\n\n\d+ movements of the balance are here as at Stripe\./) });
    expect(well.text).toMatch(/TOTAL +CURRENCY +OBJECTS +AT STRIPE +HERE/);
    s.sandbox.state.mischief.dropEvery = 1;
    const lost = await s.sandbox.stripe.paymentIntents.create({ amount: 4200, currency: "usd", payment_method: "pm_card_visa", confirm: true });
    await s.sandbox.advance(2 * MINUTE);
    s.sandbox.state.mischief.dropEvery = 0;
    const bad = await run(verifyCommand, "--since", "2h");
    expect(bad.code).toBe(3);
    expect(bad.text).toContain("Run it with --repair to take");
    expect(bad.text).toMatch(/charge ch_\w+ of .* UTC \(succeeded, \$42\.00 captured\) is at Stripe and not here/);
    expect((await run(verifyCommand, "--events", "--json")).code).toBe(3);
    const mended = await run(verifyCommand, "--repair", "--json");
    expect(mended.code).toBe(0);
    expect(JSON.parse(mended.text)).toMatchObject({ ok: true, drift: false, complete: true, accounts: [{ account: null, trouble: null }] });
    expect((await run(verifyCommand)).code).toBe(0);
    expect(lost.id).toMatch(/^pi_/);
    expect((await run(verifyCommand, "--reads", "1")).code).toBe(1);
    await expect(run(verifyCommand, "--since", "soon")).rejects.toThrow("Give a span like 30d");
  });

  it("import: says what was taken, skipped and bad, by line; stores nothing with --dry-run; a second run changes nothing", async () => {
    const { db, run, folder } = await shell(database);
    const file = join(folder, "stripe_webhooks.ndjson");
    const line = (id: string, ok: boolean) => JSON.stringify({ ts: "2026-09-01T12:00:00Z", event_type: "charge.failed", event_id: id, mode: "test", ok, status: ok ? 200 : 500 });
    writeFileSync(file, `${line("evt_1", true)}\n{broken\n${line("evt_2", false)}\n\n`);
    const alerts = join(folder, "production_alerts.ndjson");
    writeFileSync(alerts, '{"ts":"2026-09-01T12:00:00Z","event":"production_alerts"}\n');
    const count = async () => (await readAfter(db.read, 0, 100)).length;
    expect((await run(importCommand, file, alerts, "--dry-run")).text).toMatch(/WOULD TAKE[\s\S]*stripe_webhooks\.ndjson:2: not valid JSON[\s\S]*Nothing was stored/);
    expect(await count()).toBe(0);
    expect(JSON.parse((await run(importCommand, file, alerts, "--json")).text)).toMatchObject({ ok: true, dry_run: false, lines: 4, taken: 2, already_there: 0, skipped: 1, bad: 1, bad_lines: [{ line: 2 }], skipped_because: [{ count: 1, reason: expect.stringContaining("record of alerts") }] });
    expect(JSON.parse((await run(importCommand, file, "--json")).text)).toMatchObject({ taken: 0, already_there: 2 });
    expect(await count()).toBe(2);
    await expect(run(importCommand, join(folder, "none.ndjson"))).rejects.toMatchObject({ code: "file_not_read" });
    await expect(run(importCommand, folder)).rejects.toMatchObject({ code: "not_a_file" });
    await expect(run(importCommand, file, "--until", "soon")).rejects.toMatchObject({ code: "until_invalid" });
  });

  it("setup webhook: shows what it will do, does it with --yes only, then finds nothing to do", async () => {
    const { s, run } = await shell(database);
    const url = "https://tillwatch.example.com/webhooks/stripe";
    const endpoints = async () => (await s.sandbox.stripe.webhookEndpoints.list()).data.filter((one) => one.url === url);
    const shown = await run(setupCommand, "webhook", "--url", url);
    expect(shown).toMatchObject({ code: 1, text: expect.stringMatching(/At Stripe this will:\n {2}- make an endpoint[\s\S]*Nothing was done: give --yes/) });
    expect(await endpoints()).toEqual([]);
    const done = await run(setupCommand, "webhook", "--url", url, "--yes");
    expect(done).toMatchObject({ code: 0, text: expect.stringMatching(/Done: we_\w+\.[\s\S]*whsec_\w+[\s\S]*STRIPE_WEBHOOK_SECRET/) });
    const [made] = await endpoints();
    expect(made).toMatchObject({ enabled_events: ["*"], status: "enabled" });
    expect((await run(setupCommand, "webhook", "--url", url)).text).toContain("nothing to do");
    await s.sandbox.stripe.webhookEndpoints.update(made?.id ?? "", { disabled: true, enabled_events: ["charge.failed"] });
    expect(JSON.parse((await run(setupCommand, "webhook", "--url", url, "--json")).text)).toMatchObject({ plan: "mend", done: false, steps: [expect.stringContaining("enable"), expect.stringContaining("all events")] });
    expect(JSON.parse((await run(setupCommand, "webhook", "--url", url, "--json", "--yes")).text)).toMatchObject({ plan: "mend", done: true, secret: null });
    expect(await endpoints()).toMatchObject([{ status: "enabled", enabled_events: ["*"] }]);
    await expect(run(setupCommand, "webhook", "--url", "tillwatch")).rejects.toMatchObject({ code: "url_invalid" });
  });

  it("events replay: by id, type and time, dead letters; names what is wrong", async () => {
    const { db, s, run } = await shell(database, "ingest:\n  forward:\n    - name: shop\n      url: https://shop.example/hook\n");
    const took: string[] = [];
    let answer: "taken" | "refused" = "taken";
    const target = { name: "shop", url: "https://shop.example/hook", secret: "whsec_shop", signature: "own" as const, types: [], timeoutMs: 5000 };
    const { step } = createForward({
      db,
      clock: s.clock,
      target,
      owner: "one",
      send: async (_target, { id }) => {
        if (answer === "taken") took.push(id);
        return answer === "taken" ? { kind: "taken" } : { kind: "refused", status: 500 };
      },
    });
    const all = async (): Promise<void> => {
      while (await step());
    };
    await all();
    await s.pass(20 * MINUTE);
    await all();
    const events = await readAfter(db.read, 0, 1000);
    expect(took).toEqual(events.map(({ eventId }) => eventId));
    const [first] = events;
    took.length = 0;
    expect((await run(replayCommand, first?.eventId ?? "")).text).toBe("1 event(s) will be sent to shop by the running service, oldest first.");
    await all();
    expect(took).toEqual([first?.eventId]);
    took.length = 0;
    const succeeded = events.filter(({ type }) => type === "charge.succeeded");
    expect(JSON.parse((await run(replayCommand, "--type", "charge.succeeded", "--since", "2026-10-01", "--json")).text)).toEqual({ ok: true, to: "shop", events: succeeded.length });
    await all();
    expect(took).toEqual(succeeded.map(({ eventId }) => eventId));
    expect((await run(replayCommand, "--dead")).text).toMatch(/^0 event/);
    answer = "refused";
    expect(await forwardStatus(db.read, "shop")).toMatchObject({ dead: 0, parked: 0 });
    await expect(run(replayCommand)).rejects.toMatchObject({ code: "nothing_chosen" });
    await expect(run(replayCommand, "evt_nobody")).rejects.toMatchObject({ code: "event_not_found" });
    await expect(run(replayCommand, "--dead", "--to", "cart")).rejects.toMatchObject({ code: "target_unknown" });
    await expect(run(replayCommand, "--since", "soon")).rejects.toThrow("Give a time like");
  });
});
