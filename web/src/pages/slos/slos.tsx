import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { answer, api } from "../../api/client.ts";
import { useAbout } from "../../frame/who.ts";
import { text } from "../../text/slos.ts";
import { Card, PageHead } from "../../ui/card.tsx";
import { Empty } from "../../ui/empty.tsx";
import { ProblemBox } from "../../ui/problem.tsx";
import { StateBadge } from "../../ui/state.tsx";
import { useZone } from "../../ui/time.tsx";
import { Waiting } from "../../ui/waiting.tsx";
import { BudgetBar, type Slo, stateOf } from "./budget.tsx";

/** They are measured every half minute. */
const RENEW_MS = 30_000;

/** Currencies told of at a glance; the page of the objective has them all. */
const MONEYS = 2;

function SloCard({ slo, main }: { slo: Slo; main: string | undefined }) {
  const money = slo.budget.money.toSorted((one, other) => Number(other.currency === main) - Number(one.currency === main));
  const firing = slo.burn.filter(({ state }) => state === "fires");
  return (
    <Card
      title={
        <Link to="/slos/$name" params={{ name: slo.name }} className="underline-offset-2 hover:underline">
          {slo.name in text.indicator ? text.indicator[slo.indicator] : slo.name}
        </Link>
      }
      action={<StateBadge state={stateOf(slo)}>{text.status[slo.status]}</StateBadge>}
    >
      <p className="tabular text-2xl font-semibold">{slo.attainment_text}</p>
      <p className="mb-3 text-muted">
        {text.objectiveIn(slo.objective_text, slo.window_days)} · {text.events(slo.period.bad, slo.period.total)}
      </p>
      <BudgetBar slo={slo} />
      <ul className="mt-2 space-y-1 text-sm">
        {money.slice(0, MONEYS).map(({ currency, spent, allowed }) => (
          <li key={currency} className="tabular">
            {text.moneyOf(spent.text, allowed.text)}
          </li>
        ))}
        {money.length > MONEYS ? <li className="text-muted">{text.moneyMore(money.length - MONEYS)}</li> : null}
        {firing.map(({ severity, long, limit }) => (
          <li key={`${severity} ${limit}`} className="font-medium text-critical">
            {text.firing}: {text.burn.severity[severity]}, {text.burn.window(long.window, String(Math.round((long.burn ?? 0) * 10) / 10))}
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** All objectives at a glance. */
export default function Slos() {
  const main = useAbout().data?.merchant.currency;
  const zone = useZone();
  const { data, error, refetch, isFetching } = useQuery({ queryKey: ["slos"], refetchInterval: RENEW_MS, queryFn: async ({ signal }) => (await answer(api.GET("/api/slos", { signal }))).data });
  return (
    <>
      <PageHead title={text.title} lead={text.lead(zone)} />
      {data === undefined ? (
        error === null ? (
          <Waiting what={text.asking} lines={8} />
        ) : (
          <ProblemBox error={error} retry={() => void refetch()} busy={isFetching} />
        )
      ) : data.length === 0 ? (
        <Empty title={text.empty.title}>{text.empty.body}</Empty>
      ) : (
        <div className="grid gap-4 md:grid-cols-2">
          {data.map((slo) => (
            <SloCard key={slo.name} slo={slo} main={main} />
          ))}
        </div>
      )}
    </>
  );
}
