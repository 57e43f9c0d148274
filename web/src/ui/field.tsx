import { type ComponentProps, type ReactNode, useId } from "react";
import { classes } from "./classes.ts";

const BOX = "h-9 w-full min-w-0 rounded-md border border-line-strong bg-surface px-3 text-text aria-invalid:border-critical disabled:opacity-60";

interface Labelled {
  label: ReactNode;
  hint?: ReactNode;
  error?: ReactNode;
  /** Seen by screen readers alone. */
  quiet?: boolean;
}

function Frame({ id, label, hint, error, quiet = false, children }: Labelled & { id: string; children: ReactNode }) {
  return (
    <div className={quiet ? "min-w-0 flex-1 basis-[calc(50%-4px)] sm:flex-none sm:basis-auto" : "min-w-0"}>
      <label htmlFor={id} className={quiet ? "sr-only" : "mb-1 block font-medium"}>
        {label}
      </label>
      {children}
      {hint === undefined ? null : (
        <p id={`${id}-hint`} className="mt-1 text-sm text-muted">
          {hint}
        </p>
      )}
      {error === undefined || error === null || error === "" ? null : (
        <p id={`${id}-error`} role="alert" className="mt-1 text-sm text-critical">
          {error}
        </p>
      )}
    </div>
  );
}

function describedBy(id: string, { hint, error }: Labelled): string | undefined {
  const ids = [hint === undefined ? null : `${id}-hint`, error === undefined || error === null || error === "" ? null : `${id}-error`].filter((part) => part !== null);
  return ids.length === 0 ? undefined : ids.join(" ");
}

export function TextField({ label, hint, error, quiet = false, className, ...rest }: Labelled & Omit<ComponentProps<"input">, "id">) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} error={error} quiet={quiet}>
      <input {...rest} id={id} aria-invalid={error === undefined || error === null || error === "" ? undefined : true} aria-describedby={describedBy(id, { label, hint, error })} className={classes(BOX, className)} />
    </Frame>
  );
}

export function TextArea({ label, hint, error, quiet = false, className, ...rest }: Labelled & Omit<ComponentProps<"textarea">, "id">) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} error={error} quiet={quiet}>
      <textarea rows={3} {...rest} id={id} aria-describedby={describedBy(id, { label, hint, error })} className={classes(BOX, "h-auto py-2", className)} />
    </Frame>
  );
}

/** The browser's own list: it is at home on phones and for screen readers. */
export function SelectField({ label, hint, error, quiet = false, options, className, ...rest }: Labelled & Omit<ComponentProps<"select">, "id" | "children"> & { options: readonly (readonly [value: string, words: string])[] }) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} error={error} quiet={quiet}>
      <select {...rest} id={id} aria-describedby={describedBy(id, { label, hint, error })} className={classes(BOX, "pr-8", className)}>
        {options.map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
    </Frame>
  );
}

export function CheckField({ label, hint, ...rest }: { label: ReactNode; hint?: ReactNode } & Omit<ComponentProps<"input">, "id" | "type">) {
  const id = useId();
  return (
    <div className="flex gap-2">
      <input {...rest} id={id} type="checkbox" aria-describedby={hint === undefined ? undefined : `${id}-hint`} className="mt-0.5 size-4 accent-(--accent-ground)" />
      <div>
        <label htmlFor={id}>{label}</label>
        {hint === undefined ? null : (
          <p id={`${id}-hint`} className="text-sm text-muted">
            {hint}
          </p>
        )}
      </div>
    </div>
  );
}
