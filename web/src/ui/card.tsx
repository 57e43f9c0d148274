import { type ReactNode, useId } from "react";
import { classes } from "./classes.ts";

/** A part of a page with a heading of its own. */
export function Card({ title, action, children, className, flush = false }: { title?: ReactNode; action?: ReactNode; children: ReactNode; className?: string; flush?: boolean }) {
  const heading = useId();
  return (
    <section aria-labelledby={title === undefined ? undefined : heading} className={classes("min-w-0 rounded-lg border border-line bg-surface shadow-card", className)}>
      {title === undefined ? null : (
        <header className="flex min-h-11 flex-wrap items-center justify-between gap-2 border-b border-line px-4 py-1">
          <h2 id={heading} className="min-w-0 font-semibold">
            {title}
          </h2>
          {action}
        </header>
      )}
      <div className={flush ? undefined : "p-(--pad)"}>{children}</div>
    </section>
  );
}

/** The head of a page: what it is, in one line, and what can be done there. */
export function PageHead({ title, lead, children }: { title: string; lead?: ReactNode; children?: ReactNode }) {
  return (
    <div className="mb-4 flex flex-wrap items-end justify-between gap-3">
      <div className="min-w-0">
        <h1 className="text-xl font-semibold">{title}</h1>
        {lead === undefined ? null : <p className="text-muted">{lead}</p>}
      </div>
      {children === undefined ? null : <div className="flex flex-wrap items-center gap-2">{children}</div>}
    </div>
  );
}

/** Names and values below each other. */
export function Facts({ facts }: { facts: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className="grid grid-cols-[minmax(7rem,auto)_minmax(0,1fr)] gap-x-4 gap-y-1">
      {facts.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-muted">{name}</dt>
          <dd className="min-w-0">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
