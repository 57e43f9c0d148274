import { Outlet, useRouter, useRouterState } from "@tanstack/react-router";
import { Keyboard, Search } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { navPages, pages } from "../page.ts";
import { text } from "../text/frame.ts";
import { IconButton } from "../ui/button.tsx";
import { Account } from "./account.tsx";
import { HealthDot } from "./health.tsx";
import { KeysHelp } from "./keys-help.tsx";
import { useKeys } from "./keyboard.ts";
import { LiveProvider } from "./live.tsx";
import { ModeBadge } from "./mode.tsx";
import { BottomNav, SideNav } from "./nav.tsx";
import { Palette } from "./palette.tsx";

const APPLE = /Mac|iPhone|iPad/.test(navigator.platform);

function titleOf(path: string): string {
  const fits = (pattern: string): boolean => pattern.split("/").length === path.split("/").length && pattern.split("/").every((part, index) => part.startsWith("$") || part === path.split("/")[index]);
  return pages.find((page) => fits(page.path))?.title ?? text.notFound.title;
}

const IDLE_MS = 2000;

async function loadAll(): Promise<void> {
  // One after the other, out of the way of what is asked for; one that does not come is asked for again when it is wanted.
  for (const page of pages) await page.load().catch(() => null);
}

export function Shell() {
  const router = useRouter();
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const [palette, setPalette] = useState(false);
  const [help, setHelp] = useState(false);
  const main = useRef<HTMLElement>(null);
  const go = (to: string): void => router.history.push(to);
  useKeys({
    command: { k: () => setPalette(true) },
    single: {
      "?": () => setHelp(true),
      "/": (event) => {
        event.preventDefault();
        const field = document.querySelector<HTMLInputElement>("[data-list-search]");
        if (field === null) setPalette(true);
        else field.focus();
      },
    },
    afterG: Object.fromEntries(navPages.map((page) => [page.nav.letter, () => go(page.path)])),
  });
  useEffect(() => {
    // The code of every page, when this one stands: without it a service that is away would leave no page to go to.
    const timer = window.setTimeout(() => void loadAll(), IDLE_MS);
    return () => window.clearTimeout(timer);
  }, []);
  useEffect(() => {
    document.title = `${titleOf(path)} · ${text.product}`;
  }, [path]);
  return (
    <div className="flex min-h-dvh">
      <a href="#main" className="sr-only z-50 rounded-md bg-accent-ground px-3 py-2 text-on-accent focus:not-sr-only focus:fixed focus:top-2 focus:left-2">
        {text.skip}
      </a>
      <SideNav />
      <div className="flex min-w-0 flex-1 flex-col">
        <header className="sticky top-0 z-20 flex h-14 items-center gap-2 border-b border-line bg-surface px-3 sm:px-4">
          <ModeBadge />
          <button type="button" onClick={() => setPalette(true)} className="flex h-9 min-w-0 flex-1 items-center gap-2 rounded-md border border-line-strong px-3 text-muted hover:bg-sunken sm:max-w-md">
            <Search aria-hidden size={16} className="shrink-0" />
            <span className="truncate">{text.search}</span>
            <kbd className="ml-auto hidden font-sans text-xs sm:inline">{APPLE ? "⌘K" : "Ctrl K"}</kbd>
          </button>
          <span className="ml-auto flex items-center">
            <HealthDot />
            <IconButton label={text.keys.open} onClick={() => setHelp(true)} className="max-sm:hidden">
              <Keyboard aria-hidden size={18} />
            </IconButton>
            <Account />
          </span>
        </header>
        <main ref={main} id="main" tabIndex={-1} className="mx-auto w-full max-w-[1440px] min-w-0 flex-1 p-3 pb-20 outline-none sm:p-4 md:pb-6">
          <LiveProvider>
            <Outlet />
          </LiveProvider>
        </main>
      </div>
      <BottomNav go={go} />
      <Palette open={palette} onClose={() => setPalette(false)} go={go} help={() => setHelp(true)} />
      <KeysHelp open={help} onClose={() => setHelp(false)} />
    </div>
  );
}
