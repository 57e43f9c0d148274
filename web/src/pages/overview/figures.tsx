import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { text } from "../../text/overview.ts";
import { moneyRound, moneyWords } from "../../ui/money.tsx";
import { Sparkline } from "../../ui/sparkline.tsx";
import { type Expectation, type Overview, useExpectation, useSlos } from "./read.ts";

function Figure({ title, value, children, spark }: { title: string; value: ReactNode; children: ReactNode; spark?: ReactNode }) {
  return (
    <section aria-label={title} className="flex min-w-0 flex-col rounded-lg border border-line bg-surface p-4 shadow-card">
      <h2 className="text-sm text-muted">{title}</h2>
      <p className="tabular text-2xl font-semibold">{value}</p>
      <div className="mb-2 flex-1 sm:min-h-10 text-sm text-muted">{children}</div>
      {spark ?? <span className="hidden h-8 sm:block" />}
    </section>
  );
}

const share = (part: number): string => `${(part * 100).toFixed(1)}\u00a0%`;

function usualRevenue(expectation: Expectation | undefined, per: number, currency: string): string | null {
  if (expectation === undefined) return null;
  const { now, basis, learning_days_left } = expectation;
  if (now.position === "unfollowed") return text.revenue.unfollowed;
  if (basis === "guess" && now.low !== null && now.high !== null) return text.revenue.guess(moneyRound(now.low / per, currency), moneyRound(now.high / per, currency), learning_days_left ?? 0);
  if (now.position === "learning" || now.low === null || now.high === null) return text.revenue.learning(learning_days_left);
  return text.revenue.usual(moneyRound(now.low / per, currency), moneyRound(now.high / per, currency));
}

function Revenue({ overview }: { overview: Overview }) {
  const expectation = useExpectation("revenue").data;
  const [main, ...others] = overview.revenue;
  if (main === undefined) return null;
  const shown = others.filter(({ captures }) => captures > 0).slice(0, 3);
  return (
    <Figure title={text.revenue.title} value={<>{moneyWords(main.today, main.currency)} <span className="text-sm font-normal text-muted uppercase">{main.currency}</span></>} spark={<Sparkline values={overview.days.map(({ gross }) => gross)} label={text.revenue.spark} />}>
      <p>{usualRevenue(expectation, overview.minor_per_major, main.currency)}</p>
      <p>
        {text.revenue.yesterday(main.yesterday_text)}
        {main.refunded === 0 ? "" : `, ${text.revenue.refunded(main.refunded_text)}`}
      </p>
      {shown.length === 0 ? null : <p>{text.revenue.more(shown.map(({ today_text }) => today_text).join(", "))}</p>}
    </Figure>
  );
}

function Payments({ overview }: { overview: Overview }) {
  const { hour, today, hours } = overview.payments;
  const usual = useExpectation("success_rate").data?.now;
  const causes = [
    [text.payments.technical, hour.failed_technical],
    [text.payments.customer, hour.failed_customer],
    [text.payments.risk, hour.failed_risk],
  ] as const;
  const failed = causes.filter(([, count]) => count > 0);
  return (
    <Figure title={text.payments.title} value={hour.attempts === 0 ? "–" : share(hour.succeeded / hour.attempts)} spark={<Sparkline values={hours.map(({ attempts }) => attempts)} label={text.payments.spark} />}>
      <p>
        {hour.attempts === 0 ? text.payments.none : text.payments.counts(hour.succeeded, hour.attempts)}
        {usual === undefined || usual.low === null || usual.high === null ? "" : `, ${text.payments.usual(share(usual.low), share(usual.high))}`}
      </p>
      <p title={text.payments.causes}>{failed.length === 0 ? (today.attempts === 0 ? "" : text.payments.today(share(today.succeeded / today.attempts))) : failed.map(([words, count]) => `${count} ${words}`).join(" · ")}</p>
    </Figure>
  );
}

function Webhooks({ overview }: { overview: Overview }) {
  const { today, hours } = overview.webhooks;
  const failed = today.failed + today.malformed;
  return (
    <Figure title={text.webhooks.title} value={(today.accepted + today.duplicate + today.variant).toLocaleString()} spark={<Sparkline values={hours.map(({ processed }) => processed)} label={text.webhooks.spark} />}>
      <p>
        <span className={failed > 0 ? "font-medium text-critical" : undefined}>{text.webhooks.failed(failed)}</span>
        {today.rejected === 0 ? "" : `, ${text.webhooks.rejected(today.rejected)}`}
        {overview.behind > 50 ? `, ${text.webhooks.behind(overview.behind)}` : ""}
      </p>
      <p>{overview.completeness.text}</p>
    </Figure>
  );
}

/** The objective that has the least of its budget left. */
function Budget() {
  const { data } = useSlos();
  if (data === undefined) return <Figure title={text.budget.title} value="…">{null}</Figure>;
  const known = data.filter(({ budget }) => budget.left !== null).sort((one, other) => (one.budget.left ?? 0) - (other.budget.left ?? 0));
  const [worst] = known;
  if (worst === undefined) {
    return (
      <Figure title={text.budget.title} value="–">
        <p>{data.length === 0 ? text.budget.none : text.budget.noData}</p>
        {data.length === 0 ? <p>{text.budget.noneHint}</p> : null}
      </Figure>
    );
  }
  const left = worst.budget.left ?? 0;
  const [money] = worst.budget.money;
  return (
    <Figure title={text.budget.title} value={<span className={left < 0 ? "text-critical" : undefined}>{share(Math.max(0, left))}</span>}>
      <p>{left < 0 ? text.budget.over : money === undefined ? "" : text.budget.money(money.left.text)}</p>
      <p>
        <Link to="/slos" className="underline">
          {worst.title}
        </Link>{" "}
        {text.budget.of(worst.objective_text, worst.window_days)}
      </p>
    </Figure>
  );
}

export function Figures({ overview }: { overview: Overview }) {
  return (
    <div className="grid gap-3 sm:grid-cols-2 xl:grid-cols-4">
      <Revenue overview={overview} />
      <Payments overview={overview} />
      <Webhooks overview={overview} />
      <Budget />
    </div>
  );
}
