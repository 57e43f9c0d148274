import { Command, Option } from "commander";
import { type Config, configJsonSchema } from "../app/config.ts";
import type { CliContext } from "./context.ts";

function schemaCommand(context: Pick<CliContext, "print">): Command {
  return new Command("schema")
    .description("print the JSON Schema of tillwatch.yaml, for editors")
    .addHelpText("after", "\nExample:\n  $ tillwatch config schema > tillwatch.schema.json\n\nThen write as the first line of tillwatch.yaml:\n  # yaml-language-server: $schema=./tillwatch.schema.json")
    .action(() => context.print(JSON.stringify(configJsonSchema(), null, 2)));
}

function showCommand(context: Pick<CliContext, "print">, load: () => Config): Command {
  return new Command("show")
    .description("check the configuration and print what it comes to, secrets masked; exit 1 when it has problems")
    .addOption(new Option("--json", "print one JSON document"))
    .addHelpText("after", "\nExample:\n  $ PORT=8080 tillwatch config show --json | jq .server.port")
    .action((options: { json?: boolean }) => {
      const config = load();
      context.print(options.json ? JSON.stringify(config) : JSON.stringify(config, null, 2));
    });
}

/** `tillwatch config schema|show`. */
export function configCommand(context: Pick<CliContext, "print">, load: () => Config): Command {
  return new Command("config")
    .description("the configuration: what it may hold, and what it comes to")
    .addHelpText("after", "\nExample:\n  $ tillwatch config show")
    .addCommand(schemaCommand(context))
    .addCommand(showCommand(context, load));
}
