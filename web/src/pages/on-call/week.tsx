import { useFilters } from "../../frame/filters.ts";
import { text } from "../../text/on-call.ts";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { SelectField } from "../../ui/field.tsx";
import { ProblemBox } from "../../ui/problem.tsx";
import { Banner, StateIcon } from "../../ui/state.tsx";
import { timeWords, useNow, useZone, zoneWords } from "../../ui/time.tsx";
import { Waiting } from "../../ui/waiting.tsx";
import { dayLater, dayText, momentOf } from "../../ui/zone.ts";
import { Lane, placeOf } from "./lane.tsx";
import { type Duty, type Person, type Shift, type Span, useShifts, type Wanted } from "./read.ts";
import { StandIns } from "./stand-ins.tsx";

const HOUR_MS = 3_600_000;
const words = text.week;

/** The Monday on or before a day. */
function mondayOf(day: string): string {
  return dayLater(day, -((new Date(`${day}T00:00Z`).getUTCDay() + 6) % 7));
}

function dayWords(ms: number, zone: string, long = false): string {
  return new Intl.DateTimeFormat(undefined, { timeZone: zone, weekday: long ? "long" : "short", day: "numeric", month: "short" }).format(new Date(ms));
}

/** The zone that the page is read in: of the address, else the merchant's. */
export function useReadZone(duties: readonly Duty[]) {
  const merchant = useZone();
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const [{ zone }, setFilters] = useFilters<"zone">();
  const zones = [...new Set([merchant, ...duties.map(({ time_zone }) => time_zone), own])];
  return { zone: zone !== undefined && zones.includes(zone) ? zone : merchant, zones, merchant, own, setZone: (next: string) => setFilters({ zone: next === merchant ? undefined : next }) };
}

function InWords({ shifts, zone, now, rotations }: { shifts: readonly Shift[]; zone: string; now: number; rotations: number }) {
  return (
    <details className="mt-3 md:open:mt-3" open={window.innerWidth < 768}>
      <summary className="font-medium">{words.list}</summary>
      <ul className="mt-2 space-y-1">
        {shifts.map(({ rotation, person, starts_at, ends_at, override }) => (
          <li key={`${rotation} ${starts_at}`} className="flex flex-wrap items-center gap-x-2">
            {person === null ? <StateIcon state="critical" /> : null}
            <strong className="foreign-wrap">{person === null ? words.nobody : person.name}</strong>
            {rotations > 1 ? <span>{rotation}</span> : null}
            <span className="tabular text-muted">
              {timeWords(starts_at, zone, now)} – {timeWords(ends_at, zone, now)} {zoneWords(zone, starts_at)}
              {override === null ? "" : ` · ${words.listNote}`}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** A week, a row for each rotation, gaps marked; any part of it can be given to somebody else. */
export function Week({ duties, people, may, choose }: { duties: readonly Duty[]; people: readonly Person[]; may: boolean; choose: (wanted: Wanted) => void }) {
  const now = useNow();
  const { zone, zones, merchant, own, setZone } = useReadZone(duties);
  const [filters, setFilters] = useFilters<"week">();
  const thisWeek = mondayOf(dayText(now, zone));
  const monday = filters.week !== undefined && /^\d{4}-\d\d-\d\d$/.test(filters.week) && !Number.isNaN(Date.parse(filters.week)) ? mondayOf(filters.week) : thisWeek;
  const starts = Array.from({ length: 8 }, (_, day) => momentOf(dayLater(monday, day), zone));
  const week: Span = { from: starts[0] ?? 0, to: starts[7] ?? 0 };
  const days = starts.slice(0, 7);
  const { data, error, refetch, isFetching } = useShifts(week);
  const go = (to: string): void => setFilters({ week: to === thisWeek ? undefined : to });
  const changed = days.map((from, day) => ({ from, hours: ((starts[day + 1] ?? 0) - from) / HOUR_MS })).find(({ hours }) => hours !== 24);
  const at = (time: string): string => `${timeWords(time, zone, now)} ${zoneWords(zone, time)}`;
  return (
    <Card
      title={words.title(dayWords(week.from, zone), dayWords(week.to - 1, zone))}
      action={
        <span className="flex flex-wrap items-center gap-2 py-1">
          <SelectField quiet label={words.zone} value={zone} onChange={(event) => setZone(event.target.value)} options={zones.map((one) => [one, `${words.zone} ${one} (${zoneWords(one, week.from)})${one === merchant ? `, ${words.zoneMerchant}` : one === own ? `, ${words.zoneOwn}` : ""}`])} className="max-w-72" />
          <Button small onClick={() => go(dayLater(monday, -7))}>{words.before}</Button>
          <Button small onClick={() => go(thisWeek)} disabled={monday === thisWeek}>{words.today}</Button>
          <Button small onClick={() => go(dayLater(monday, 7))}>{words.after}</Button>
        </span>
      }
    >
      {changed === undefined ? null : (
        <div className="mb-3">
          <Banner state="attention">{words.change(dayWords(changed.from, zone, true), changed.hours)}</Banner>
        </div>
      )}
      {data === undefined ? (
        error === null ? <Waiting what={text.askingWeek} lines={5} /> : <ProblemBox error={error} retry={() => void refetch()} busy={isFetching} />
      ) : (
        <>
          <div className="hidden md:block">
            <div aria-hidden className="relative mb-1 ml-32 h-5 text-sm text-muted">
              {days.map((day) => (
                <span key={day} className="absolute truncate pl-1" style={{ left: `${placeOf(day, week)}%` }}>
                  {dayWords(day, zone)}
                </span>
              ))}
            </div>
            {duties.map(({ rotation }) => (
              <div key={rotation} className="mb-2 grid grid-cols-[120px_minmax(0,1fr)] items-center gap-2">
                <strong className="foreign-wrap">{rotation}</strong>
                <Lane rotation={rotation} shifts={data.data.filter((shift) => shift.rotation === rotation)} week={week} days={days} may={may} words={at} choose={(span) => choose({ rotation, ...span })} />
              </div>
            ))}
            {may ? <p className="text-sm text-muted">{words.hint}</p> : null}
          </div>
          <p className="mt-2">{words.gaps(data.data.filter(({ person }) => person === null).length)}</p>
          <InWords shifts={data.data} zone={zone} now={now} rotations={duties.length} />
          <StandIns overrides={data.overrides} people={people} may={may} at={at} />
        </>
      )}
    </Card>
  );
}
