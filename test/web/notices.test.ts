import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { openBrowser } from "../chromium.ts";
import { temporaryDirectory } from "../databases.ts";
import { DASHBOARD_KEY, eventually, runCommand, sender, startService } from "../service.ts";
import { buildDashboard, expectAccessible, shoot, signIn, unexpected, visit } from "./dashboard.ts";

const SECRET = "whsec_0123456789abcdef0123";

const CONFIG = `merchant: {name: Tea House, time_zone: Europe/Berlin}
notify:
  channels:
    team: {kind: webhook, url: env:TEAM_URL, secret: env:TEAM_SECRET, allow_private: on}
    pager: {kind: webhook, url: env:PAGER_URL, secret: env:TEAM_SECRET, allow_private: on}
  route: {channels: [team]}
  maintenance:
    nightly_import: {match: [subject=ingest], times: [{hours: ["03:00-03:30"]}]}
oncall:
  people:
    ann: {name: Ann Lee, channels: [team]}
    bob: {name: Bob Ray, channels: [pager]}
  rotations:
    primary:
      layers: [{people: [ann, bob], handover: {every: weekly, at: "09:00", from: "2025-10-20"}}]
    nights:
      layers: [{people: [bob], handover: {every: daily, at: "00:00", from: "2025-10-20"}, only: [{hours: ["22:00-06:00"]}]}]
  policies:
    standard:
      rounds: 3
      steps: [{notify: [rotation primary], wait: 5m}, {notify: [person bob, channel team], wait: 10m}]
`;

/** Takes what is sent, as a team's own program does. */
async function receiver(): Promise<string> {
  const server = createServer((_request, response) => response.end("ok"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

function failed(number: number): string {
  const created = Math.floor(Date.now() / 1000);
  const charge = { id: `ch_failed${number}`, object: "charge", amount: 1000, amount_captured: 0, amount_refunded: 0, captured: false, created, currency: "usd", livemode: false, paid: false, payment_intent: `pi_failed${number}`, status: "failed", failure_code: "processing_error", outcome: { type: "issuer_declined" } };
  return JSON.stringify({ id: `evt_failed${number}`, object: "event", api_version: "2026-10-28.endive", created, livemode: false, type: "charge.failed", data: { object: charge } });
}

it("channels are tested, alerts silenced with a preview, and who is on call is seen and changed", { timeout: 600_000 }, async () => {
  buildDashboard();
  const dir = temporaryDirectory();
  writeFileSync(join(dir, "tillwatch.yaml"), CONFIG);
  const env = { PATH: process.env["PATH"] ?? "", DASHBOARD_KEY, DATA_DIR: dir, LOG_DIR: "off", TILLWATCH_CONFIG: join(dir, "tillwatch.yaml"), STRIPE_WEBHOOK_SECRET: SECRET, TEAM_URL: await receiver(), PAGER_URL: "http://127.0.0.1:9/", TEAM_SECRET: "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=" };
  const [service, browser] = [await startService(env), await openBrowser()];
  const admin = await visit(browser, service.url);
  const { page } = admin;
  await signIn(page, service.url, DASHBOARD_KEY);

  // A test that arrives and one that does not, each told in words.
  await page.goto(`${service.url}/settings`);
  await page.getByRole("link", { name: "Channels" }).click();
  await page.getByRole("button", { name: "Send a test notice: team" }).click();
  await page.getByText(/^team took the test notice after \d+ ms\.$/).waitFor();
  await page.getByRole("button", { name: "Send a test notice: pager" }).click();
  await page.getByText("pager did not take the test notice.").waitFor();
  await page.getByText(/cannot be reached/).waitFor();
  await page.getByLabel("Kind").selectOption("ntfy");
  expect(await page.getByLabel("the lines for tillwatch.yaml", { exact: true }).textContent()).toContain("kind: ntfy");
  await expectAccessible(page, "channels");
  await shoot(page, "channels");

  // An alert fires; by keyboard alone it is muted, after seeing what that mutes, and taken on.
  const { send, end } = sender(service.url, SECRET);
  for (let number = 0; number < 30; number += 1) expect(await send(failed(number))).toMatchObject({ status: 200 });
  end();
  const { body } = await eventually(() => service.get("/api/alerts?rule=payment_errors"), ({ body: alerts }) => alerts["count"] === 1);
  const { id, title } = (body["data"] as [{ id: number; title: string }])[0];
  await page.goto(`${service.url}/alerts/${id}`);
  await page.getByRole("heading", { name: title, level: 1 }).waitFor();
  await page.keyboard.press("m");
  const dialog = page.getByRole("dialog", { name: "Silence this alert" });
  await dialog.getByText("1 alert that fires now:").waitFor();
  await expectAccessible(page, "silence an alert");
  await dialog.getByLabel("Reason").fill("known since noon");
  await page.keyboard.press("Enter");
  await page.getByText("Muted. It stands in the time line.").waitFor();
  await dialog.waitFor({ state: "detached" });
  await page.getByText(/Notices muted/).waitFor();
  await page.keyboard.press("t");
  await page.getByText("It is yours: escalation has stopped.").waitFor();
  await expectAccessible(page, "alert");
  await shoot(page, "alert");

  // Silences: the one just made; another with a preview; ended early; the window of the configuration.
  await page.goto(`${service.url}/silences`);
  await page.getByText(`alert=${id}`).waitFor();
  await page.getByText("nightly import").waitFor();
  await page.getByText("every day, 03:00-03:30 (Europe/Berlin)").waitFor();
  await page.getByRole("button", { name: "New silence…" }).click();
  const form = page.getByRole("dialog", { name: "Silence alerts" });
  await form.getByLabel("Value").fill("payment_*");
  await form.getByText(/1 alert of the last 7 days, told in \d notices?:/).waitFor();
  await form.getByLabel("Reason").fill("the bank told us");
  await form.getByLabel("Ends").selectOption("at");
  await form.getByLabel(/^Ends at/).fill("2020-01-01T00:00");
  await form.getByRole("button", { name: "Silence", exact: true }).click();
  await form.getByText(/a silence must end after it begins/).waitFor();
  await form.getByLabel("Ends", { exact: true }).selectOption("4h");
  await expectAccessible(page, "new silence");
  await shoot(page, "silence");
  await form.getByRole("button", { name: "Silence", exact: true }).click();
  await form.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "End it now: rule=payment_*" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "End it now" }).click();
  await page.getByRole("listitem").filter({ hasText: "rule=payment_*" }).getByText("by DASHBOARD_KEY").first().waitFor();
  await page.getByRole("listitem").filter({ hasText: "rule=payment_*" }).getByText("Past").waitFor();
  await expectAccessible(page, "silences");
  await shoot(page, "silences");

  // On call: by g n; a week with a change of the clock; somebody stands in by keyboard and by dragging, and is called off.
  await page.locator("#main").focus();
  await page.keyboard.press("g");
  await page.keyboard.press("n");
  await page.getByText(/^(Ann Lee|Bob Ray) is on call for primary$/).waitFor();
  await page.getByText(/has 5 min/).waitFor();
  await page.goto(`${service.url}/on-call?week=2027-03-24`);
  await page.getByText("The clock changes on Sunday, Mar 28: that day has 23 hours. Hand-overs keep their wall-clock time.").waitFor();
  const lane = page.getByRole("group", { name: "Shifts of primary" });
  const shift = lane.getByRole("button").first();
  expect(await shift.getAttribute("aria-label")).toMatch(/^(Ann Lee|Bob Ray), primary, Mar 22, 2027, 00:00 GMT\+1 to Mar 22, 2027, 09:00 GMT\+1$/);
  await shift.focus();
  await page.keyboard.press("Enter");
  const standIn = page.getByRole("dialog", { name: "Somebody stands in" });
  await standIn.getByText(/: Mar 22, 2027, 00:00 – Mar 22, 2027, 09:00 GMT\+1/).waitFor();
  await standIn.getByLabel("Who stands in").selectOption("bob");
  await standIn.getByLabel(/^To/).fill("2027-03-28T04:00");
  await standIn.getByLabel("To (GMT+2)").waitFor();
  await standIn.getByLabel(/^Why/).fill("holiday");
  await expectAccessible(page, "stand in");
  await page.keyboard.press("Enter");
  await standIn.waitFor({ state: "detached" });
  await page.getByText("Mar 22, 2027, 00:00 GMT+1 – Mar 28, 2027, 04:00 GMT+2").waitFor();
  const box = await lane.boundingBox();
  if (box === null) throw new Error("the row of the rotation is not seen");
  await page.mouse.move(box.x + box.width * 0.5, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 20, { steps: 4 });
  await page.mouse.up();
  await standIn.getByRole("button", { name: "Ann Lee stands in" }).click();
  await standIn.waitFor({ state: "detached" });
  await lane.getByRole("button", { name: /^Ann Lee \(stands in\)/ }).waitFor();
  await page.getByRole("button", { name: /^Call it off: Ann Lee stands in for primary/ }).click();
  await lane.getByRole("button", { name: /^Ann Lee \(stands in\)/ }).waitFor({ state: "detached" });
  await lane.getByRole("button", { name: /^Bob Ray \(stands in\)/ }).waitFor();
  await page.getByRole("button", { name: "Make an address" }).click();
  const address = await page.getByText(/\/calendar\/[\w-]{32}\.ics$/).textContent();
  expect(await (await fetch(address ?? "")).text()).toMatch(/^BEGIN:VCALENDAR/);
  await page.getByRole("button", { name: "I have it" }).click();
  await page.getByRole("button", { name: "Revoke: every rotation, everybody" }).click();
  await page.getByText("Revoked", { exact: true }).waitFor();
  expect((await fetch(address ?? "")).status).toBe(404);
  await expectAccessible(page, "on-call");
  await shoot(page, "on-call");

  // A backup, a restore drill that proves it, and a drill of the way to people; each tells what became of it.
  await page.goto(`${service.url}/settings/backups`);
  await page.getByRole("button", { name: "Make a backup now" }).click();
  // Each is a process of its own at a low priority: on a busy machine it waits its turn.
  const patient = { timeout: 120_000 };
  await page.getByText("The backup is complete.").waitFor(patient);
  await page.getByText(/^\d[\d.,]* (kB|MB)$/).first().waitFor();
  await page.getByRole("button", { name: "Run a restore drill" }).click();
  await page.getByText("The drill has ended.").waitFor(patient);
  await page.getByText(/Proven by a drill: (Verified|Inconclusive)/).waitFor();
  await page.getByRole("button", { name: "Run an alert drill…" }).click();
  await page.getByRole("dialog", { name: "Send a made-up alert?" }).getByRole("button", { name: "Send it" }).click();
  await page.getByText(/^alert \d+ fired$/).waitFor(patient);
  await expectAccessible(page, "backups");
  await shoot(page, "backups");

  // A viewer sees all of it and may change none.
  const viewer = await visit(browser, service.url);
  const made = await runCommand(env, "keys", "create", "vera", "--role", "viewer", "--json");
  await signIn(viewer.page, service.url, (JSON.parse(made.stdout) as { key: string }).key);
  for (const [path, button] of [["/settings/channels", "Send a test notice: team"], ["/silences", "New silence…"], ["/on-call", "Let somebody stand in…"], ["/settings/backups", "Make a backup now"]] as const) {
    await viewer.page.goto(service.url + path);
    await viewer.page.getByText(/^This needs the role (Operator|Admin); yours is Viewer\.$/).first().waitFor();
    expect(await viewer.page.getByRole("button", { name: button }).first().isDisabled()).toBe(true);
  }
  // An error in words, and again.
  await viewer.page.route("**/api/channels", (route) => void route.fulfill({ status: 409, contentType: "application/json", body: JSON.stringify({ ok: false, error: "the index is being built", code: "building", request_id: "req-7" }) }));
  await viewer.page.goto(`${service.url}/settings/channels`);
  await viewer.page.getByText("the index is being built").waitFor();
  await viewer.page.unroute("**/api/channels");
  await viewer.page.getByRole("button", { name: "Try again" }).click();
  await viewer.page.getByRole("button", { name: "Send a test notice: team" }).waitFor();
  for (const { faults } of [admin, viewer]) expect(faults.filter(unexpected("409|400"))).toEqual([]);
});
