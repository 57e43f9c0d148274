import type { AlertSeverity, RuleHealth, Told } from "./alert.ts";
import type { Finding, LifeRule } from "./lifecycle.ts";
import type { Judged } from "./production.ts";

/** What a rule always says of its alerts; a judgement may say it better. All optional: without, the rule's name stands for them. */
export interface RuleWords {
  /** Its alerts are drills: made up, and marked so wherever they go. */
  readonly drill?: boolean;
  /** What it is about: webhooks, payments, revenue, ingest, database, tasks, `slo:<name>`, … */
  readonly subject?: string;
  /** One line in words. */
  readonly title?: string;
  /** What to do first. */
  readonly todo?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  /** Revenue at stake, minor units. */
  readonly stake?: Told["stake"];
}

/** A rule of another room: judged there, its alert lives here. */
export interface HandedRule extends RuleWords {
  readonly name: string;
  readonly life: LifeRule;
  judge(nowMs: number): Promise<Judged>;
}

/** What one rule says now. */
export interface Case {
  /** Identity of its alert; the rule's name, or that and a scope. */
  readonly key: string;
  readonly rule: string;
  readonly life: LifeRule;
  readonly judged: Judged;
  readonly finding: Finding;
  readonly health: RuleHealth;
  readonly words: RuleWords;
  /** How it ends when it is over now; `recovered` when left out. */
  readonly resolution?: "accepted" | "reclassified" | "withdrawn";
  /** An update that a person should hear of although it is no worse, e.g. another brand fails too. */
  readonly news?: boolean;
}

/** Judges a rule of another room; one that fails neither fires nor resolves, and keeps no other from being judged. */
export async function handedCase(rule: HandedRule, nowMs: number): Promise<Case> {
  const { name, life, judge } = rule;
  const of = (judged: Judged, finding: Finding, health: RuleHealth): Case => ({ key: name, rule: name, life, judged, finding, health, words: rule });
  try {
    const judged = await judge(nowMs);
    switch (judged.verdict.kind) {
      case "breach":
        return of(judged, "breach", "ok");
      case "ok":
        return of(judged, "well", "ok");
      case "no_data":
        return of(judged, "unknown", "no_data");
      case "not_proven":
      case "behind":
        return of(judged, "unknown", "ok");
    }
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return of({ value: 0, summary: `${name} could not be judged: ${text.slice(0, 300)}`, verdict: { kind: "no_data" } }, "unknown", "error");
  }
}

/** While an alert is open it has the worst severity it ever had: an incident is as bad as it was. */
export function worst(a: AlertSeverity, b: AlertSeverity | undefined): AlertSeverity {
  return a === "CRITICAL" || b === "CRITICAL" ? "CRITICAL" : "WARNING";
}

/** What is told of the alert of a case. @param before the severity that the open alert already has. */
export function toldOf({ rule, judged, words }: Case, before: AlertSeverity | undefined): Told {
  const severity = judged.verdict.kind === "breach" ? worst(judged.verdict.severity, before) : (before ?? "WARNING");
  const subject = judged.subject ?? words.subject ?? rule;
  return {
    severity,
    value: judged.value,
    summary: judged.summary,
    subject,
    title: judged.title ?? words.title ?? judged.summary,
    details: judged.details ?? [],
    todo: judged.todo ?? words.todo ?? [],
    stake: judged.stake ?? words.stake ?? null,
    labels: { rule, subject, severity, ...words.labels, ...judged.labels },
    evidence: judged.evidence ?? null,
    startedAt: judged.startedAt ?? null,
  };
}
