import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseSync } from "oxc-parser";
import { describe, expect, it } from "vitest";

/**
 * No float touches an amount. The type `Minor` sees to it (src/money/minor.ts: the result of arithmetic is no amount, and
 * only `minor`, which refuses what is no safe integer, makes one; src/money/money.test.ts shows that it does not compile
 * otherwise). What is left are the ways round a type, and those stand here.
 */
const source = join(import.meta.dirname, "..", "src");

/** Integer columns of our own, read by the million: checked when they were written. */
const MAY_CAST = new Set(["money/minor.ts", "payments/query.ts"]);

const files = readdirSync(source, { withFileTypes: true, recursive: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".test.ts"))
  .map((entry) => join(entry.parentPath, entry.name));

interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

function walk(value: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(value)) for (const one of value) walk(one, visit);
  else if (isNode(value)) {
    visit(value);
    for (const child of Object.values(value)) if (typeof child === "object" && child !== null) walk(child, visit);
  }
}

const nameOf = (node: unknown): string | null => (isNode(node) && node.type === "Identifier" ? String(node["name"]) : null);

/** Places in a text that make an amount past `minor`, or turn money into a float and back. */
function waysRound(file: string, text: string, mayCast: boolean): string[] {
  const found: string[] = [];
  walk(parseSync(file, text).program, (node) => {
    if ((node.type === "TSAsExpression" || node.type === "TSTypeAssertion") && !mayCast) {
      walk(node["typeAnnotation"], (inner) => {
        if (inner.type === "TSTypeReference" && nameOf(inner["typeName"]) === "Minor") found.push("a cast to Minor; use minor()");
      });
    }
    if (node.type !== "CallExpression") return;
    const callee = node["callee"];
    if (nameOf(callee) === "parseFloat" || (isNode(callee) && nameOf(callee["property"]) === "parseFloat")) found.push("parseFloat; use parseMajor()");
    const [argument] = node["arguments"] as unknown[];
    if (nameOf(callee) === "minor") {
      walk(argument, (inner) => {
        if (inner.type === "BinaryExpression" && (inner["operator"] === "*" || inner["operator"] === "/")) found.push("minor() of a product or a quotient");
        if (inner.type === "Literal" && typeof inner["value"] === "number" && !Number.isInteger(inner["value"])) found.push("minor() of a fraction");
      });
    }
  });
  return found;
}

describe("amounts", () => {
  it("are made by minor() and parseMajor() alone", () => {
    const broken = files.flatMap((file) => {
      const name = relative(source, file);
      const inMoney = name.startsWith("money/");
      return inMoney && name !== "money/minor.ts" ? [] : waysRound(file, readFileSync(file, "utf8"), MAY_CAST.has(name)).map((what) => `${name}: ${what}`);
    });
    expect(broken).toEqual([]);
  });

  it.each([
    ["const a = (0.1 + 0.2) as Minor;", "a cast to Minor; use minor()"],
    ["const a = value as Minor | null;", "a cast to Minor; use minor()"],
    ["const a = parseFloat(text);", "parseFloat; use parseMajor()"],
    ["const a = Number.parseFloat(text);", "parseFloat; use parseMajor()"],
    ["const a = minor(Math.round(dollars * 100));", "minor() of a product or a quotient"],
    ["const a = minor(0.5);", "minor() of a fraction"],
  ])("%s is found", (text, what) => expect(waysRound("sample.ts", text, false)).toContain(what));
});
