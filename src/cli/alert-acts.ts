import { Command, InvalidArgumentError, Option } from "commander";
import { COMMAND_LINE, recordAudit } from "../access/index.ts";
import { type Act, acknowledgeAlert, type Alert, commentAlert, FEEDBACK, type Feedback, judgeAlert, readDetail, resolveByHand, showAlert, showDetail, SILENCE_SCOPES, silenceAlert, type SilenceScope } from "../alerts/index.ts";
import { type ServiceContext, withDatabase } from "./context.ts";
import { durationMs } from "./silences.ts";

export function alertId(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError("Expected the id of an alert, a whole number; `tillwatch alerts list` shows them.");
  return Number(text);
}

const SPARKS = "▁▂▃▄▅▆▇█";

/** A line of blocks, the highest value at the top. */
function sparkline(values: readonly number[]): string {
  const top = Math.max(1e-9, ...values);
  return values.map((value) => SPARKS[Math.min(SPARKS.length - 1, Math.max(0, Math.round((value / top) * (SPARKS.length - 1))))] ?? "").join("");
}

type Detail = ReturnType<typeof showDetail>;

function described(alert: Detail): string {
  const lines = [
    `${alert.severity} ${alert.title} (alert ${alert.id}, ${alert.state}${alert.drill ? ", DRILL" : ""})`,
    alert.summary,
    ...alert.details,
    `Rule ${alert.rule}; began ${alert.started_at}${alert.fired_at === null ? "" : `, fired ${alert.fired_at}`}${alert.resolved_at === null ? "" : `, resolved ${alert.resolved_at}`}`,
    ...(alert.stake === null ? [] : [`At stake: about ${alert.stake.text}`]),
    ...(alert.acknowledged === null ? [] : [`Taken on by ${alert.acknowledged.by} at ${alert.acknowledged.at}${alert.acknowledged.note === null ? "" : `: ${alert.acknowledged.note}`}`]),
  ];
  if (alert.series !== null && alert.series.points.length > 1) {
    const { points } = alert.series;
    lines.push("", `Seen, in steps of ${alert.series.step_s / 60} min from ${points[0]?.at ?? ""}:`, `  ${sparkline(points.map(({ seen }) => seen))}`);
    if (points.some(({ expected }) => expected !== null)) lines.push(`  ${sparkline(points.map(({ expected }) => expected ?? 0))}  expected`);
  }
  if (alert.todo.length > 0) lines.push("", "What to do:", ...alert.todo.map((todo) => `  - ${todo}`));
  if (alert.evidence !== null && alert.evidence.events.length > 0) lines.push("", `Events: ${alert.evidence.events.slice(0, 5).join(", ")}${alert.evidence.events.length > 5 ? ", …" : ""}`);
  lines.push("", "What happened:", ...alert.timeline.map(({ at, kind, by, reason }) => `  ${at}  ${kind} by ${by}${reason === null ? "" : `: ${reason}`}`));
  if (alert.previous.length > 0) lines.push("", `Before: ${alert.previous.map(({ id, fired_at }) => `${id} (${fired_at ?? ""})`).join(", ")}`);
  return lines.join("\n").replaceAll(/[^\P{C}\n]/gu, "?");
}

export function showCommand(context: ServiceContext): Command {
  return new Command("show")
    .description("one alert: what was seen, what to do, what happened")
    .argument("<id>", "the alert's id", alertId)
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ tillwatch alerts show 42")
    .action(async (id: number, options: { json?: boolean }) => {
      const config = await context.config();
      await withDatabase(context, async (db) => {
        const detail = showDetail(await readDetail(db.read, id, config.stripe.mode === "live", context.clock.now()));
        context.print(options.json === true ? JSON.stringify({ ok: true, data: detail }) : described(detail));
      });
    });
}

async function acted(context: ServiceContext, id: number, json: boolean | undefined, step: (act: Act) => Promise<Alert>, said: (alert: Alert) => string): Promise<void> {
  await withDatabase(context, async (db) => {
    const nowMs = context.clock.now();
    const alert = await step({
      db,
      alertId: id,
      doer: { id: COMMAND_LINE.keyId, name: COMMAND_LINE.name },
      nowMs,
      trail: async (tx, action, { rule }, detail) => {
        await recordAudit(tx, { at: nowMs, actor: COMMAND_LINE, action, subject: String(id), detail: { rule, ...detail }, requestId: null, outcome: "ok" });
      },
    });
    context.print(json === true ? JSON.stringify({ ok: true, data: showAlert(alert) }) : said(alert));
  });
}

function act(name: string, description: string, example: string): Command {
  return new Command(name).description(description).argument("<id>", "the alert's id", alertId).option("--json", "print one JSON document").addHelpText("after", `\nExample:\n  $ tillwatch alerts ${example}`);
}

/** `tillwatch alerts ack | resolve | comment | silence | feedback`. */
export function actCommands(context: ServiceContext): Command[] {
  return [
    act("ack", "take an alert on: escalation stops", 'ack 42 --note "looking into it"')
      .option("--note <text>", "a word for the others")
      .action((id: number, { json, note }: { json?: boolean; note?: string }) => acted(context, id, json, (one) => acknowledgeAlert(one, note ?? null), () => `Alert ${id} is acknowledged.`)),
    act("resolve", "say that it is over; should it go on, it fires again when it was well once, gets worse, or after a day", 'resolve 42 --reason "the bank is back"')
      .requiredOption("--reason <text>", "why it is over")
      .action((id: number, { json, reason }: { json?: boolean; reason: string }) => acted(context, id, json, (one) => resolveByHand(one, reason), () => `Alert ${id} is resolved.`)),
    act("comment", "add a comment to its time line", 'comment 42 --text "asked the bank"')
      .requiredOption("--text <text>", "the comment")
      .action((id: number, { json, text }: { json?: boolean; text: string }) => acted(context, id, json, (one) => commentAlert(one, text), () => `The comment stands in the time line of alert ${id}.`)),
    act("silence", "mute its notices; the alert itself goes on", 'silence 42 --for 2h --reason "the bank is mending it"')
      .requiredOption("--reason <text>", "why")
      .addOption(new Option("--scope <what>", "this alert alone, whatever its rule tells, or whatever is told of its subject").choices([...SILENCE_SCOPES]).default("alert"))
      .option("--for <duration>", "30m, 2h, 1d; until it is resolved when left out")
      .action(async (id: number, options: { json?: boolean; reason: string; scope: SilenceScope; for?: string }) => {
        const lastsMs = options.for === undefined ? null : durationMs(options.for);
        await acted(context, id, options.json, async (one) => (await silenceAlert(one, options.scope, lastsMs === null ? "when_resolved" : one.nowMs + lastsMs, options.reason)).alert, () => `The notices of ${options.scope === "alert" ? `alert ${id}` : `its ${options.scope}`} are silenced ${options.for === undefined ? "until it is resolved" : `for ${options.for}`}; end that with: tillwatch silences expire ID`);
      }),
    act("feedback", "was it real, expected or noise? what was expected is not learnt from", "feedback 42 --is expected")
      .addOption(new Option("--is <word>", "your word").choices([...FEEDBACK]).makeOptionMandatory())
      .option("--note <text>", "why")
      .action((id: number, options: { json?: boolean; is: Feedback; note?: string }) => acted(context, id, options.json, (one) => judgeAlert(one, options.is, options.note ?? null), () => `Noted: alert ${id} was ${options.is}.`)),
  ];
}
