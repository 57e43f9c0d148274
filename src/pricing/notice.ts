import { moneyText } from "../money/index.ts";
import { inform, type Informed } from "../notify/index.ts";
import type { Tx } from "../platform/index.ts";
import type { Suggestion } from "./suggestion.ts";

/** Who is told of what became of a price, and where they can see it. */
export interface PriceNotices extends Informed {
  /** Address of a suggestion's page; a path while no public_url is configured. */
  page(id: string): string;
}

/**
 * - `applied`, `rolled_back`: Stripe sells at another price now
 * - `failed`: it was approved, and Stripe refused
 * - `worse`: an applied change brings less
 */
export type PriceChange = "applied" | "rolled_back" | "failed" | "worse";

const HEAD: Readonly<Record<PriceChange, string>> = { applied: "Price changed", rolled_back: "Price rolled back", failed: "A price could not be changed", worse: "A price change brings less than before" };

/** Who is behind it, in words. */
function people({ proposer, first, second }: Suggestion): string {
  const approved = [first, second].flatMap((person) => (person === null ? [] : [person.name]));
  return `Proposed by ${proposer.name}${approved.length === 0 ? "" : `, approved by ${approved.join(" and ")}`}.`;
}

/** Tells the channels, in the transaction of the change: no change without its notice, and one notice for each. @param by who asked for it, when that is not in the suggestion. */
export async function tellChange(tx: Tx, notices: PriceNotices, suggestion: Suggestion, change: PriceChange, text: string, nowMs: number, by: string | null = null): Promise<void> {
  const { id, kind, product, currency, from, to, told, reason } = suggestion;
  const move = from === null || to === null || currency === null ? null : `${moneyText(from, currency)} to ${moneyText(to, currency)}`;
  const why = change === "rolled_back" && reason !== null ? [`Why: ${reason}${by === null ? "" : ` (${by})`}`] : [];
  await inform(
    tx,
    notices,
    {
      key: `pricing/${id}`,
      rule: "price_change",
      subject: "pricing",
      labels: { kind: "change", change, suggestion: id, suggested: kind, product: product ?? "", currency: currency ?? "" },
      title: `${HEAD[change]}: ${told.title}`,
      lines: [...(move === null || told.title.includes(move) ? [] : [`${move}.`]), text, ...why, people(suggestion), change === "applied" || change === "worse" ? `Watch it, or roll it back: ${notices.page(id)}` : `History: ${notices.page(id)}`],
    },
    nowMs,
  );
}
