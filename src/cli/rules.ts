import { readFile } from "node:fs/promises";
import { Command } from "commander";
import { parse as parseYaml } from "yaml";
import { z } from "zod";
import { lintRules, ruleTests, type RuleTestResult, runRuleTest } from "../alerts/index.ts";
import { ruleFindings, ruleSetOf } from "../app/alerts.ts";
import { alertsOf } from "../app/config.ts";
import { AppError, errorText } from "../platform/index.ts";
import { type ServiceContext, withDatabase } from "./context.ts";

const EXIT_FAILED = 1;

function lintCommand(context: ServiceContext): Command {
  return new Command("lint")
    .description("rules that can never fire, would always fire, or leave trouble untold; exit 1 when there are any")
    .option("--no-history", "look at the configuration alone, not at this shop's volume")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ tillwatch rules lint")
    .action(async (options: { history: boolean; json?: boolean }) => {
      const config = await context.config();
      let findings = lintRules(ruleSetOf(config), null, context.clock.now());
      if (options.history) await withDatabase(context, async (db) => void (findings = await ruleFindings(db, config, context.clock.now())));
      if (options.json === true) context.print(JSON.stringify({ ok: findings.length === 0, count: findings.length, data: findings }));
      else context.print(findings.length === 0 ? "Every rule can fire, and none always would." : findings.map(({ rule, text, todo }) => `${rule}: ${text}\n  ${todo}`).join("\n"));
      if (findings.length > 0) context.setExitCode(EXIT_FAILED);
    });
}

async function readTests(file: string) {
  let given: unknown;
  try {
    given = parseYaml(await readFile(file, "utf8"));
  } catch (error) {
    throw new AppError("invalid", `${file} cannot be read as YAML: ${errorText(error)}`, { code: "rule_test_unreadable" });
  }
  const parsed = ruleTests.safeParse(given);
  if (parsed.success) return parsed.data.tests;
  throw new AppError("invalid", `${file}: ${z.prettifyError(parsed.error)}; docs/rule-tests.md has the format`, { code: "rule_test_invalid" });
}

/** Plays every test of the file. @throws AppError for a file that is no rule test, naming the place. */
export async function runRuleTests(file: string): Promise<RuleTestResult[]> {
  return (await readTests(file)).map((one) => runRuleTest(one, ruleSetOf({ alerts: alertsOf(one.alerts, `${file}: ${one.name}`) })));
}

function testCommand(context: ServiceContext): Command {
  return new Command("test")
    .description("play made-up shops through the rules and compare what fires with what is expected; exit 1 when something differs")
    .argument("<file>", "YAML, see docs/rule-tests.md")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ tillwatch rules test docs/rule-tests.example.yaml")
    .action(async (file: string, options: { json?: boolean }) => {
      const results = await runRuleTests(file);
      const failed = results.filter(({ problems }) => problems.length > 0);
      if (options.json === true) context.print(JSON.stringify({ ok: failed.length === 0, count: results.length, failed: failed.length, data: results }));
      else context.print([...results.map(({ name, problems }) => [`${problems.length === 0 ? "ok    " : "FAILED"}  ${name}`, ...problems.map((problem) => `          ${problem}`)].join("\n")), `${results.length - failed.length} of ${results.length} as expected`].join("\n"));
      if (failed.length > 0) context.setExitCode(EXIT_FAILED);
    });
}

/** `tillwatch rules lint | test`. */
export function rulesCommand(context: ServiceContext): Command {
  return new Command("rules").description("rules: lint the configured ones, test them").addHelpText("after", "\nExample:\n  $ tillwatch rules lint").addCommand(lintCommand(context)).addCommand(testCommand(context));
}
