import { expect, it } from "vitest";
import { csvCell } from "./exports.ts";

it.each([
  ["=HYPERLINK(\"http://x\")", "\"'=HYPERLINK(\"\"http://x\"\")\""],
  ["+1", "'+1"],
  ["-1+1", "'-1+1"],
  ["@SUM(A1)", "'@SUM(A1)"],
  ["\tx", "'\tx"],
  ["\r=1", "\"'\r=1\""],
  ["\n=1", "\"'\n=1\""],
  ["  =1+1", "'  =1+1"],
  [" \t@SUM(A1)", "' \t@SUM(A1)"],
  ["\u00a0-1", "'\u00a0-1"],
  ["\ufeff=1", "'\ufeff=1"],
  ["\u200b+1", "'\u200b+1"],
  ["\u0000=1", "'\u0000=1"],
  ["＝1", "'＝1"],
  ["＋1", "'＋1"],
  ["－1", "'－1"],
  ["＠SUM(A1)", "'＠SUM(A1)"],
  [" plain = 1", " plain = 1"],
  ["plain", "plain"],
  ["a,b", '"a,b"'],
  ['say "x"', '"say ""x"""'],
  ["two\nlines", '"two\nlines"'],
  [-12.5, "-12.5"],
  [null, ""],
  [undefined, ""],
  ["", ""],
])("writes %j so that no spreadsheet takes it for a formula", (value, cell) => {
  expect(csvCell(value)).toBe(cell);
});
