import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/databases.ts";
import { configJsonSchema, loadConfig } from "../app/config.ts";
import { configCommand } from "./config.ts";

async function run(env: Record<string, string>, ...argv: string[]): Promise<string> {
  const printed: string[] = [];
  const cwd = temporaryDirectory();
  await configCommand({ print: (text) => void printed.push(text) }, () => loadConfig(env, { cwd })).parseAsync(argv, { from: "user" });
  return printed.join("\n");
}

describe("tillwatch config", () => {
  it("prints the schema for editors", async () => {
    expect(JSON.parse(await run({}, "schema"))).toEqual(configJsonSchema());
  });

  it("shows what the configuration comes to, without its secrets", async () => {
    const env = { PORT: "8080", DASHBOARD_KEY: "correct-horse-battery", STRIPE_SECRET_KEY: "sk_test_51Habcdefgh0123456789" };
    for (const argv of [["show"], ["show", "--json"]]) {
      const text = await run(env, ...argv);
      expect(JSON.parse(text)).toMatchObject({ sandbox: false, server: { port: 8080 }, dashboardKey: "***", stripe: { secretKey: "***" } });
      expect(text).not.toMatch(/horse|51Habc/);
    }
  });

  it("fails on a configuration that has problems", async () => {
    await expect(run({ PORT: "x" }, "show")).rejects.toThrow(/PORT="x": expected a whole number from 0 to 65535/);
  });

  it.each([[], ["schema"], ["show"]].map((path) => [path]))("has an example in the help of %j", async (path) => {
    const command = configCommand({ print: () => {} }, () => loadConfig({}));
    const found = command.commands.find((part) => part.name() === path[0]) ?? command;
    let help = "";
    found.exitOverride().configureOutput({ writeOut: (part) => void (help += part) });
    await expect(found.parseAsync(["--help"], { from: "user" })).rejects.toMatchObject({ exitCode: 0 });
    expect(help).toMatch(/Example:\n {2}\$ .*tillwatch config/);
  });
});
