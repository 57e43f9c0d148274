import { expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { announce, notifyMigrations } from "./index.ts";
import { readNews, readOpenAlerts } from "./store.ts";
import { newsOf } from "./testing/news.ts";

const T = Date.UTC(2025, 9, 20, 12);

onBothDatabases("news of alerts", notifyMigrations, (database) => {
  it("are kept word for word, in order, and the alert stands as the last of them says", async () => {
    const db = await database.open();
    await db.write((tx) => announce(tx, newsOf({ severity: "WARNING" }), T));
    await db.write((tx) => announce(tx, newsOf({ change: "worsened" }), T + 1000));
    await db.write((tx) => announce(tx, newsOf({ change: "acknowledged" }), T + 2000));
    expect((await readNews(db.read, 1)).map(({ at, news }) => [at - T, news.change, news.severity])).toEqual([
      [0, "fired", "WARNING"],
      [1000, "worsened", "CRITICAL"],
      [2000, "acknowledged", "CRITICAL"],
    ]);
    expect(await readOpenAlerts(db.read)).toMatchObject([{ id: 1, state: "firing", knownAt: T, acknowledgedAt: T + 2000, news: { severity: "CRITICAL", stake: { currency: "usd", minor: 12_345 } } }]);
    await db.write((tx) => announce(tx, newsOf({ change: "resolved", resolvedAt: T + 3000 }), T + 3000));
    expect(await readOpenAlerts(db.read)).toMatchObject([{ state: "resolved", knownAt: T, acknowledgedAt: T + 2000 }]);
    // Under the same id again: a new incident, of which nobody has taken notice yet.
    await db.write((tx) => announce(tx, newsOf(), T + 9000));
    expect(await readOpenAlerts(db.read)).toMatchObject([{ state: "firing", knownAt: T + 9000, acknowledgedAt: null }]);
  });

  it("are there when the change they tell of is there, and not otherwise", async () => {
    const db = await database.open();
    const failing = db.write(async (tx) => {
      await announce(tx, newsOf(), T);
      throw new Error("the change itself failed");
    });
    await expect(failing).rejects.toThrow("the change itself failed");
    expect(await readOpenAlerts(db.read)).toEqual([]);
    expect(await readNews(db.read, 1)).toEqual([]);
  });

  it("are within bounds whatever an event put into them, and always carry rule, subject and severity", async () => {
    const db = await database.open();
    const long = "💥".repeat(5000);
    const labels = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`label_${index}`, long]));
    await db.write((tx) => announce(tx, newsOf({ title: long, summary: long, details: Array.from({ length: 500 }, () => long), labels: { ...labels, severity: "nonsense" } }), T));
    const [alert] = await readOpenAlerts(db.read);
    const told = alert?.news;
    expect(JSON.stringify(told).length).toBeLessThan(40_000);
    expect(told?.title).toMatch(/^(💥)+…$/u);
    expect(told?.details).toHaveLength(20);
    expect(told?.labels).toMatchObject({ rule: "webhook_failures", subject: "webhooks", severity: "CRITICAL" });
  });

  it("of no alert are refused", async () => {
    const db = await database.open();
    await expect(db.write((tx) => announce(tx, newsOf({ alertId: Number.NaN }), T))).rejects.toMatchObject({ code: "news_unusable" });
    await expect(db.write((tx) => announce(tx, newsOf({ stake: { currency: "usd", minor: 0.5 } }), T))).rejects.toMatchObject({ code: "news_unusable" });
  });
});
