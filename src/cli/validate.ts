import { Command } from "commander";
import { taskDefinitions } from "../app/node-tasks.ts";
import { stripeOf } from "../app/sweep.ts";
import { validateInstallation } from "../app/validation.ts";
import type { ValidationReport } from "../health/index.ts";
import { type ServiceContext, withDatabase } from "./context.ts";
import { progressBar } from "./progress.ts";

const EXIT = { PASS: 0, WARN: 1, FAIL: 2 } as const;

function colour(grade: keyof typeof EXIT): string {
  if (!process.stdout.isTTY || process.env["NO_COLOR"] !== undefined) return grade;
  return `\u001b[${{ PASS: 32, WARN: 33, FAIL: 31 }[grade]}m${grade}\u001b[0m`;
}

/** Control characters of other systems never reach a terminal. */
function plain(text: string): string {
  return text.replaceAll(/\p{C}/gu, "?");
}

function readable(report: ValidationReport): string {
  const lines: string[] = [];
  let area = "";
  for (const one of report.checks) {
    if (one.area !== area) lines.push(...(area === "" ? [] : [""]), one.area);
    area = one.area;
    lines.push(`  ${colour(one.grade)}  ${plain(one.title)}: ${plain(one.found)}`, ...one.todo.map((text) => `        → ${plain(text)}`), ...one.details.map((text) => `        · ${plain(text)}`));
  }
  const { pass, warn, fail } = report.counts;
  return `${lines.join("\n")}\n\n${colour(report.verdict)}: ${pass} passed, ${warn} to improve, ${fail} failed${report.sandbox ? " (SANDBOX: no Stripe key is set)" : ""}`;
}

/** `tillwatch validate`: exit 0 PASS, 1 WARN, 2 FAIL. */
export function validateCommand(context: ServiceContext): Command {
  return new Command("validate")
    .description("is the whole installation as it should be? asks Stripe, opens the database, calls the address; exit 0 PASS, 1 WARN, 2 FAIL")
    .option("--send-test-notice", "ask for a test notice by every alert channel, and say whether it went out")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ tillwatch validate\n  $ tillwatch validate --json | jq -r '.checks[] | select(.grade != \"PASS\") | \"\\(.grade) \\(.name): \\(.found)\"'")
    .action(async (options: { sendTestNotice?: boolean; json?: boolean }) => {
      const config = await context.config();
      await withDatabase(context, async (db) => {
        const tasks = taskDefinitions(db, config, context.clock, { append: () => {} });
        const bar = progressBar(1);
        const parts = { db, config, clock: context.clock, tasks, stripe: () => stripeOf(db, config, context.clock), sendTestNotice: options.sendTestNotice === true };
        const report = await validateInstallation(parts, (done, total) => bar.update(done / total, `${done} of ${total} looked at`)).finally(() => bar.end());
        context.print(options.json === true ? JSON.stringify(report) : readable(report));
        context.setExitCode(EXIT[report.verdict]);
      });
    });
}
