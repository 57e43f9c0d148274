import { LoaderCircle } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";
import { classes } from "./classes.ts";

const LOOKS = {
  primary: "bg-accent-ground text-on-accent border-transparent hover:brightness-110",
  plain: "bg-surface text-text border-line-strong hover:bg-sunken",
  danger: "bg-critical text-surface border-transparent hover:brightness-110",
  quiet: "bg-transparent text-text border-transparent hover:bg-sunken",
} as const;

export interface ButtonProps extends Omit<ComponentProps<"button">, "type"> {
  look?: keyof typeof LOOKS;
  type?: "button" | "submit";
  icon?: ReactNode;
  /** What it is doing right now: the button says so and cannot be pressed. */
  busy?: string | false;
  small?: boolean;
}

export function Button({ look = "plain", type = "button", icon, busy = false, small = false, disabled, className, children, ...rest }: ButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      disabled={disabled === true || busy !== false}
      aria-busy={busy !== false}
      className={classes("inline-flex items-center justify-center gap-2 rounded-md border font-medium whitespace-nowrap disabled:opacity-60", small ? "h-7 px-2 text-sm" : "h-9 px-3", LOOKS[look], className)}
    >
      {busy === false ? icon : <LoaderCircle aria-hidden size={16} className="animate-spin" />}
      {busy === false ? children : busy}
    </button>
  );
}

/** A button that is only a picture says in words what it does. */
export function IconButton({ label, children, className, ...rest }: Omit<ComponentProps<"button">, "type"> & { label: string }) {
  return (
    <button {...rest} type="button" aria-label={label} title={label} className={classes("inline-flex size-9 items-center justify-center rounded-md text-muted hover:bg-sunken hover:text-text disabled:opacity-60", className)}>
      {children}
    </button>
  );
}
