import { describe, expect, it } from "vitest";
import { readForm } from "./http.ts";
import { Params } from "./params.ts";

const params = (form: string): Params => new Params(readForm(form));

describe("parameters", () => {
  it("are read from brackets, however deep", () => {
    const read = params("metadata[a]=1&items[0][price]=p&items[1][price]=q&types[]=x&types[]=y&created[gte]=5");
    expect(read.metadata()).toEqual({ a: "1" });
    expect(read.children("items").map((item) => item.text("price"))).toEqual(["p", "q"]);
    expect(read.texts("types")).toEqual(["x", "y"]);
    expect(read.range("created")).toEqual({ gte: 5 });
    expect(() => read.done()).not.toThrow();
  });

  it.each([["amount=1.5", /Invalid integer: 1\.5/], ["amount=1e3", /Invalid integer: 1e3/], ["amount=NaN", /Invalid integer: NaN/], ["amount=", /empty string for 'amount'/], ["amount=0x1f", /Invalid integer/], ["amount= 5", /Invalid integer/]])("refuse %s as a number", (form, words) => {
    expect(() => params(form).integer("amount")).toThrow(words);
  });

  it("that nobody read are unknown, also deep inside", () => {
    const read = params("card[number]=4242&card[colour]=red");
    read.child("card")?.text("number");
    expect(() => read.done()).toThrow("Received unknown parameter: card[colour]");
  });

  it("unset by an empty text what can be unset", () => {
    expect(params("email=").textOrUnset("email")).toBeNull();
    expect(params("").textOrUnset("email")).toBeUndefined();
    expect(params("metadata[a]=&metadata[b]=2").metadata({ a: "1", c: "3" })).toEqual({ b: "2", c: "3" });
    expect(params("metadata=").metadata({ a: "1" })).toEqual({});
  });

  it("called like parts of every object are only names", () => {
    const read = params("__proto__[x]=1&constructor=2&toString=3");
    expect(read.has("x")).toBe(false);
    expect(() => read.done()).toThrow(/unknown parameter/);
  });
});
