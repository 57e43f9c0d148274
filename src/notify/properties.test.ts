import fc from "fast-check";
import { expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { notifyMigrations } from "./index.ts";
import { type Got, ms, routeOf, settingsOf, type Stage, stage, START } from "./testing/stage.ts";

const IDS = [1, 2, 3];

interface Happening {
  readonly minute: number;
  readonly alert: number;
  readonly what: "fire" | "resolve" | "worsen" | "acknowledge" | "silence" | "reroute";
}

const happening: fc.Arbitrary<Happening> = fc.record({
  minute: fc.integer({ min: 0, max: 120 }),
  alert: fc.constantFrom(...IDS),
  what: fc.constantFrom("fire", "fire", "resolve", "resolve", "worsen", "acknowledge", "silence", "reroute"),
});

const history = fc.array(happening, { minLength: 1, maxLength: 14 }).map((all) => all.sort((one, other) => one.minute - other.minute));

const usual = settingsOf({ channels: ["team", "other"] });
const rerouted = settingsOf({ channels: ["team", "other"], root: routeOf({ channels: ["other"] }) });

const policies = [{ name: "standard", rounds: 2, steps: [{ targets: [{ kind: "channel" as const, name: "other" }], waitMs: ms("5m") }, { targets: [{ kind: "person" as const, name: "team" }], waitMs: ms("10m") }] }];
const escalating = settingsOf({ channels: ["team", "other"], policies, root: routeOf({ escalate: "standard" }) });
const reroutedEscalating = settingsOf({ channels: ["team", "other"], policies, root: routeOf({ channels: ["other"], escalate: "standard" }) });

/** A time in which a channel does not answer. */
const absence = fc.record({ channel: fc.constantFrom("team", "other"), from: fc.integer({ min: 0, max: 150 }), minutes: fc.integer({ min: 1, max: 45 }) });

/** What may happen to an alert as its life goes on; the rest is left out. */
function enact(s: Stage, all: readonly Happening[], [first, second] = [usual, rerouted]): void {
  const state = new Map<number, "firing" | "resolved">();
  let moved = false;
  for (const { minute, alert, what } of all) {
    const at = s.at(`${minute}m`);
    const firing = state.get(alert) === "firing";
    if (what === "fire" && !firing) {
      if (state.has(alert)) at.change(alert, "fired", { resolvedAt: null });
      else at.push({ alertId: alert, severity: "WARNING", rule: `rule_${alert}` });
      state.set(alert, "firing");
    } else if (what === "resolve" && firing) {
      at.resolve(alert);
      state.set(alert, "resolved");
    } else if (what === "worsen" && firing) at.change(alert, "worsened", { severity: "CRITICAL" });
    else if (what === "acknowledge" && firing) at.change(alert, "acknowledged");
    else if (what === "silence") at.silence(`rule=rule_${alert}`, `${minute + 20}m`);
    else if (what === "reroute") {
      moved = !moved;
      at.configure(moved ? second : first);
    }
  }
  // All comes to an end.
  for (const [alert, last] of state) if (last === "firing") s.at("3h").resolve(alert);
}

/** What one channel was told of one alert, in order: F firing, R resolved. */
function toldOf(got: readonly Got[], channel: string, alert: number): string {
  return got
    .filter((one) => one.channel === channel)
    .flatMap((one) => [...(one.firing.includes(alert) ? ["F"] : []), ...(one.resolved.includes(alert) ? ["R"] : [])])
    .join("");
}

function holds(got: readonly Got[]): void {
  for (const channel of ["team", "other"]) {
    for (const alert of IDS) {
      const told = toldOf(got, channel, alert);
      // Whoever was told that it fires was told of its end, whatever was silenced, rerouted or killed meanwhile.
      expect(told, `alert ${alert} on ${channel}`).toMatch(/^(F+R+)*$/);
    }
  }
  // Never firing twice without a reason: a new member, worse, acknowledged, a silence that ended, the interval, an end.
  const streams = Map.groupBy(got, ({ channel, notice }) => `${channel} ${notice.key}`);
  for (const notices of streams.values()) {
    notices.forEach((one, index) => {
      const before = notices[index - 1];
      if (one.reason === "first notification") expect(before === undefined || before.notice.firing === 0 || before.notice.id === one.notice.id).toBe(true);
      if (one.reason === "new alerts added" && before !== undefined && before.notice.id !== one.notice.id) expect(one.firing.some((id) => !before.firing.includes(id))).toBe(true);
    });
  }
}

/** What was told, give or take a second copy of the same notice. */
function essence(got: readonly Got[]): string[] {
  const seen = new Set<string>();
  return got.flatMap((one) => {
    const id = `${one.channel} ${one.notice.id}`;
    if (seen.has(id)) return [];
    seen.add(id);
    return [`${one.channel}: ${one.reason}, firing ${one.firing.join(",")}, resolved ${one.resolved.join(",")}`];
  });
}

onBothDatabases("whatever happens", notifyMigrations, (database) => {
  const runs = database.kind === "sqlite" ? 25 : 4;

  it("every firing notice is followed by its end, and none comes twice without a reason", { timeout: 240_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(history, async (all) => {
        const s = await stage(await database.open(), usual);
        enact(s, all);
        await s.run("4h");
        holds(s.got);
      }),
      { numRuns: runs },
    );
  });

  it("a process that dies before or after any write gives the same notices, give or take a second copy", { timeout: 240_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(history, fc.integer({ min: 1, max: 40 }), fc.boolean(), async (all, write, after) => {
        const whole = await stage(await database.open(), usual);
        enact(whole, all);
        await whole.run("4h");
        const broken = await stage(await database.open(), usual);
        enact(broken, all);
        broken.dieAt(write, after);
        await broken.run("4h");
        holds(broken.got);
        expect(essence(broken.got)).toEqual(essence(whole.got));
      }),
      { numRuns: runs },
    );
  });

  it("escalations, silences, channels that are away and what waited for them: after a death at any write everybody hears of the end, and nothing is left", { timeout: 240_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(history, fc.array(absence, { maxLength: 3 }), fc.integer({ min: 1, max: 120 }), fc.boolean(), async (all, absences, write, after) => {
        const db = await database.open();
        const s = await stage(db, escalating, { merges: write % 2 === 0 ? "text" : "group" });
        for (const name of ["team", "other"]) {
          const away = (at: number): boolean => absences.some(({ channel, from, minutes }) => channel === name && at >= from * 60_000 && at < (from + minutes) * 60_000);
          s.answer(name, (at) => (away(at) ? { kind: "later", status: 503, reason: "answered 503", afterMs: null } : { kind: "sent", status: 200 }));
        }
        enact(s, all, [escalating, reroutedEscalating]);
        s.dieAt(write, after);
        await s.run("8h");
        // Whatever waited was told or told with others, and the last word of every alert is its end.
        for (const channel of ["team", "other"]) for (const alert of IDS) expect(toldOf(s.got, channel, alert), `alert ${alert} on ${channel}`).toMatch(/^(.*R)?$/);
        expect(await db.read.selectFrom("outbox").select("id").where("state", "not in", ["sent", "merged"]).execute()).toEqual([]);
        expect(await db.read.selectFrom("notify_chain").select("alert_id").where("state", "<>", "done").execute()).toEqual([]);
        expect(await db.read.selectFrom("notify_alert").select("alert_id").where("closed_at", "is", null).execute()).toEqual([]);
        expect(await db.read.selectFrom("notify_silence").select("id").where("ended_at", "is", null).where("ends_at", "<", START + ms("8h")).execute()).toEqual([]);
        // Every attempt is on record, and at most the one in which the process died has no end.
        expect((await db.read.selectFrom("notice_attempt").select("id").where("outcome", "is", null).execute()).length).toBeLessThanOrEqual(1);
      }),
      { numRuns: database.kind === "sqlite" ? 40 : 4 },
    );
  });

  it("every write of one incident may be the last of a process", { timeout: 240_000 }, async () => {
    const play = async (die: number, after: boolean): Promise<Stage> => {
      const s = await stage(await database.open(), usual);
      s.at("0s").push({ alertId: 1, severity: "WARNING" });
      s.at("1m").change(1, "worsened", { severity: "CRITICAL" });
      s.at("2m").change(1, "acknowledged");
      s.at("3m").resolve(1);
      if (die > 0) s.dieAt(die, after);
      await s.run("10m");
      return s;
    };
    const whole = await play(0, false);
    const expected = ["first notification", "got worse", "acknowledged", "all alerts resolved"];
    expect(whole.got.map(({ reason }) => reason)).toEqual(expected);
    const deaths = Array.from({ length: whole.writes() }, (_, index) => index + 1);
    for (const die of database.kind === "sqlite" ? deaths : deaths.slice(0, 8)) {
      for (const after of [false, true]) {
        const broken = await play(die, after);
        expect(essence(broken.got), `died ${after ? "after" : "before"} write ${die}`).toEqual(essence(whole.got));
        expect(broken.got.length).toBeLessThanOrEqual(expected.length + 1);
      }
    }
  });

  it("ten thousand notices that waited come as one, and a queue of as many is no storm", { timeout: 120_000 }, async () => {
    const s = await stage(await database.open(), usual);
    s.answer("team", (at) => (at < ms("20m") ? { kind: "later", status: 503, reason: "answered 503", afterMs: null } : { kind: "sent", status: 200 }));
    const many = database.kind === "sqlite" ? 10_000 : 1000;
    s.at("1m").pushAll(Array.from({ length: many }, (_, index) => ({ alertId: index + 1, subject: `subject ${index + 1}` })));
    s.at("10m").resolve(1, 2, 3);
    await s.run("30m");
    expect(s.got.filter(({ channel }) => channel === "team").map(({ reason, notice }) => [reason, notice.firing, notice.resolved])).toEqual([["caught up", many - 3, 3]]);
    expect(s.got.find(({ channel }) => channel === "team")?.notice.notes[0]).toContain(`${many + 3} notices waited`);
  });
});
