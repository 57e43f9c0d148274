import { Command } from "commander";
import { notifyChannels, personNames } from "../app/notify.ts";
import { COMMAND_LINE, recordAudit } from "../access/index.ts";
import { channelViews, enableChannel, listNotices, showChannel, showNotice, tryChannel } from "../notify/index.ts";
import { AppError } from "../platform/index.ts";
import { type ServiceContext, withDatabase } from "./context.ts";
import { table } from "./table.ts";

function testCommand(context: ServiceContext): Command {
  return new Command("test")
    .description("send a test notice by a channel, now; exit 1 when it is not taken. One that arrives enables the channel")
    .argument("<channel>", "its name in notify.channels")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ tillwatch notify test team")
    .action(async (name: string, options: { json?: boolean }) => {
      await withDatabase(context, async (db) => {
        const { channels } = await notifyChannels(await context.config(), db);
        const { noticeId, outcome, latencyMs } = await tryChannel({ db, clock: context.clock }, channels, name, COMMAND_LINE.name);
        const delivered = outcome.kind === "sent";
        if (!delivered) context.setExitCode(1);
        if (options.json === true) context.print(JSON.stringify({ ok: delivered, notice: noticeId, status: outcome.status, reason: delivered ? null : outcome.reason, latency_ms: latencyMs }));
        else context.print(delivered ? `${name} took it after ${latencyMs} ms.` : `${name} did not take it: ${outcome.reason}.`);
      });
    });
}

function channelsCommand(context: ServiceContext): Command {
  return new Command("channels")
    .description("the channels: state, what waits, why disabled")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ tillwatch notify channels")
    .action(async (options: { json?: boolean }) => {
      await withDatabase(context, async (db) => {
        const config = await context.config();
        const { channels } = await notifyChannels(config, db);
        const data = (await channelViews(db.read, channels, personNames(config))).map(showChannel);
        if (options.json === true) context.print(JSON.stringify({ ok: true, count: data.length, data }));
        else if (data.length === 0) context.print("No channel is configured, so alerts are told to nobody; see docs/notices.md.");
        else context.print(table(["CHANNEL", "KIND", "STATE", "WAITING", "LAST SUCCESS", "ERROR"], data.map((one) => [one.name, one.kind, one.state, one.waiting, one.last_success_at, one.disabled_why ?? one.last_error])));
      });
    });
}

function listCommand(context: ServiceContext): Command {
  return new Command("list")
    .description("the last 20 notices and what became of each")
    .option("--channel <name>", "of this channel alone")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ tillwatch notify list --channel team")
    .action(async (options: { channel?: string; json?: boolean }) => {
      await withDatabase(context, async (db) => {
        const { notices } = await listNotices(db.read, { channel: options.channel, limit: 20 });
        const data = notices.map(showNotice);
        if (options.json === true) context.print(JSON.stringify({ ok: true, count: data.length, data }));
        else if (data.length === 0) context.print("No notices yet.");
        else context.print(table(["ID", "TIME", "WHY", "TITLE", "WAY"], data.map((one) => [one.id, one.created_at, one.reason, one.title, one.deliveries.map(({ channel, state }) => `${channel} ${state}`).join(", ")])));
      });
    });
}

function enableCommand(context: ServiceContext): Command {
  return new Command("enable")
    .description("let a disabled channel send again")
    .argument("<channel>")
    .addHelpText("after", "\nExample:\n  $ tillwatch notify enable team")
    .action(async (name: string) => {
      await withDatabase(context, async (db) => {
        const config = await context.config();
        if (!(name in config.notify.channels)) throw new AppError("not_found", `there is no channel ${name} in notify.channels`, { code: "channel_not_found" });
        await db.write(async (tx) => {
          await enableChannel(tx, name);
          await recordAudit(tx, { at: context.clock.now(), actor: COMMAND_LINE, action: "channel.enable", subject: name, requestId: null, outcome: "ok" });
        });
        context.print(`${name} sends again.`);
      });
    });
}

/** `tillwatch notify test|list|channels|enable`. */
export function notifyCommand(context: ServiceContext): Command {
  return new Command("notify")
    .description("notices and channels: test, list, enable")
    .addHelpText("after", "\nExample:\n  $ tillwatch notify test team")
    .addCommand(testCommand(context))
    .addCommand(listCommand(context))
    .addCommand(channelsCommand(context))
    .addCommand(enableCommand(context));
}
