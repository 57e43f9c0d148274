import { Link } from "@tanstack/react-router";
import { text as alertWords } from "../../text/alerts.ts";
import { text } from "../../text/overview.ts";
import { text as operations } from "../../text/operations.ts";
import { Card } from "../../ui/card.tsx";
import { StateBadge, StateIcon } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import type { Overview } from "./read.ts";

const SEVERITIES: Readonly<Record<string, string>> = alertWords.severity;
const KINDS: Readonly<Record<string, string>> = operations.kind;

/** Firing alerts and approvals; nothing to do says so. */
export function WhatWants({ overview }: { overview: Overview }) {
  const { alerts, approvals, first_event_at } = overview;
  const quiet = alerts.length === 0 && approvals.length === 0 && first_event_at !== null;
  return (
    <Card title={text.wants.title} flush>
      {quiet ? (
        <p className="flex items-center gap-2 p-4">
          <StateIcon state="fine" /> {text.wants.nothing}
        </p>
      ) : (
        <ul>
          {first_event_at === null ? (
            <li className="border-b border-line px-4 py-3">
              {text.wants.setUp}{" "}
              <Link to="/set-up" className="font-medium text-accent underline">
                {text.wants.setUpLink}
              </Link>
            </li>
          ) : null}
          {alerts.slice(0, 8).map((alert) => (
            <li key={alert.id} className="border-b border-line px-4 py-3 last:border-b-0">
              <p className="flex flex-wrap items-center gap-2">
                <StateBadge state={alert.state === "recovering" ? "attention" : alert.severity === "CRITICAL" ? "critical" : "attention"}>{SEVERITIES[alert.severity] ?? alert.severity}</StateBadge>
                <Link to="/alerts/$id" params={{ id: String(alert.id) }} className="min-w-0 font-medium underline">
                  {alert.title}
                </Link>
              </p>
              <p className="text-sm text-muted">
                {text.wants.since} <Time at={alert.since} />
                {alert.acknowledged ? ` · ${text.wants.acknowledged}` : ""}
              </p>
            </li>
          ))}
          {approvals.slice(0, 5).map((one) => (
            <li key={one.id} className="border-b border-line px-4 py-3 last:border-b-0">
              <Link to="/operations/$id" params={{ id: one.id }} className="font-medium underline">
                {text.wants.approve(`${KINDS[one.kind] ?? one.kind} ${one.text}`, one.asked_by)}
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
