import { text } from "../text/frame.ts";
import { classes } from "../ui/classes.ts";

/** Told by the service in the page itself, so that it shows before anybody has signed in. */
export type Mode = keyof typeof text.mode;

export function currentMode(): Mode {
  const mode = document.documentElement.dataset["mode"] ?? "unknown";
  return mode in text.mode ? (mode as Mode) : "unknown";
}

const LOOK: Record<Mode, string> = {
  sandbox: "bg-sandbox text-white",
  test: "bg-test text-white",
  live: "border border-line-strong text-text",
  unknown: "bg-unknown-soft text-unknown",
};

export function ModeBadge() {
  const mode = currentMode();
  return (
    <span title={text.mode[mode].long} className={classes("shrink-0 rounded-md px-2 py-0.5 text-xs font-bold tracking-wide", LOOK[mode])}>
      {text.mode[mode].badge}
      {text.mode[mode].short === "" ? null : <span className="hidden font-medium tracking-normal lg:inline"> · {text.mode[mode].short}</span>}
    </span>
  );
}

/** In words, where there is room for them; nothing in live mode. */
export function ModeLine() {
  const mode = currentMode();
  if (mode === "live" || mode === "unknown") return null;
  return (
    <p role="note" className={classes("mb-4 rounded-md px-3 py-2 text-sm", LOOK[mode])}>
      {text.mode[mode].long}
    </p>
  );
}
