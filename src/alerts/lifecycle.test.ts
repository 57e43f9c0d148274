import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { advance, type Finding, type OpenAlert } from "./lifecycle.ts";

const rule = { pendingMs: 60_000, recoveryMs: 120_000 };

function live(findings: readonly Finding[], stepMs = 30_000) {
  let open: OpenAlert | null = null;
  return findings.map((finding, index) => {
    const step = advance(open, finding, rule, index * stepMs);
    open = step.kind === "resolved" || step.kind === "dropped" ? null : step.next;
    return step.kind;
  });
}

describe("the life of an alert", () => {
  it("fires after it lasted, recovers, and resolves after it stayed well", () => {
    expect(live(["breach", "breach", "breach", "well", "well", "well", "well", "well"])).toEqual(["opened", "none", "fired", "recovering", "none", "none", "none", "resolved"]);
  });

  it("forgets a breach that did not last", () => {
    expect(live(["breach", "well", "well"])).toEqual(["opened", "dropped", "none"]);
  });

  it("stays one alert when it comes back before it was over", () => {
    expect(live(["breach", "breach", "breach", "well", "breach", "well"])).toEqual(["opened", "none", "fired", "recovering", "relapsed", "recovering"]);
  });

  it("is neither raised nor ended by not knowing", () => {
    expect(live(["unknown", "breach", "breach", "breach", "unknown", "unknown", "unknown", "unknown"]).slice(3)).toEqual(["fired", "none", "none", "none", "none"]);
  });

  it("ends every alert that fired exactly once, whatever happens", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom<Finding>("breach", "well", "unknown"), { maxLength: 200 }), (findings) => {
        const kinds = live([...findings, ...Array.from({ length: 10 }, (): Finding => "well")]);
        let fired = 0;
        for (const kind of kinds) {
          if (kind === "fired") fired += 1;
          if (kind === "resolved") fired -= 1;
          if (fired < 0 || fired > 1) return false;
        }
        return fired === 0;
      }),
    );
  });
});
