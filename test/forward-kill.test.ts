import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { migrations } from "../src/app/migrations.ts";
import { createForward, forwardStatus } from "../src/ingest/index.ts";
import { openAppend, readHead } from "../src/ledger/index.ts";
import { migrate, openSqlite } from "../src/platform/index.ts";
import { temporaryDirectory } from "./databases.ts";

const NOW = Date.UTC(2026, 9, 20, 12);
const COUNT = 1500;
const POISON = "evt_00700";
/** After so many requests the process is killed: before the application answers, or right after it. */
const KILLS = [
  { after: 130, answered: false },
  { after: 777, answered: true },
] as const;
/** Sent before the place is stored (docs/completeness.md): as many may come again after a kill. */
const AGAIN = 50;

it("kill -9 of who passes events on: none lost, the order kept, none again but the few not noted yet", async () => {
  const database = join(temporaryDirectory(), "forward.db");
  const db = openSqlite(database);
  onTestFinished(() => db.close());
  await migrate(db, migrations, NOW);
  const ids = Array.from({ length: COUNT }, (_, index) => `evt_${String(index).padStart(5, "0")}`);
  const target = { name: "shop", url: "http://127.0.0.1:9", secret: "whsec_shop", signature: "own" as const, types: [], timeoutMs: 5000 };
  // From its first step on everything is passed on.
  await createForward({ db, clock: { now: () => NOW }, target, send: async () => await Promise.resolve({ kind: "taken" }), owner: "before" }).step();
  await openAppend(db)(
    ids.map((id) => {
      const body = { id, object: "event", type: "charge.failed", created: NOW / 1000, livemode: true, data: { object: {} } };
      const head = readHead(body, NOW);
      if (head.kind === "malformed") throw new Error(head.reason);
      return { kind: "arrival" as const, head: head.head, body: Buffer.from(JSON.stringify(body)), receivedAt: NOW, source: "webhook" as const, endpoint: "main" };
    }),
  );

  const took: string[] = [];
  /** What was taken up to each kill. */
  const killedAt: number[] = [];
  let requests = 0;
  let kill: () => void = () => {};
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      const id = String(request.headers["tillwatch-event"]);
      requests += 1;
      const due = KILLS[killedAt.length];
      const dies = due !== undefined && requests >= due.after;
      // The application has done its work, whether or not anybody hears of it.
      if (id !== POISON) took.push(id);
      if (dies) killedAt.push(took.length);
      if (dies && !due.answered) kill();
      else response.writeHead(id === POISON ? 500 : 200).end(dies ? kill : undefined);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const codes: unknown[] = [];
  do {
    const ahead = String(codes.length * 300_000);
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, "forward-process.ts"), "--database", database, "--url", `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, "--ahead", ahead], { stdio: ["ignore", "inherit", "inherit"] });
    kill = () => child.kill("SIGKILL");
    const [code, signal] = (await once(child, "exit")) as unknown[];
    codes.push(code ?? signal);
  } while (codes.at(-1) === "SIGKILL");

  expect(codes).toEqual([...KILLS.map(() => "SIGKILL"), 0]);
  expect([...new Set(took)]).toEqual(ids.filter((id) => id !== POISON));
  // Runs of one process keep the order; each begins at most so many before where the one before it was killed.
  const starts = [0, ...killedAt];
  for (const [index, from] of starts.entries()) {
    const run = took.slice(from, starts[index + 1]);
    expect(run).toEqual(run.toSorted());
    const before = took.slice(0, from).at(-1);
    if (before !== undefined) expect(ids.indexOf(before) - ids.indexOf(run[0] ?? "")).toBeLessThan(AGAIN);
  }
  expect(took.length - new Set(took).size).toBeLessThanOrEqual(KILLS.length * AGAIN);
  expect(await forwardStatus(db.read, "shop")).toMatchObject({ behind: 0, parked: 1, dead: 0 });
}, 180_000);
