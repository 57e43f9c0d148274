import type { Payout } from "../shapes/payout.ts";
import { payoutShape } from "../shapes/payout.ts";
import type { Scene, Story } from "./scene.ts";
import { DAY, HOUR } from "./scene.ts";

/** Every day something is paid out to the merchant's bank. It is not revenue, and who counts it so finds out here. */
export function* payoutStory(scene: Scene): Story {
  for (;;) {
    yield DAY;
    scene.unasked();
    const id = scene.id("po");
    const amount = scene.random.between(20_000, 900_000);
    const booked = scene.book({ movement: "payout", amount: -amount, currency: "usd", source: id, description: "STRIPE PAYOUT" });
    const payout: Payout = payoutShape(scene.merchant, { id, amount, currency: "usd", atMs: scene.nowMs, balanceTransaction: booked.id });
    scene.emit("payout.created", payout);
    yield scene.random.between(2 * HOUR, 10 * HOUR);
    scene.emit("payout.paid", { ...payout, status: "paid" }, {}, { status: payout.status });
  }
}
