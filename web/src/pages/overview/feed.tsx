import { Link } from "@tanstack/react-router";
import { type FeedEvent, useLive } from "../../frame/live.tsx";
import { text as frame } from "../../text/frame.ts";
import { text } from "../../text/overview.ts";
import { Card } from "../../ui/card.tsx";
import { classes } from "../../ui/classes.ts";
import { Empty } from "../../ui/empty.tsx";
import { StateBadge } from "../../ui/state.tsx";
import { clockWords, useZone, zoneWords } from "../../ui/time.tsx";

const SHOWN = 40;

function Line({ event, zone }: { event: FeedEvent; zone: string }) {
  return (
    <li className="grid h-9 grid-cols-[4.5rem_minmax(0,1fr)_auto] items-center gap-2 border-b border-line px-4 last:border-b-0">
      <time dateTime={event.ts} title={`${event.ts} (${frame.utc})`} className="tabular text-sm text-muted">
        {clockWords(event.ts, zone, true)}
      </time>
      <Link to="/events/$id" params={{ id: event.event_id }} className="foreign hover:underline">
        {event.event_type}
      </Link>
      {event.payment_id === null ? <span /> : <Link to="/payments/$id" params={{ id: event.payment_id }} className="tabular text-sm whitespace-nowrap hover:underline">{event.amount}</Link>}
    </li>
  );
}

export function LiveState() {
  const { state, heardAt, caughtUp } = useLive();
  const zone = useZone();
  if (state === "stale") return <StateBadge state="attention">{frame.live.stale(`${clockWords(heardAt, zone, true)} ${zoneWords(zone)}`)}</StateBadge>;
  if (state === "connecting") return <StateBadge state="unknown">{frame.live.connecting}</StateBadge>;
  return (
    <span role="status" className="flex items-center gap-2 text-sm text-muted">
      {caughtUp === null || caughtUp === 0 ? "" : frame.live.caughtUp(caughtUp)}
      <StateBadge state="fine">{frame.live.live}</StateBadge>
    </span>
  );
}

/** Events as they are processed; greyed while the connection is broken. */
export function Feed() {
  const { events, state, skipped, behind } = useLive();
  const zone = useZone();
  return (
    <Card title={text.feed.title} action={<LiveState />} flush>
      {skipped === 0 ? null : <p className="border-b border-line px-4 py-2 text-sm">{text.feed.skipped(skipped)}</p>}
      {behind > 50 ? <p className="border-b border-line px-4 py-2 text-sm">{text.feed.behind(behind)}</p> : null}
      <div tabIndex={0} role="region" aria-label={text.feed.title} className="h-80 overflow-y-auto [overflow-anchor:none]">
        {events.length === 0 ? (
          <Empty title={text.feed.empty}>{text.feed.none}</Empty>
        ) : (
          <ol className={classes(state === "stale" && "opacity-60 grayscale")}>
            {events.slice(0, SHOWN).map((event) => (
              <Line key={event.seq} event={event} zone={zone} />
            ))}
          </ol>
        )}
      </div>
    </Card>
  );
}
