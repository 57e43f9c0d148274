import { expect, it } from "vitest";
import { eventStream } from "../sandbox/index.ts";
import { migrations } from "../src/app/migrations.ts";
import { onBothDatabases } from "./databases.ts";
import { eventually, runCommand, sender, serviceEnvironment, startService } from "./service.ts";

const DELIVERIES = 20_000;
const KILL_AFTER = [3000, 9000];
const AT_ONCE = 64;

/** Sends until all are sent or the receiver is gone; answers the ids that were acknowledged. */
async function sendAll(url: string, bodies: ReadonlyMap<string, string>, onAcknowledged: (count: number) => void): Promise<Set<string>> {
  const { send, end } = sender(url);
  const acknowledged = new Set<string>();
  const queue = [...bodies];
  let broken = false;
  const work = async (): Promise<void> => {
    for (let next = queue.pop(); next !== undefined && !broken; next = queue.pop()) {
      const sent = await send(next[1]);
      if (sent.kind === "broken") broken = true;
      else if (sent.status === 200) {
        acknowledged.add(next[0]);
        onAcknowledged(acknowledged.size);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  end();
  return acknowledged;
}

onBothDatabases("kill -9 in the middle of 20,000 deliveries", migrations, (database) => {
  it("loses nothing that was acknowledged, keeps each event once, and derives the same as a rebuild", { timeout: 240_000 }, async () => {
    const env = serviceEnvironment(await database.environment());
    const left = new Map<string, string>();
    for (const event of eventStream({ seed: 7, startMs: Date.now() - 3_600_000, ratePerMinute: 600 })) {
      if (left.size >= DELIVERIES) break;
      left.set(event.id, JSON.stringify(event));
    }
    const all = [...left.keys()];
    for (const killAfter of [...KILL_AFTER, null]) {
      const service = await startService(env);
      const killed: Promise<unknown>[] = [];
      const acknowledged = await sendAll(service.url, left, (count) => {
        if (killAfter !== null && count >= killAfter && killed.length === 0) killed.push(service.kill("SIGKILL"));
      });
      for (const id of acknowledged) left.delete(id);
      if (killAfter !== null) {
        expect(killed).toHaveLength(1);
        await Promise.all(killed);
        continue;
      }
      expect(left.size).toBe(0);
      const waiting = await eventually(
        async () => (await service.get("/api/system-health")).body["checks"] as Record<string, { figure?: string }>,
        (checks) => checks["processing"]?.figure?.startsWith("0 events waiting") === true,
        60_000,
      );
      expect(waiting["processing"]?.figure).toBe("0 events waiting, 0 set aside");
      await service.kill("SIGTERM");
    }
    const rebuilt = await runCommand(env, "rebuild", "--check", "--json");
    expect(rebuilt).toMatchObject({ code: 0, stderr: "" });
    const report = JSON.parse(rebuilt.stdout) as { events: number; same: boolean };
    // One ledger entry per event, whatever was sent twice because the answer was lost.
    expect(report).toMatchObject({ events: all.length, same: true });
    for (const id of [all[0], all[Math.floor(all.length / 2)], all.at(-1)]) {
      expect((await runCommand(env, "events", "show", id ?? "")).code).toBe(0);
    }
  });
});
