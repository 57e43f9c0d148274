import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { dashboard, expectAccessible, expectGood, shoot, tabTo } from "./dashboard.ts";
import { failWebhooks } from "./fill.ts";

/** What one does on the pages that have no file of their own; money.test.ts, notices.test.ts and pricing.test.ts have the rest. */
const stage = dashboard({ filled: true });

const MARKUP = '<img src=x onerror="document.title=\'owned\'"> \u202Eأهلا 👩‍👩‍👧‍👦';

it("an alert is taken on with no mouse: from anywhere by g a, j, Enter, t; commented, judged and resolved", async () => {
  // Five minutes ago is over for this rule: it fires for what is wrong now.
  await failWebhooks(stage);
  const { page, faults } = await stage.visit("/tasks", "olga");
  await page.getByRole("heading", { name: "Tasks", level: 1 }).waitFor();
  await page.locator("#main").focus();
  await page.keyboard.press("g");
  await page.keyboard.press("a");
  await page.getByRole("row").filter({ hasText: "Webhook deliveries fail" }).waitFor();
  // As a person does: down to the one that is meant.
  for (let steps = 0; steps < 10 && (await page.locator("[aria-selected=true]").filter({ hasText: "Webhook deliveries fail" }).count()) === 0; steps += 1) await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Webhook deliveries fail", level: 1 }).waitFor();
  await page.keyboard.press("t");
  await page.getByText("It is yours: escalation has stopped.").waitFor();
  await page.getByText(/Taken on/).first().waitFor();
  await tabTo(page, page.getByLabel("Note, comment or reason"));
  await page.keyboard.type(MARKUP);
  await tabTo(page, page.getByRole("button", { name: "Comment" }));
  await page.keyboard.press("Enter");
  await page.getByText("The comment stands in the time line.").waitFor();
  await page.getByText(MARKUP).first().waitFor();
  expect(await page.title()).not.toContain("owned");
  await page.getByRole("button", { name: "Real" }).click();
  await page.getByText("Noted. What was expected is not learnt from.").waitFor();
  await expectGood(page, "an alert with a comment");
  await page.keyboard.press("Escape");
  await page.waitForURL(/\/alerts(\?|$)/);
  expect(faults).toEqual([]);
});

it("payments are found by what is typed, the filter stands in the address, and what is filtered is exported", async () => {
  const { page, context, faults } = await stage.visit("/payments", "vera");
  await page.locator("#main").focus();
  await page.keyboard.press("/");
  await page.keyboard.type("ada@example.com");
  await page.waitForURL(/q=ada%40example\.com/);
  await page.getByRole("row").filter({ hasText: "$12.50" }).waitFor();
  expect(await page.getByRole("row").count()).toBe(2);
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export what is filtered" }).click();
  await page.getByRole("menuitem", { name: "CSV" }).click();
  const csv = readFileSync(await (await downloading).path(), "utf8").trimEnd().split("\r\n");
  expect(csv).toHaveLength(2);
  expect(csv[1]).toContain(",12.5,12.5,2.5,0,ada@example.com,");
  // The link shows another window the same.
  const other = await context.newPage();
  await other.goto(page.url());
  await other.getByRole("row").filter({ hasText: "$12.50" }).waitFor();
  expect(await other.getByRole("row").count()).toBe(2);
  await other.close();
  await page.getByLabel("Status").selectOption("failed");
  await page.getByText("Nothing fits").waitFor();
  await page.getByRole("button", { name: /^Clear/ }).click();
  await page.getByRole("row").nth(5).waitFor();
  expect(new URL(page.url()).search).toBe("");
  expect(faults).toEqual([]);
});

it("events are found by part of a type and by a payment; an id opens at once; the rest comes as one scrolls", async () => {
  const { page, faults } = await stage.visit("/events", "vera");
  await page.getByRole("row").nth(5).waitFor();
  const list = page.locator("[role=rowgroup][tabindex='0']");
  await list.hover();
  // 240 and more are there, a hundred of them came at first.
  for (let turns = 0; turns < 40; turns += 1) await page.mouse.wheel(0, 2000);
  await expect.poll(async () => Number(await page.locator("[role=row][aria-rowindex]").last().getAttribute("aria-rowindex")), { timeout: 30_000 }).toBeGreaterThan(150);
  expect(await page.locator("[role=row][aria-rowindex]").count()).toBeLessThan(60);
  const field = page.getByLabel("Search events");
  await field.fill("refund");
  await page.getByRole("row").filter({ hasText: "charge.refunded" }).first().waitFor();
  await page.getByRole("row").filter({ hasText: "refund.created" }).first().waitFor();
  const [payment] = (await stage.ask("/api/payments?q=ada@example.com"))["data"] as [{ id: string }];
  await field.fill(payment.id);
  await page.getByRole("row").filter({ hasText: "payment_intent.created" }).waitFor();
  const [event] = (await stage.ask(`/api/payments/events?payment_id=${payment.id}`))["data"] as [{ event_id: string; event_type: string }];
  await field.fill(event.event_id);
  await page.getByRole("heading", { name: event.event_type, level: 1 }).waitFor();
  expect(faults).toEqual([]);
});

it("a key is made, shown once, and revoked; the audit trail has both, whole", async () => {
  const { page, faults } = await stage.visit("/settings");
  await page.getByLabel("Whom or what it is for").fill("night shift");
  await page.getByLabel("Role").selectOption("operator");
  await page.getByRole("button", { name: "Make a key" }).click();
  await page.getByText("The new key, shown this once").waitFor();
  const key = (await page.getByText(/^tw_/).textContent()) ?? "";
  const asked = async (): Promise<number> => (await fetch(`${stage.service.url}/api/whoami`, { headers: { "x-dash-key": key } })).status;
  expect(await asked()).toBe(200);
  await page.getByRole("button", { name: "I have kept it" }).click();
  await page.getByText("night shift").waitFor();
  expect(await page.content()).not.toContain(key);
  await page.getByRole("button", { name: "Revoke: night shift" }).click();
  const dialog = page.getByRole("dialog", { name: "Revoke the key of night shift?" });
  await expectAccessible(page, "revoke");
  await dialog.getByRole("button", { name: "Revoke" }).click();
  await dialog.waitFor({ state: "detached" });
  await expect.poll(asked).toBe(401);
  await page.goto(`${stage.service.url}/audit?action=key.revoke`);
  await page.getByRole("row").filter({ hasText: "key.revoke" }).click();
  await page.getByRole("dialog", { name: "key.revoke" }).getByText(/"actor": "DASHBOARD_KEY"/).waitFor();
  await expectGood(page, "an entry of the audit trail");
  expect(faults).toEqual([]);
});

it("a task is run by hand, and its run stands in its history", async () => {
  const { page, faults } = await stage.visit("/tasks", "olga");
  await page.getByRole("button", { name: "retention" }).click();
  await page.waitForURL(/task=retention/);
  const line = page.getByRole("listitem").filter({ hasText: "Deletes what is older" }).first();
  await line.getByRole("button", { name: "Run now" }).click();
  await line.getByText("by hand").first().waitFor();
  await shoot(page, "task-runs");
  expect(faults).toEqual([]);
});

it("a signed link opens the report without a key until it is revoked", async () => {
  const { page, faults } = await stage.visit("/reports");
  await page.getByLabel("Whom it is for").fill("the board");
  await page.getByRole("button", { name: "Make a link for this period" }).click();
  const link = (await page.getByRole("link", { name: "Open: the board" }).getAttribute("href")) ?? "";
  const answered = async (): Promise<number> => (await fetch(link)).status;
  expect(await answered()).toBe(200);
  await page.getByRole("button", { name: /^Revoke/ }).first().click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await page.getByText("Revoked").first().waitFor();
  expect(await answered()).not.toBe(200);
  expect(faults).toEqual([]);
});

it("theme and density are chosen and kept; health says what is checked; nobody else's choice is touched", async () => {
  const { page, context, faults } = await stage.visit("/", "vera");
  await page.getByRole("button", { name: /Account$/ }).click();
  await page.getByRole("menuitemradio", { name: "Dark" }).click();
  expect(await page.evaluate(() => document.documentElement.dataset["theme"])).toBe("dark");
  await page.keyboard.press("Escape");
  await page.reload();
  await page.getByRole("heading", { name: "Overview" }).waitFor({ state: "attached" });
  expect(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe("dark");
  await page.getByRole("button", { name: /What is checked$/ }).click();
  await page.getByText("database").first().waitFor();
  await expectAccessible(page, "health");
  await page.keyboard.press("Escape");
  // On the sandbox it is said by colour and in words, on every page.
  await page.getByText("made-up payments").waitFor();
  expect(await page.evaluate(() => getComputedStyle(document.body, "::after").borderTopColor)).toBe("rgb(109, 40, 217)");
  await context.clearCookies();
  expect(faults).toEqual([]);
});

it("whoever wants less motion has charts in their own colours all the same", async () => {
  const { page, faults } = await stage.visit("/");
  await page.locator("figure canvas").first().waitFor();
  // Grey and strong colours, not one for all: the canvas is asked for its pixels.
  const colours = await page.locator("figure canvas").first().evaluate((canvas) => {
    const { width, height } = canvas as HTMLCanvasElement;
    const { data } = (canvas as HTMLCanvasElement).getContext("2d")?.getImageData(0, 0, width, height) ?? { data: new Uint8ClampedArray() };
    const found = { blue: 0, grey: 0 };
    for (let at = 0; at < data.length; at += 4) {
      const [red = 0, green = 0, blue = 0, opaque = 0] = data.slice(at, at + 4);
      if (opaque < 200) continue;
      if (blue - red > 80) found.blue += 1;
      else if (Math.abs(blue - red) < 30 && Math.abs(blue - green) < 30) found.grey += 1;
    }
    return found;
  });
  expect(colours.blue).toBeGreaterThan(100);
  expect(colours.grey).toBeGreaterThan(1000);
  expect(faults).toEqual([]);
});
