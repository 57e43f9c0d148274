import { useFilters } from "../../frame/filters.ts";
import { useMay } from "../../frame/who.ts";
import { text as frame } from "../../text/frame.ts";
import { text } from "../../text/reports.ts";
import { Card, PageHead } from "../../ui/card.tsx";
import { CheckField, SelectField, TextField } from "../../ui/field.tsx";
import { useZone } from "../../ui/time.tsx";
import { KeptReports } from "./kept.tsx";
import { Links } from "./links.tsx";

type Name = "period" | "from" | "to" | "compare";

const OWN = "own";
const WAY = "inline-flex h-9 items-center rounded-md border border-line-strong bg-surface px-3 font-medium hover:bg-sunken";

/** What the address says of the period, as the API takes it; a sentence when that is not a period. */
function orderOf({ period, from, to, compare }: Partial<Record<Name, string>>): Record<string, string> | string {
  const beside = compare === "previous" ? { compare } : {};
  if (period !== OWN) return { period: period !== undefined && period in text.periods ? period : "last_30_days", ...beside };
  if (from === undefined || to === undefined) return text.bothDays;
  if (from > to) return text.backwards;
  return { from, to, ...beside };
}

export default function Reports() {
  const [filters, setFilters] = useFilters<Name>();
  const zone = useZone();
  const { may, role } = useMay("admin");
  const order = orderOf(filters);
  const own = filters.period === OWN;
  return (
    <>
      <PageHead title={text.title} lead={text.lead} />
      <div className="space-y-4">
        <Card title={text.make}>
          <div className="space-y-3">
            <div className="grid gap-3 sm:grid-cols-3">
              <SelectField label={text.period} hint={text.zone(zone)} value={own ? OWN : typeof order === "string" ? "" : order["period"]} onChange={(event) => setFilters({ period: event.target.value, from: undefined, to: undefined })} options={[...Object.entries(text.periods), [OWN, text.own]]} />
              {own ? (
                <>
                  <TextField type="date" label={text.from} value={filters.from ?? ""} onChange={(event) => setFilters({ from: event.target.value })} />
                  <TextField type="date" label={text.to} value={filters.to ?? ""} onChange={(event) => setFilters({ to: event.target.value })} error={typeof order === "string" ? order : null} />
                </>
              ) : null}
            </div>
            <CheckField label={text.compare} checked={filters.compare === "previous"} onChange={(event) => setFilters({ compare: event.target.checked ? "previous" : undefined })} />
            {typeof order === "string" ? null : (
              <p className="flex flex-wrap items-center gap-2">
                {(["html", "pdf", "csv"] as const).map((format) => (
                  <a key={format} href={`/api/reports/enterprise/${format}?${new URLSearchParams(order)}`} target="_blank" rel="noreferrer" className={WAY}>
                    {text[format]}
                  </a>
                ))}
                <span className="text-sm text-muted">{text.patience}</span>
              </p>
            )}
          </div>
        </Card>
        <Card title={text.kept.title}>
          <KeptReports mayRemove={may} />
        </Card>
        <Card title={text.links.title}>
          <p className="mb-3 text-muted">{text.links.lead}</p>
          {may ? <Links order={typeof order === "string" ? null : order} /> : <p className="text-muted">{frame.needs(frame.role.admin, frame.role[role])}</p>}
        </Card>
      </div>
    </>
  );
}
