import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { someEvents } from "../sandbox/index.ts";
import { temporaryDirectory } from "./databases.ts";
import { startPostgres } from "./postgres.ts";
import { eventually, sender, type Sent, type Service, serviceEnvironment, startService } from "./service.ts";

function bodies(count: number, seed: number, padding = 0): string[] {
  return someEvents(count, { seed, startMs: Date.now() - 60_000, ratePerMinute: 600 }).map((event) => JSON.stringify({ ...event, padding: "x".repeat(padding) }));
}

function statusOf(sent: Sent): number {
  return sent.kind === "answered" ? sent.status : 0;
}

async function listed(service: Service): Promise<unknown[]> {
  const { body } = await service.get("/api/payments/events?limit=100");
  return body["data"] as unknown[];
}

/** The failures that were told while nothing could be stored are in the record once it can. */
async function failuresOnRecord(service: Service): Promise<number> {
  const ask = async (): Promise<number> => {
    const { body } = await service.get("/api/deliveries?outcome=failed&limit=100");
    return (body["data"] as { count: number }[]).reduce((sum, delivery) => sum + delivery.count, 0);
  };
  return await eventually(ask, (count) => count > 0);
}

it("PostgreSQL goes away and comes back: 503 while it lasts, nothing acknowledged that is not stored, no restart", { timeout: 120_000 }, async () => {
  const postgres = await startPostgres(["-c", "fsync=off"]);
  try {
    const env = serviceEnvironment({ DATA_DIR: temporaryDirectory(), DATABASE_URL: `${postgres.url}?schema=outage` });
    const service = await startService(env);
    const { send, end } = sender(service.url);
    const [before, during, after] = [bodies(5, 1), bodies(3, 2), bodies(5, 3)];
    for (const body of before) expect(statusOf(await send(body))).toBe(200);

    await postgres.pause();
    for (const body of during) {
      const sent = await send(body);
      expect(sent).toMatchObject({ kind: "answered", status: 503 });
      expect(sent).not.toMatchObject({ body: expect.stringMatching(/postgres:\/\/|127\.0\.0\.1|password/) });
    }
    expect((await service.get("/api/system-health")).body).toMatchObject({ ok: false, status: "down", checks: { database: { state: "down" } } });
    expect((await service.get("/readyz")).status).toBe(503);
    expect((await service.get("/healthz")).status).toBe(200);

    await postgres.resume();
    const back = await eventually(() => send(after[0] ?? "").then(statusOf), (status) => status === 200);
    expect(back).toBe(200);
    for (const body of [...during, ...after.slice(1)]) expect(statusOf(await send(body))).toBe(200);
    expect(await listed(service)).toHaveLength(before.length + during.length + after.length);
    expect(await failuresOnRecord(service)).toBeGreaterThanOrEqual(during.length);
    expect((await eventually(() => service.get("/readyz"), ({ status }) => status === 200)).status).toBe(200);
    end();
  } finally {
    await postgres.stop();
  }
});

it("the disk fills up and is freed: 503 while it lasts, nothing acknowledged that is not stored, no restart", { timeout: 120_000 }, async () => {
  const env = serviceEnvironment({ DATA_DIR: temporaryDirectory(), LOG_DIR: "off" });
  // A limit on the size of files is what a full disk is to a program: the write fails. 4 MiB, in blocks of 1 KiB.
  const service = await startService(env, ["sh", "-c", "trap '' XFSZ; ulimit -S -f 4096; exec \"$@\"", "sh"]);
  const { send, end } = sender(service.url);
  const stored: string[] = [];
  let refused = 0;
  // Incompressible padding would be large on the wire; many different bodies fill the file as well.
  const filling = bodies(30_000, 4);
  for (let at = 0; at < filling.length && refused === 0; at += 64) {
    const batch = filling.slice(at, at + 64);
    for (const [index, sent] of (await Promise.all(batch.map((body) => send(body)))).entries()) {
      if (statusOf(sent) === 200) stored.push(batch[index] ?? "");
      else {
        expect(sent).toMatchObject({ kind: "answered", status: 503, body: expect.stringMatching(/disk is full|database/) });
        refused += 1;
      }
    }
  }
  expect(refused).toBeGreaterThan(0);

  execFileSync("prlimit", ["--pid", String(service.pid), "--fsize=unlimited:unlimited"]);
  const more = bodies(10, 5);
  expect(await eventually(() => send(more[0] ?? "").then(statusOf), (status) => status === 200)).toBe(200);
  for (const body of more) expect(statusOf(await send(body))).toBe(200);
  // Sent again, every acknowledged one is known already.
  for (const body of stored.slice(-50)) expect(await send(body)).toMatchObject({ status: 200, body: expect.stringContaining("duplicate") });
  expect(await failuresOnRecord(service)).toBeGreaterThanOrEqual(1);
  end();
});
