import { appendFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { onBothDatabases, temporaryDirectory } from "../../../test/databases.ts";
import { countFailures, ledgerMigrations, readAfter } from "../../ledger/index.ts";
import { type Database, virtualClock } from "../../platform/index.ts";
import { importFiles } from "../import/import.ts";
import { ingestMigrations } from "../migrations/index.ts";
import { createTail, type Tail } from "./tail.ts";

const NOW = Date.UTC(2026, 9, 20, 15);

function follow(db: Database, path: string, notes: string[] = []): Tail {
  return createTail({ db, clock: virtualClock(NOW), paths: [path], timeZone: "UTC", live: true, untilMs: async () => null, onNote: ({ text }) => notes.push(text) });
}

async function all(tail: Tail): Promise<void> {
  while (await tail.step());
}

async function amounts(db: Database): Promise<number[]> {
  const entries = await readAfter(db.read, 0, 10_000);
  return entries.map(({ body }) => (body["data"] as { object: { amount: number } }).object.amount);
}

const line = (dollars: number, ts = "2026-10-20T14:00:00Z"): string => `${JSON.stringify({ ts, amount_usd: dollars })}\n`;

onBothDatabases("tail", [...ledgerMigrations, ...ingestMigrations], (database) => {
  it("takes lines as they are written, a half one only when it is whole", async () => {
    const db = await database.open();
    const path = join(temporaryDirectory(), "payments_app.ndjson");
    const tail = follow(db, path);
    expect(await tail.step()).toBe(false);
    writeFileSync(path, line(1) + line(2) + line(3).slice(0, 20));
    await all(tail);
    expect(await amounts(db)).toEqual([100, 200]);
    appendFileSync(path, line(3).slice(20));
    await all(tail);
    expect(await amounts(db)).toEqual([100, 200, 300]);
    expect((await readAfter(db.read, 0, 9)).map(({ source }) => source)).toEqual(["tail", "tail", "tail"]);
  });

  it("goes on where it was after a restart, also among lines that are alike, and as an import of the file would", async () => {
    const db = await database.open();
    const path = join(temporaryDirectory(), "payments_app.ndjson");
    writeFileSync(path, line(5).repeat(3));
    await all(follow(db, path));
    appendFileSync(path, line(5).repeat(2));
    await all(follow(db, path));
    expect(await amounts(db)).toEqual([500, 500, 500, 500, 500]);
    const report = await importFiles(db, { files: [path], dryRun: false, nowMs: NOW, timeZone: "UTC", live: true, untilMs: null, onProgress: () => {} });
    expect(report.files).toMatchObject([{ lines: 5, taken: 0, alreadyThere: 5 }]);
  });

  it("reads the rest of a rotated file before the new one, and says so when it cannot be found", async () => {
    const db = await database.open();
    const path = join(temporaryDirectory(), "payments_app.ndjson");
    const notes: string[] = [];
    writeFileSync(path, line(1));
    const tail = follow(db, path, notes);
    await all(tail);
    appendFileSync(path, line(2));
    renameSync(path, `${path}.1`);
    writeFileSync(path, line(3, "2026-10-20T14:01:00Z"));
    await all(tail);
    expect(await amounts(db)).toEqual([100, 200, 300]);
    expect(notes).toEqual([]);
    writeFileSync(`${path}.new`, line(4, "2026-10-20T14:02:00Z"));
    rmSync(path);
    renameSync(`${path}.new`, path);
    await all(tail);
    expect(await amounts(db)).toEqual([100, 200, 300, 400]);
    expect(notes).toEqual([expect.stringContaining("rotated away")]);
  });

  it("begins anew when the file was emptied, also when it has grown past the place meanwhile, and takes nothing twice", async () => {
    const db = await database.open();
    const path = join(temporaryDirectory(), "payments_app.ndjson");
    const tail = follow(db, path);
    writeFileSync(path, line(1) + line(2));
    await all(tail);
    writeFileSync(path, line(3));
    await all(tail);
    writeFileSync(path, line(4) + line(5) + line(6) + line(7));
    await all(tail);
    // A clean-up rewrote the file without its oldest line.
    writeFileSync(path, line(6) + line(7));
    await all(tail);
    expect(await amounts(db)).toEqual([100, 200, 300, 400, 500, 600, 700]);
  });

  it("steps over bad and endless lines with a note", async () => {
    const db = await database.open();
    const path = join(temporaryDirectory(), "payments_app.ndjson");
    const notes: string[] = [];
    writeFileSync(path, `nonsense\n${"x".repeat(2_500_000)}\n${line(1)}`);
    await all(follow(db, path, notes));
    expect(await amounts(db)).toEqual([100]);
    expect(notes).toEqual(["1 bad line(s), the last one line 1: not valid JSON", "1 bad line(s), the last one line 2: longer than 1 MiB"]);
  });

  it("counts a delivery that failed at the other application as a failure of that time, once", async () => {
    const db = await database.open();
    const path = join(temporaryDirectory(), "stripe_webhooks.ndjson");
    writeFileSync(path, `${JSON.stringify({ ts: "2026-10-20T14:59:00Z", event_type: "charge.failed", event_id: "evt_1", mode: "live", ok: false, status: 500 })}\n`);
    await all(follow(db, path));
    await all(follow(db, path));
    expect(await countFailures(db.read, NOW - 300_000, NOW)).toEqual({ failures: 1, rejected: 0 });
  });

  it("takes each line once and in order, whatever was appended, rotated and restarted in between", async () => {
    const act = fc.constantFrom("append", "append_half", "rotate", "step", "restart");
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 40 }), async (acts) => {
        const db = await database.open();
        const path = join(temporaryDirectory(), "payments_app.ndjson");
        writeFileSync(path, "");
        let [count, half, rotations] = [0, "", 0];
        let tail = follow(db, path);
        for (const what of acts) {
          if (what === "step") await all(tail);
          else if (what === "restart") tail = follow(db, path);
          else if (what === "rotate" && half === "") {
            // One rotation between two looks is what can be followed; the older files an import reads.
            await all(tail);
            if (rotations < 3) appendFileSync(path, line((count += 1)));
            renameSync(path, `${path}.${(rotations += 1)}`);
            writeFileSync(path, "");
          } else if (what === "append_half" && half === "") {
            const text = line((count += 1));
            appendFileSync(path, text.slice(0, 10));
            half = text.slice(10);
          } else {
            if (half === "") half = line((count += 1));
            appendFileSync(path, half);
            half = "";
          }
        }
        appendFileSync(path, half);
        await all(tail);
        expect(await amounts(db)).toEqual(Array.from({ length: count }, (_, index) => (index + 1) * 100));
      }),
      { numRuns: database.kind === "sqlite" ? 25 : 6 },
    );
  });
});
