import { Check, Copy } from "lucide-react";
import { useState } from "react";
import { text } from "../text/frame.ts";
import { classes } from "./classes.ts";

/** Clipboards need a secure page; where there is none, the text is selected in a field and copied the old way. */
async function copyText(value: string): Promise<void> {
  if (window.isSecureContext) {
    await navigator.clipboard.writeText(value);
    return;
  }
  const field = document.createElement("textarea");
  field.value = value;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

export function CopyButton({ value, label }: { value: string; label?: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await copyText(value);
    setCopied(true);
    window.setTimeout(() => setCopied(false), 2000);
  };
  const Icon = copied ? Check : Copy;
  const says = copied ? text.copied : `${text.copy} ${label ?? value}`;
  return (
    <button type="button" onClick={() => void copy()} aria-label={says} title={says} className={classes("inline-flex size-6 shrink-0 items-center justify-center rounded-md align-middle hover:bg-sunken", copied ? "text-fine" : "text-muted")}>
      <Icon aria-hidden size={14} />
      <span role="status" className="sr-only">
        {copied ? text.copied : ""}
      </span>
    </button>
  );
}

/** An id: in full, in even letters, to be copied. */
export function CopyText({ value }: { value: string }) {
  return (
    <span className="inline-flex max-w-full items-center gap-1 align-middle">
      <code className="foreign font-mono text-sm" title={value}>
        {value}
      </code>
      <CopyButton value={value} />
    </span>
  );
}

/** JSON as it is answered, for those who want it. */
export function JsonBlock({ value, label }: { value: unknown; label: string }) {
  const shown = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return (
    <div className="relative">
      <pre tabIndex={0} aria-label={label} className="max-h-96 overflow-auto rounded-md border border-line bg-sunken p-3 pr-10 font-mono text-xs whitespace-pre">
        {shown}
      </pre>
      <span className="absolute top-2 right-2 rounded-md bg-sunken">
        <CopyButton value={shown} label={label} />
      </span>
    </div>
  );
}
