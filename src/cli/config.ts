import { Command } from "commander";
import { configJsonSchema } from "../app/config.ts";
import type { ServiceContext } from "./context.ts";

/** `tillwatch config check | schema`. */
export function configCommand(context: ServiceContext): Command {
  const check = new Command("check")
    .description("read the environment and tillwatch.yaml; exit 1 with every problem when something is wrong")
    .option("--json", "print what was read, secrets masked, as one JSON document")
    .addHelpText("after", "\nExample:\n  $ TILLWATCH_CONFIG=./tillwatch.yaml tillwatch config check")
    .action(async (options: { json?: boolean }) => {
      const config = await context.config();
      if (options.json === true) context.print(JSON.stringify(config));
      else context.print([`The configuration is right (${config.file ?? "no tillwatch.yaml, defaults"}).`, ...config.warnings.map((warning) => `Warning: ${warning}`)].join("\n"));
    });
  const schema = new Command("schema")
    .description("print the JSON Schema of tillwatch.yaml, for editors")
    .addHelpText("after", "\nExample:\n  $ tillwatch config schema > tillwatch.schema.json")
    .action(() => context.print(JSON.stringify(configJsonSchema(), null, 2)));
  return new Command("config")
    .description("check the configuration, print its schema")
    .addHelpText("after", "\nExample:\n  $ tillwatch config check")
    .addCommand(check)
    .addCommand(schema);
}
