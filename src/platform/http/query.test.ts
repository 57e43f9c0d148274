import { describe, expect, it } from "vitest";
import { z } from "zod";
import { limitField, noQuery } from "./query.ts";
import { failure, serve } from "./testing/serve.ts";

async function lists() {
  const { url } = await serve((http) => {
    const querystring = z.strictObject({ limit: limitField({ absent: 20, most: 50 }) });
    http.get("/api/list", { schema: { querystring } }, (request) => ({ ok: true, limit: request.query.limit }));
    http.get("/api/plain", { schema: { querystring: noQuery } }, () => ({ ok: true }));
  });
  return async (path: string) => await fetch(url + path);
}

describe("the query of a list", () => {
  it.each([
    ["", 20],
    ["?limit=1", 1],
    ["?limit=007", 7],
    ["?limit=50", 50],
    ["?limit=500", 50],
    ["?limit=99999999999999999999", 50],
  ])("takes %j for %i", async (query, limit) => {
    const ask = await lists();
    expect(await (await ask(`/api/list${query}`)).json()).toEqual({ ok: true, limit });
  });

  it.each(["abc", "0", "00", "-1", "1.5", "1e1", "0x10", "%2B5", "", "%205", "5%20", "\u0665", "999999999999999999999"])("refuses limit=%s", async (given) => {
    const ask = await lists();
    expect(await failure(await ask(`/api/list?limit=${given}`))).toMatchObject({ status: 400, code: "invalid_input", error: expect.stringMatching(/^limit: must be a whole number from 1 to 50, in digits \(given /) });
  });

  it("refuses a limit given twice, and a parameter that is not known, by its name", async () => {
    const ask = await lists();
    expect(await failure(await ask("/api/list?limit=1&limit=2"))).toMatchObject({ status: 400, error: "limit: must be a whole number from 1 to 50, in digits (given a list of 2)" });
    for (const path of ["/api/list?limt=5", "/api/plain?limt=5"]) {
      expect(await failure(await ask(path))).toMatchObject({ status: 400, error: expect.stringContaining('does not know "limt"; leave it out') });
    }
  });
});
