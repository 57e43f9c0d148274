import { useState } from "react";
import { useMay } from "../../frame/who.ts";
import { text as frame } from "../../text/frame.ts";
import { text } from "../../text/on-call.ts";
import { Button } from "../../ui/button.tsx";
import { PageHead } from "../../ui/card.tsx";
import { JsonBlock } from "../../ui/copy.tsx";
import { Empty } from "../../ui/empty.tsx";
import { ProblemBox } from "../../ui/problem.tsx";
import { Waiting } from "../../ui/waiting.tsx";
import { Escalations } from "./escalations.tsx";
import { Feeds } from "./feeds.tsx";
import { NowAndNext } from "./now.tsx";
import { useOnCall, type Wanted } from "./read.ts";
import { StandIn } from "./stand-in.tsx";
import { useReadZone, Week } from "./week.tsx";

const EXAMPLE = `oncall:
  people:
    ann: {name: Ann Lee, channels: [ann_phone]}
    bob: {name: Bob Ray, channels: [bob_mail]}
  rotations:
    primary:
      time_zone: Europe/Berlin
      layers:
        - people: [ann, bob]
          handover: {every: weekly, at: "09:00", from: "2026-01-05"}`;

const HOUR_MS = 3_600_000;

export default function OnCall() {
  const { data, error, refetch, isFetching } = useOnCall();
  const { may, role } = useMay("operator");
  const [wanted, setWanted] = useState<Wanted | null>(null);
  const duties = data?.data ?? [];
  const people = data?.people ?? [];
  const rotations = duties.map(({ rotation }) => rotation);
  const { zone } = useReadZone(duties);
  const [first] = duties;
  return (
    <>
      <PageHead title={text.title} lead={text.lead}>
        {first === undefined ? null : (
          <Button look="primary" disabled={!may} onClick={() => setWanted({ rotation: first.rotation, from: Math.ceil(Date.now() / HOUR_MS) * HOUR_MS, to: (Math.ceil(Date.now() / HOUR_MS) + 8) * HOUR_MS })}>
            {text.now.cover}
          </Button>
        )}
      </PageHead>
      {may ? null : <p className="mb-3 text-muted">{frame.needs(frame.role.operator, frame.role[role])}</p>}
      {data === undefined ? (
        error === null ? <Waiting what={text.asking} lines={8} /> : <ProblemBox error={error} retry={() => void refetch()} busy={isFetching} />
      ) : (
        <div className="space-y-4">
          {duties.length === 0 ? (
            <Empty title={text.empty.title}>
              <p>{text.empty.body}</p>
              <div className="mt-3 text-left">
                <JsonBlock value={EXAMPLE} label={text.empty.copy} />
              </div>
            </Empty>
          ) : (
            <>
              <NowAndNext duties={duties} may={may} cover={setWanted} />
              <Week duties={duties} people={people} may={may} choose={setWanted} />
            </>
          )}
          <div className="grid items-start gap-4 lg:grid-cols-2">
            <Escalations people={people} />
            {duties.length === 0 ? null : <Feeds rotations={rotations} people={people} may={may} />}
          </div>
        </div>
      )}
      <StandIn wanted={wanted} rotations={rotations} people={people} zone={zone} onClose={() => setWanted(null)} />
    </>
  );
}
