import { Command } from "commander";
import { pauseMs } from "../app/alert-drill.ts";
import { drillSender } from "../app/drill-event.ts";
import { COMMAND_LINE, recordAudit } from "../access/index.ts";
import { beginDrill, type Drill, followDrill, showDrill } from "../notify/index.ts";
import { MINUTE_MS } from "../platform/index.ts";
import { type ServiceContext, withDatabase } from "./context.ts";
import { table } from "./table.ts";

interface Options {
  acknowledge?: boolean;
  warning?: boolean;
  json?: boolean;
}

function shown({ id, outcome, hops }: Drill): string {
  const rows = hops.map(({ hop, ok, latencyMs, words }) => [hop, ok ? "ok" : "FAILED", latencyMs === null ? null : `${latencyMs} ms`, words]);
  return `${table(["HOP", "", "TOOK", "WHAT"], rows)}\n\nDrill ${id} ${outcome}.`;
}

/** `tillwatch drill alerts`. */
export function drillAlertsCommand(context: ServiceContext): Command {
  return new Command("alerts")
    .description("a made-up event through endpoint, rule, route and channels of the running service; exit 1 when a hop fails. It calls people: it is marked as a drill")
    .option("--acknowledge", "wait up to ten minutes for somebody to acknowledge")
    .option("--warning", "a WARNING instead of a CRITICAL")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ tillwatch drill alerts")
    .action(async ({ acknowledge, warning, json }: Options) => {
      const { server } = await context.config();
      await withDatabase(context, async (db) => {
        const deps = { db, clock: context.clock };
        const drill = await beginDrill(deps, { askedBy: COMMAND_LINE.name, cause: "manual", severity: warning === true ? "WARNING" : "CRITICAL", acknowledge: acknowledge === true });
        await db.write((tx) => recordAudit(tx, { at: context.clock.now(), actor: COMMAND_LINE, action: "drill.alerts", subject: String(drill.id), requestId: null, outcome: "ok" }));
        const say = process.stderr.isTTY && json !== true;
        const done = await followDrill(deps, drill, { send: drillSender({ ...deps, publicUrl: server.publicUrl }), withinMs: (acknowledge === true ? 10 : 2) * MINUTE_MS, pause: pauseMs, ...(say ? { onProgress: (words: string) => void process.stderr.write(`${words} …\n`) } : {}) });
        if (done.outcome !== "passed") context.setExitCode(1);
        context.print(json === true ? JSON.stringify({ ok: done.outcome === "passed", data: showDrill(done) }) : shown(done));
      });
    });
}
