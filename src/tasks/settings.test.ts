import { describe, expect, it } from "vitest";
import { applySettings, type TaskSettings } from "./settings.ts";
import { heldTask } from "./testing/nodes.ts";

const { definition: sweep } = heldTask();
const { definition: digest } = heldTask({ name: "digest", schedule: { kind: "cron", cron: "0 8 * * *", timeZone: "UTC" } });
const none: TaskSettings = { enabled: true, everyMs: null, cron: null, timeZone: null, timeLimitMs: null };
const apply = (settings: Record<string, Partial<TaskSettings>>) =>
  applySettings([sweep, digest], Object.fromEntries(Object.entries(settings).map(([name, given]) => [name, { ...none, ...given }])), "Europe/Berlin").map(({ schedule, enabled, timeLimitMs }) => ({ schedule, enabled, timeLimitMs }));

describe("task settings", () => {
  it("change what they name and leave the rest", () => {
    expect(applySettings([sweep, digest], {}, "UTC")).toEqual([sweep, digest]);
    expect(apply({ sweep: { everyMs: 60_000, timeLimitMs: 5000 }, digest: { enabled: false, timeZone: "America/New_York" } })).toEqual([
      { schedule: { kind: "every", everyMs: 60_000 }, enabled: true, timeLimitMs: 5000 },
      { schedule: { kind: "cron", cron: "0 8 * * *", timeZone: "America/New_York" }, enabled: false, timeLimitMs: 120_000 },
    ]);
  });

  it("put a cron expression into the merchant's time zone", () => {
    expect(apply({ sweep: { cron: "15 3 * * *" } })[0]?.schedule).toEqual({ kind: "cron", cron: "15 3 * * *", timeZone: "Europe/Berlin" });
  });

  it("are refused for a task that is not there, and for nonsense, all at once", () => {
    expect(() => apply({ swep: {}, digest: { cron: "never" } })).toThrow(/2 problems[^]*tasks\.swep: there is no such task; did you mean "sweep"[^]*tasks\.digest\.cron=never: .*five fields/);
  });
});
