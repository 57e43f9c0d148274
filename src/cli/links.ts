import { Command, InvalidArgumentError, Option } from "commander";
import { COMMAND_LINE, createAccess, issueLink, LINK_DAYS, LINK_DAYS_MAX, type LinkPages, listLinks, needPage, revokeLink, showLink } from "../access/index.ts";
import { DAY_MS, type Database } from "../platform/index.ts";
import { type CliContext, withDatabase } from "./context.ts";
import { table } from "./table.ts";

const accessTo = (db: Database, context: CliContext) => createAccess({ db, clock: context.clock, dashboardKey: null });

function daysArgument(text: string): number {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1 || days > LINK_DAYS_MAX) throw new InvalidArgumentError(`Give a whole number of days from 1 to ${LINK_DAYS_MAX}.`);
  return days;
}

function paramArgument(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const [, name, value] = /^([a-z_]{1,40})=(.{1,100})$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError("Give name=value, such as period=last_month.");
  return { ...before, [name]: value };
}

const json = () => new Option("--json", "print one JSON document");

function createCommand(context: CliContext, pages: () => Promise<LinkPages>): Command {
  return new Command("create")
    .description("make a signed link to the public version of a page, which shows totals only")
    .argument("<page>", "enterprise_report, …")
    .requiredOption("--name <text>", "who it is for")
    .addOption(new Option("--expires-in <days>", "days until it opens nothing any more").argParser(daysArgument).default(LINK_DAYS))
    .addOption(new Option("--param <name=value>", "what the page is fixed to; may be given several times").argParser(paramArgument))
    .addOption(json())
    .addHelpText("after", "\nExample:\n  $ tillwatch links create enterprise_report --name 'Board, last month' --param period=last_month --expires-in 14")
    .action(async (page: string, options: { name: string; expiresIn: number; param?: Record<string, string>; json?: boolean }) => {
      const known = await pages();
      const params = needPage(known, page).checkParams(options.param ?? {});
      await withDatabase(context, async (db) => {
        const nowMs = context.clock.now();
        const issued = await issueLink(accessTo(db, context), { page, name: options.name, params, expiresAt: nowMs + options.expiresIn * DAY_MS }, COMMAND_LINE, null);
        const data = showLink(issued, known, nowMs);
        if (options.json === true) context.print(JSON.stringify({ ok: true, data }));
        else context.print(`${data.url ?? ""}\n\nOpens ${known.pages[page]?.title ?? page} without a key until ${data.expires_at}, totals only.${known.publicUrl === null ? " Put the service's address before it, or set server.public_url." : ""}\nRevoke it with: tillwatch links revoke ${data.id}`);
      });
    });
}

function listCommand(context: CliContext, pages: () => Promise<LinkPages>): Command {
  return new Command("list")
    .description("list the links made last, with their addresses")
    .addOption(json())
    .addHelpText("after", "\nExample:\n  $ tillwatch links list --json | jq -r '.data[] | select(.state == \"active\") | .url'")
    .action(async (options: { json?: boolean }) => {
      const known = await pages();
      await withDatabase(context, async (db) => {
        const data = (await listLinks({ db }, null)).map((issued) => showLink(issued, known, context.clock.now()));
        if (options.json === true) context.print(JSON.stringify({ ok: true, count: data.length, data }));
        else if (data.length === 0) context.print("No links yet. Make one with: tillwatch links create enterprise_report --name WHO");
        else context.print(table(["ID", "PAGE", "NAME", "STATE", "EXPIRES", "LAST USED", "ADDRESS"], data.map((link) => [link.id, link.page, link.name, link.state, link.expires_at, link.last_used_at, link.url])));
      });
    });
}

function revokeCommand(context: CliContext, pages: () => Promise<LinkPages>): Command {
  return new Command("revoke")
    .description("revoke a link; the next request with it is refused")
    .argument("<id>", "its id, as links list shows it")
    .addOption(json())
    .addHelpText("after", "\nExample:\n  $ tillwatch links revoke 3f9a0c12b4de5566")
    .action(async (id: string, options: { json?: boolean }) => {
      const known = await pages();
      await withDatabase(context, async (db) => {
        const link = await revokeLink(accessTo(db, context), id, COMMAND_LINE, null);
        const data = showLink({ link, token: null }, known, context.clock.now());
        if (options.json === true) context.print(JSON.stringify({ ok: true, data }));
        else context.print(`Revoked the link ${JSON.stringify(data.name)} to ${data.page}.`);
      });
    });
}

/** `tillwatch links create|list|revoke`. @param pages what a link may open, by the configuration. */
export function linksCommand(context: CliContext, pages: () => Promise<LinkPages>): Command {
  return new Command("links")
    .description("make, list and revoke signed links to pages, for people without a key")
    .addHelpText("after", "\nExample:\n  $ tillwatch links create enterprise_report --name 'Our auditor' --expires-in 14")
    .addCommand(createCommand(context, pages))
    .addCommand(listCommand(context, pages))
    .addCommand(revokeCommand(context, pages));
}
