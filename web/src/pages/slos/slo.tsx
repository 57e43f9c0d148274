import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client.ts";
import { useParam } from "../../frame/filters.ts";
import { text } from "../../text/slos.ts";
import { Card, Facts, PageHead } from "../../ui/card.tsx";
import { TimeChart } from "../../ui/chart.tsx";
import { NotYet } from "../../ui/not-yet.tsx";
import { Banner, StateBadge } from "../../ui/state.tsx";
import { dateWords, Time, timeWords, useNow, useZone } from "../../ui/time.tsx";
import { BudgetBar, type Slo, stateOf } from "./budget.tsx";

const RENEW_MS = 30_000;
const DAYS = "90";

async function readSlo(name: string, signal: AbortSignal) {
  return (await answer(api.GET("/api/slos/{name}", { params: { path: { name }, query: { days: DAYS } }, signal }))).data;
}
type Detail = Awaited<ReturnType<typeof readSlo>>;

const rate = (burn: number | null): string => (burn === null ? "–" : String(Math.round(burn * 100) / 100));
const percent = (share: number): string => `${Math.round(share * 100)} %`;

const BURN_STATE = { fires: "critical", held: "attention", quiet: "fine", no_data: "unknown" } as const;

function Burn({ slo }: { slo: Slo }) {
  const { columns } = text.burn;
  return (
    <Card title={text.burn.title}>
      <p className="mb-2 text-muted">{text.burn.hint}</p>
      <div tabIndex={0} role="region" aria-label={text.burn.title} className="overflow-x-auto">
        <table className="tabular w-full text-sm [overflow-wrap:normal]">
          <thead className="text-left text-muted">
            <tr>
              {[columns.alert, columns.long, columns.short, columns.limit, columns.state].map((title) => (
                <th key={title} scope="col" className="py-1 pr-3 font-medium">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {slo.burn.map(({ severity, limit, long, short, state }) => (
              <tr key={`${severity} ${long.window}`} className="border-t border-line">
                <td className="py-1 pr-3">{text.burn.severity[severity]}</td>
                <td className="py-1 pr-3">{text.burn.window(long.window, rate(long.burn))}</td>
                <td className="py-1 pr-3">{text.burn.window(short.window, rate(short.burn))}</td>
                <td className="py-1 pr-3">{limit}</td>
                <td className="py-1">
                  <StateBadge state={state === "fires" && severity === "ticket" ? "attention" : BURN_STATE[state]}>{text.burn.state[state]}</StateBadge>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="mt-2 text-sm text-muted">{text.burn.least(slo.min_bad_events)}</p>
    </Card>
  );
}

function Budget({ slo }: { slo: Slo }) {
  const { budget } = slo;
  return (
    <Card title={text.budget}>
      <BudgetBar slo={slo} />
      <div className="mt-3">
        <Facts
          facts={[
            [text.objective, text.objectiveIn(slo.objective_text, slo.window_days)],
            [text.attained, `${slo.attainment_text} (${text.events(slo.period.bad, slo.period.total)})`],
            [text.allowed, text.bad(budget.allowed_events)],
            [text.spent, text.bad(budget.spent_events)],
            [text.remaining, budget.left_events < 0 ? text.overBy(-budget.left_events) : text.bad(budget.left_events)],
            ...(budget.gone_at === null ? [] : ([[text.gone, <Time key="g" at={budget.gone_at} />]] as const)),
            [text.counts, slo.counts_as_good],
            ...(slo.exclude.length === 0 ? [] : ([[text.excluded, slo.exclude.join(", ")]] as const)),
            ...(slo.only === null ? [] : ([[text.only, `${slo.only.kind} ${slo.only.value}`]] as const)),
            [text.until, <Time key="u" at={slo.until} />],
          ]}
        />
      </div>
      {budget.money.length === 0 ? null : (
        <div className="mt-4">
          <h3 className="font-medium">{text.money}</h3>
          <ul className="tabular">
            {budget.money.map(({ currency, spent, allowed }) => (
              <li key={currency}>
                {text.moneyOf(spent.text, allowed.text)} <span className="text-xs text-muted uppercase">{currency}</span>
              </li>
            ))}
          </ul>
          <p className="text-sm text-muted">{text.moneyHint}</p>
        </div>
      )}
    </Card>
  );
}

function Charts({ slo, zone }: { slo: Detail; zone: string }) {
  const now = useNow();
  return (
    <>
      <Card className="lg:col-span-2">
        {slo.days.length === 0 ? (
          <p className="text-muted">{text.noDays}</p>
        ) : (
          <TimeChart
            title={text.days}
            zone={zone}
            series={{ at: slo.days.map(({ start }) => start), actual: slo.days.map(({ budget_left }) => budget_left), line: { value: 0, label: text.spentLine }, labels: { actual: text.day } }}
            value={percent}
            axis={percent}
            time={(at) => (at === "" ? "" : dateWords(at, zone))}
          />
        )}
      </Card>
      <Card className="lg:col-span-2">
        <TimeChart
          title={text.hours}
          zone={zone}
          series={{ at: slo.hours.map(({ start }) => start), actual: slo.hours.map(({ burn }) => burn), line: { value: 1, label: text.at }, labels: { actual: text.hour } }}
          value={rate}
          axis={rate}
          time={(at) => (at === "" ? "" : timeWords(at, zone, now))}
        />
      </Card>
    </>
  );
}

/** One objective: its budget, what burns, its history. */
export default function SloPage() {
  const name = useParam("name");
  const zone = useZone();
  const query = useQuery({ queryKey: ["slos", name], refetchInterval: RENEW_MS, queryFn: ({ signal }) => readSlo(name, signal) });
  const { data } = query;
  if (data === undefined) return <NotYet title={text.title} what={text.asking} lines={8} query={query} />;
  return (
    <>
      <PageHead title={data.title} lead={<code className="font-mono text-sm">{data.name}</code>}>
        <StateBadge state={stateOf(data)}>{text.status[data.status]}</StateBadge>
      </PageHead>
      {data.warnings.map((warning) => (
        <div key={warning} className="mb-3">
          <Banner state="attention">{warning}</Banner>
        </div>
      ))}
      <div className="grid gap-4 lg:grid-cols-2">
        <Budget slo={data} />
        <Burn slo={data} />
        <Charts slo={data} zone={zone} />
      </div>
    </>
  );
}
