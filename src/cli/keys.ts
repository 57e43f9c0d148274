import { Command, InvalidArgumentError, Option } from "commander";
import { COMMAND_LINE, createAccess, isRole, issueKey, listKeys, revokeKey, type Role, ROLES, showKey } from "../access/index.ts";
import type { Database } from "../platform/index.ts";
import { type CliContext, withDatabase } from "./context.ts";
import { table } from "./table.ts";

const DAY_MS = 86_400_000;
const DAYS_MAX = 3650;

const accessTo = (db: Database, context: CliContext) => createAccess({ db, clock: context.clock, dashboardKey: null });

function roleArgument(text: string): Role {
  if (!isRole(text)) throw new InvalidArgumentError(`Give one of ${ROLES.join(", ")}.`);
  return text;
}

function daysArgument(text: string): number {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1 || days > DAYS_MAX) throw new InvalidArgumentError(`Give a whole number of days from 1 to ${DAYS_MAX}.`);
  return days;
}

const json = () => new Option("--json", "print one JSON document");

function createCommand(context: CliContext): Command {
  return new Command("create")
    .description("make a key and show it, this once")
    .argument("<name>", "who or what it is for")
    .addOption(new Option("--role <role>", `one of ${ROLES.join(", ")}`).argParser(roleArgument).makeOptionMandatory())
    .addOption(new Option("--expires-in <days>", "days until it stops working; never, when left out").argParser(daysArgument))
    .addOption(json())
    .addHelpText("after", "\nExample:\n  $ tillwatch keys create grafana --role viewer --expires-in 365")
    .action(async (name: string, options: { role: Role; expiresIn?: number; json?: boolean }) => {
      await withDatabase(context, async (db) => {
        const nowMs = context.clock.now();
        const expiresAt = options.expiresIn === undefined ? null : nowMs + options.expiresIn * DAY_MS;
        const { key, stored } = await issueKey(accessTo(db, context), { name, role: options.role, expiresAt }, COMMAND_LINE, null);
        const data = showKey(stored, nowMs);
        if (options.json) context.print(JSON.stringify({ ok: true, key, data }));
        else context.print(`${key}\n\nThe key of ${JSON.stringify(data.name)} (${data.role}${data.expires_at === null ? "" : `, until ${data.expires_at}`}). Keep it now: it cannot be shown again.\nSend it as the header X-Dash-Key. Revoke it with: tillwatch keys revoke ${data.id}`);
      });
    });
}

function listCommand(context: CliContext): Command {
  return new Command("list")
    .description("list the keys in the database, and the hundred revoked last")
    .addOption(json())
    .addHelpText("after", "\nExample:\n  $ tillwatch keys list --json | jq -r '.data[] | select(.state == \"active\") | .name'")
    .action(async (options: { json?: boolean }) => {
      await withDatabase(context, async (db) => {
        const data = (await listKeys(db.read)).map((key) => showKey(key, context.clock.now()));
        if (options.json) context.print(JSON.stringify({ ok: true, count: data.length, data }));
        else if (data.length === 0) context.print("No keys yet. Make one with: tillwatch keys create NAME --role admin");
        else context.print(table(["ID", "NAME", "ROLE", "STATE", "CREATED", "LAST USED", "EXPIRES"], data.map((key) => [key.id, key.name, key.role, key.state, key.created_at, key.last_used_at, key.expires_at])));
      });
    });
}

function revokeCommand(context: CliContext): Command {
  return new Command("revoke")
    .description("revoke a key; a running service refuses it within five seconds")
    .argument("<id>", "its id, as keys list shows it")
    .option("--force", "also the last admin key (a restart without DASHBOARD_KEY then makes a new one)")
    .addOption(json())
    .addHelpText("after", "\nExample:\n  $ tillwatch keys revoke 3f9a0c12b4de")
    .action(async (id: string, options: { force?: boolean; json?: boolean }) => {
      await withDatabase(context, async (db) => {
        const revoked = await revokeKey(accessTo(db, context), id, COMMAND_LINE, null, options.force ?? false);
        const data = showKey(revoked, context.clock.now());
        if (options.json) context.print(JSON.stringify({ ok: true, data }));
        else context.print(`Revoked the key of ${JSON.stringify(data.name)} (${data.role}).`);
      });
    });
}

/** `tillwatch keys create|list|revoke`. */
export function keysCommand(context: CliContext): Command {
  return new Command("keys")
    .description("make, list and revoke the keys that open the API and the dashboard")
    .addHelpText("after", "\nExample:\n  $ tillwatch keys create anna --role operator")
    .addCommand(createCommand(context))
    .addCommand(listCommand(context))
    .addCommand(revokeCommand(context));
}
