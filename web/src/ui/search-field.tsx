import { Search } from "lucide-react";
import { useEffect, useId, useState } from "react";

const PAUSE_MS = 200;

/** Looks as one types, after a short pause; `/` goes here. */
export function SearchField({ label, hint, value, onChange }: { label: string; hint: string; value: string; onChange: (value: string) => void }) {
  const id = useId();
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed === value) return;
    const timer = window.setTimeout(() => onChange(typed.trim()), PAUSE_MS);
    return () => window.clearTimeout(timer);
  }, [typed, value, onChange]);
  return (
    <div className="relative min-w-0 flex-1 basis-64">
      <label htmlFor={id} className="sr-only">
        {label}
      </label>
      <Search aria-hidden size={16} className="absolute top-2.5 left-3 text-muted" />
      <input
        id={id}
        data-list-search
        type="search"
        value={typed}
        placeholder={hint}
        maxLength={320}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") event.currentTarget.blur();
        }}
        className="h-9 w-full rounded-md border border-line-strong bg-surface pr-3 pl-9"
      />
    </div>
  );
}
