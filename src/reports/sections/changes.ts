import { type AuditTally, tallyAudit, verifyAudit } from "../../access/index.ts";
import { asCurrency, minor } from "../../money/index.ts";
import { type OperationTally, tallyOperations } from "../../operations/index.ts";
import { count, type Figure, money, nothing, type Table, text, type Value } from "../report.ts";
import type { Scope, Section } from "../section.ts";

/** A longer chain is verified by the command, which shows how far it is. */
const VERIFIED_HERE = 50_000;

async function chain({ db }: Scope["sources"]): Promise<Value> {
  const entries = await db.read.selectFrom("audit_head").select("id").executeTakeFirst();
  if ((entries?.id ?? 0) > VERIFIED_HERE) return text("not verified here: run `tillwatch audit verify`");
  const verdict = await verifyAudit(db);
  return text(verdict.kind === "intact" ? `intact, ${verdict.head.id.toLocaleString("en-US")} entries` : `BROKEN: ${verdict.text}`);
}

function auditTable(byAction: readonly AuditTally[]): Table {
  const rows = [...Map.groupBy(byAction, ({ action }) => action)].map(([action, of]) => {
    const entries = (outcome: AuditTally["outcome"]) => count(of.find((one) => one.outcome === outcome)?.entries ?? 0);
    return [text(action), entries("ok"), entries("refused"), entries("failed")];
  });
  return { id: "audit", title: "Audit trail by action", columns: [{ id: "action", label: "Action" }, { id: "ok", label: "Done" }, { id: "refused", label: "Refused" }, { id: "failed", label: "Failed" }], rows, left: null, public: false };
}

function operationsTable(operations: readonly OperationTally[]): Table {
  return {
    id: "operations",
    title: "Operations through Tillwatch",
    columns: [{ id: "kind", label: "Kind" }, { id: "state", label: "State" }, { id: "operations", label: "Operations" }, { id: "amount", label: "Amount" }],
    rows: operations.map(({ kind, state, operations, amount, currency }) => [
      text(kind.replaceAll("_", " ")),
      text(state.replaceAll("_", " ")),
      count(operations),
      asCurrency(currency) === null || amount === null ? text(null) : money(minor(amount), currency ?? ""),
    ]),
    left: null,
    public: false,
  };
}

export const changes: Section = {
  id: "changes",
  title: "Changes and audit",
  question: "Who changed what, and is the record of it whole?",
  read: async (scope) => {
    const { sources, period } = scope;
    const method = "access.tallyAudit over the audit trail and operations.tallyOperations over refunds and invoices asked for, both by the time of the asking; access.verifyAudit over the whole chain of hashes, as it is now.";
    const { byAction, actors } = await tallyAudit(sources.db.read, period.fromMs, period.toMs);
    const operations = await tallyOperations(sources.db.read, sources.live, period.fromMs, period.toMs);
    const intact: Figure = { id: "chain", label: "Chain of the audit trail", value: await chain(sources), good: null, public: false };
    if (byAction.length === 0 && operations.length === 0) return { ...nothing("Nothing was changed in this period.", method), figures: [intact] };
    const entries = (outcome?: AuditTally["outcome"]) => byAction.filter((one) => outcome === undefined || one.outcome === outcome).reduce((sum, one) => sum + one.entries, 0);
    const done = operations.reduce((sum, one) => sum + one.operations, 0);
    const figure = (id: string, label: string, value: number): Figure => ({ id, label, value: count(value), good: null, public: false });
    return {
      nothing: null,
      figures: [
        intact,
        figure("entries", "Entries in the audit trail", entries()),
        figure("refused", "Refused", entries("refused")),
        figure("actors", "People and programs that acted", actors),
        figure("operations", "Refunds and invoices asked for", done),
      ],
      method,
      notes: [],
      charts: async () => [],
      tables: async () => [...(byAction.length > 0 ? [auditTable(byAction)] : []), ...(operations.length > 0 ? [operationsTable(operations)] : [])],
    };
  },
};
