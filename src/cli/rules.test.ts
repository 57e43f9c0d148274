import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryDirectory } from "../../test/databases.ts";
import { runRuleTests } from "./rules.ts";

it("the shipped rules do what their tests say", { timeout: 120_000 }, async () => {
  const results = await runRuleTests(join(import.meta.dirname, "../../docs/rule-tests.example.yaml"));
  expect(results.filter(({ problems }) => problems.length > 0)).toEqual([]);
  expect(results.length).toBeGreaterThanOrEqual(12);
});

function file(text: string): string {
  const path = join(temporaryDirectory(), "rules.yaml");
  writeFileSync(path, text);
  return path;
}

it("a test can fail: what is expected and does not come, what comes and is not expected", { timeout: 60_000 }, async () => {
  const dead = 'changes: [{ at: "14:00", for: 40m, attempts: 0 }]';
  const [result] = await runRuleTests(file(`tests:\n  - name: wrong\n    shop: { attempts_a_day: 5000 }\n    ${dead}\n    expect: [{ rule: card_testing, fires: ["14:00", "15:00"] }]\n`));
  expect(result?.problems).toHaveLength(2);
  expect(result?.problems[0]).toBe("card_testing did not fire between 14:00 and 15:00");
  expect(result?.problems[1]).toMatch(/^not expected: CRITICAL silent_checkout at 14:0\d: No payment attempt in/);
});

it.each([
  ["tests: []", /Too small|at least/i],
  ["tests:\n  - name: x\n    length: 2 days\n", /expected a length such as 30m, 4h or 2d/],
  ['tests:\n  - name: x\n    expect: [{ rule: no_such, fires: ["10:00", "11:00"] }]\n', /expected one of webhook_failures/],
  ['tests:\n  - name: x\n    changes: [{ at: "25:00", for: 1h }]\n', /expected a time after the start such as "14:00" or "2d 14:00"/],
  ["tests:\n  - name: odd\n    alerts: { sensitivity: loud }\n", /odd: alerts\.sensitivity: expected calm, normal or eager/],
  ["tests: [\n", /cannot be read as YAML/],
])("refuses %j", async (text, problem) => {
  await expect(runRuleTests(file(text))).rejects.toThrow(problem);
});
