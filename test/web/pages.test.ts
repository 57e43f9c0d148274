import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { dashboard, expectAccessible, expectFits, expectGood, type Person, settled, shoot, type Stage } from "./dashboard.ts";
import { pagePaths } from "./pages.ts";

/** An address of a page that exists: one with an id is the first that its list links to, or null where the list is empty. */
async function addressOf(page: Page, stage: Stage, path: string): Promise<string | null> {
  const [list = "", name] = path.split("/$");
  if (name === undefined) return path;
  await page.goto(stage.service.url + list + (list === "/alerts" ? "?state=all" : ""));
  await settled(page);
  const links = await page.locator(`main a[href^="${list}/"]`).evaluateAll((found) => found.map((link) => (link as HTMLAnchorElement).pathname));
  return links.find((link) => link.split("/").length === path.split("/").length) ?? null;
}

/** One heading of the first level, headings that skip no level, a title that says where one is, and a Tab that begins at the top. */
async function expectOrder(page: Page, name: string): Promise<void> {
  const levels = await page.locator("h1, h2, h3, h4, h5, h6").evaluateAll((found) => found.filter((heading) => heading.closest("[aria-hidden=true]") === null).map((heading) => Number(heading.tagName.slice(1))));
  expect([name, levels.filter((level) => level === 1).length]).toEqual([name, 1]);
  expect([name, levels.filter((level, index) => level > (levels[index - 1] ?? level) + 1)]).toEqual([name, []]);
  expect(await page.title()).toMatch(/^(?!There is no such page).+ · Tillwatch$/);
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  const seen: string[] = [];
  for (let steps = 0; steps < 4; steps += 1) {
    await page.keyboard.press("Tab");
    seen.push(await page.evaluate(() => (document.activeElement === document.body ? "nothing" : (document.activeElement?.textContent ?? "").trim())));
  }
  expect([name, seen[0]]).toEqual([name, "Skip to content"]);
  expect([name, seen.filter((words) => words === "nothing")]).toEqual([name, []]);
  expect([name, await page.locator("[tabindex]:not([tabindex='0']):not([tabindex='-1'])").count()]).toEqual([name, 0]);
}

const shot = (filled: string, path: string): string => `${filled}${path === "/" ? "-overview" : path.replaceAll("/", "-").replace("$", "")}`;

describe("every page of a filled service", () => {
  const stage = dashboard({ filled: true });
  const addresses = new Map<string, string>();

  // One window walks them all: a page that is opened anew loads everything anew, which is most of the time it takes.
  it("nothing serious by axe in light and dark, wide and on a phone, nothing cut, no violation, no other host, no error", async () => {
    const { page, faults } = await stage.visit("/settings");
    // A suggestion takes a product with a history of prices; pricing.test.ts has one, and walks its page.
    for (const path of pagePaths().filter((one) => one !== "/pricing/$id")) {
      const address = await addressOf(page, stage, path);
      if (address === null) throw new Error(`the list of ${path} is empty`);
      addresses.set(path, address);
      await page.goto(stage.service.url + address);
      await settled(page);
      await expectOrder(page, address);
      await expectGood(page, address);
      await shoot(page, shot("filled", path));
      expect([path, faults]).toEqual([path, []]);
    }
  });

  it.each<[Person, RegExp]>([
    ["vera", /This needs the role (Operator|Admin); yours is Viewer\./],
    ["olga", /This needs the role Admin; yours is Operator\./],
  ])("%s sees every page, is told who may do what they may not, and asks for nothing that is refused", async (person, told) => {
    const { page, faults } = await stage.visit("/", person);
    const explained: string[] = [];
    expect(addresses.size).toBeGreaterThan(20);
    for (const [path, address] of addresses) {
      await page.goto(stage.service.url + address);
      await settled(page);
      if ((await page.getByText(told).count()) > 0) explained.push(path);
      else expect([path, await page.locator("main button[disabled]").allInnerTexts()]).toEqual([path, expect.not.arrayContaining([expect.stringMatching(/^(Create|Run now|Approve|Make|Send)/)])]);
    }
    const mine = person === "vera" ? ["/", "/alerts/$id", "/audit", "/reports", "/settings", "/settings/backups", "/settings/channels", "/silences", "/tasks"] : ["/audit", "/reports", "/settings", "/settings/backups"];
    expect(explained.toSorted()).toEqual(expect.arrayContaining(mine));
    expect(faults).toEqual([]);
  });
});

describe("every page of an empty service", () => {
  const stage = dashboard();

  it("says what will be here, nothing serious by axe, nothing cut on a phone, no violation, no other host", async () => {
    const { page, faults } = await stage.visit("/settings");
    const wide = { width: 1280, height: 800 };
    for (const path of pagePaths()) {
      // With an id that nothing has, the page says so in words.
      const address = path.replace(/\$\w+/, "nothing_0");
      await page.setViewportSize(wide);
      await page.goto(stage.service.url + address);
      await settled(page);
      await expectOrder(page, address);
      await expectAccessible(page, address);
      await page.setViewportSize({ width: 390, height: 844 });
      await expectFits(page, `${address} on a phone`);
      await shoot(page, shot("empty", path));
      // What nothing has is answered with 404, which the browser notes.
      expect([path, faults.splice(0).filter((fault) => !(path.includes("$") && /status of (404|400)/.test(fault)))]).toEqual([path, []]);
    }
  });
});
