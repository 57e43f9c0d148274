import { expect, it } from "vitest";
import { virtualClock } from "../platform/index.ts";
import type { ReportOrder } from "../reports/index.ts";
import { reportMaker } from "./report-beside.ts";

const silent = { info: () => {}, warn: () => {}, error: () => {} } as never;

function order(from: string, format: ReportOrder["format"] = "json"): ReportOrder {
  return { asked: { from }, format, public: false };
}

/** A maker whose runs end when the test says so. */
function setting() {
  const runs: { order: ReportOrder; killed: boolean; end(text: string): void; fail(text: string): void }[] = [];
  const clock = virtualClock(0);
  const maker = reportMaker(clock, silent, (wanted) => {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    const run = { order: wanted, killed: false, end: (text: string) => resolve(Buffer.from(text)), fail: (text: string) => reject(new Error(text)) };
    runs.push(run);
    return {
      done: promise,
      kill: () => {
        run.killed = true;
        run.fail("killed");
      },
    };
  });
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
  return { runs, clock, maker, settled };
}

it("makes one after the other, and the same report once", async () => {
  const { runs, clock, maker, settled } = setting();
  const [first, again, other] = [maker.make(order("2026-01-01")), maker.make(order("2026-01-01")), maker.make(order("2026-01-02"))];
  await settled();
  expect(runs.length).toBe(1);
  runs[0]?.end("one");
  expect([String(await first), String(await again)]).toEqual(["one", "one"]);
  await settled();
  expect(runs.length).toBe(2);
  runs[1]?.end("two");
  expect(String(await other)).toBe("two");
  expect(String(await maker.make(order("2026-01-01")))).toBe("one");
  clock.advance(60_000);
  const fresh = maker.make(order("2026-01-01"));
  await settled();
  runs[2]?.end("newer");
  expect(String(await fresh)).toBe("newer");
});

it("turns away what would wait too long, keeps no failure, and says no more than it may", async () => {
  const { runs, maker, settled } = setting();
  const all = Array.from({ length: 9 }, (_, day) => maker.make(order(`2026-01-0${day + 1}`)));
  const ended = Promise.allSettled(all);
  await expect(maker.make(order("2026-02-01"))).rejects.toMatchObject({ kind: "unavailable", code: "reports_busy" });
  for (let at = 0; at < 9; at += 1) {
    await settled();
    if (at === 0) runs[0]?.fail("the report's process ended with 1: SQLITE_CORRUPT /var/lib/secret.db");
    else runs[at]?.end(String(at));
  }
  const results = await ended;
  expect(results.map(({ status }) => status)).toEqual(["rejected", ...Array.from({ length: 8 }, () => "fulfilled")]);
  await expect(all[0]).rejects.toMatchObject({ code: "report_failed", message: expect.not.stringContaining("secret") as string });
  const retried = maker.make(order("2026-01-01"));
  await settled();
  runs[9]?.end("now");
  expect(String(await retried)).toBe("now");
});

it("says where there is no browser, and ends what is under way when the service ends", async () => {
  const { runs, maker, settled } = setting();
  const pdf = maker.make(order("2026-01-01", "pdf"));
  await settled();
  runs[0]?.fail("the report's process ended with 1: tillwatch: a PDF is made by Chromium, and none was found here; install it");
  await expect(pdf).rejects.toMatchObject({ kind: "unavailable", code: "pdf_unavailable" });
  const [running, waiting] = [maker.make(order("2026-01-02")), maker.make(order("2026-01-03"))];
  const ended = Promise.allSettled([running, waiting]);
  await settled();
  await maker.stop();
  expect(runs[1]?.killed).toBe(true);
  expect((await ended).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(runs.length).toBe(2);
});
