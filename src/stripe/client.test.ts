import { expect, it } from "vitest";
import { Secret } from "../platform/index.ts";
import { openStripe } from "./client.ts";

const open = (apiBase: string) => openStripe({ secretKey: new Secret("sk_test_client"), apiBase, live: false });

it("an address with a path is refused, since calls would not go there", () => {
  expect(() => open("http://127.0.0.1:12111/stripe")).toThrow(/has a path/);
  expect(open("http://127.0.0.1:12111/").live).toBe(false);
});

it("more refunds than can be looked through are a trouble that moved nothing", async () => {
  const api = open("http://127.0.0.1:12111");
  const list = { autoPagingToArray: async () => Array.from({ length: 501 }, () => ({})) };
  Object.assign(api.sdk, { refunds: { list: () => list } });
  await expect(api.refundsOf("pi_1")).rejects.toMatchObject({ name: "StripeTrouble", code: "too_many_refunds", effect: "none" });
});
