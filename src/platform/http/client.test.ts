import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clientGroup } from "./client.ts";

describe("the group a client counts in", () => {
  it.each([
    ["203.0.113.9", "203.0.113.9"],
    ["::ffff:203.0.113.9", "203.0.113.9"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8::6", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["not an address", "unknown"],
    ["", "unknown"],
    [undefined, "unknown"],
  ])("of %s is %s", (ip, group) => {
    expect(clientGroup(ip)).toBe(group);
  });

  it("is one for a /64, however its addresses are written", () => {
    const hextets = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 4, maxLength: 4 });
    const write = (parts: number[], padded: boolean) => parts.map((part) => part.toString(16).padStart(padded ? 4 : 1, "0")).join(":");
    fc.assert(
      fc.property(hextets, hextets, hextets, (network, one, other) => {
        fc.pre(network.some((part) => part !== 0));
        expect(clientGroup(write([...network, ...one], true))).toBe(clientGroup(write([...network, ...other], false)));
      }),
    );
  });
});
