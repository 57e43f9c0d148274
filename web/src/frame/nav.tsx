import { Link } from "@tanstack/react-router";
import { Ellipsis } from "lucide-react";
import { navPages, type NavPage } from "../page.ts";
import { text } from "../text/frame.ts";
import { classes } from "../ui/classes.ts";
import { Menu, MenuItem } from "../ui/menu.tsx";
import { useWants } from "./wants.ts";

const PLACE = "flex items-center rounded-md text-muted hover:bg-sunken hover:text-text";
const HERE = { className: "bg-accent-soft text-accent font-medium", "aria-current": "page" as const };

function Count({ count }: { count: number }) {
  return count === 0 ? null : <span className="tabular ml-auto rounded-full bg-critical px-1.5 text-xs font-semibold text-surface">{count > 99 ? "99+" : count}</span>;
}

function useCount(page: NavPage): number {
  const wants = useWants();
  return page.nav.count?.(wants) ?? 0;
}

function SideLink({ page }: { page: NavPage }) {
  const count = useCount(page);
  const Icon = page.nav.icon;
  return (
    <Link to={page.path} activeOptions={{ exact: page.path === "/" }} activeProps={HERE} className={classes(PLACE, "h-9 gap-3 px-3")}>
      <Icon aria-hidden size={17} className="shrink-0" />
      <span>{page.title}</span>
      <Count count={count} />
    </Link>
  );
}

/** At the left, from a tablet on. */
export function SideNav() {
  return (
    <nav aria-label={text.navigation} className="sticky top-0 hidden h-dvh w-52 shrink-0 flex-col gap-0.5 overflow-y-auto border-r border-line bg-surface p-3 md:flex">
      <p className="flex items-center gap-2 px-3 pt-1 pb-3 text-lg font-semibold">
        <img src="/favicon.svg" alt="" width={22} height={22} />
        {text.product}
      </p>
      {navPages.map((page) => (
        <SideLink key={page.path} page={page} />
      ))}
    </nav>
  );
}

function BottomLink({ page }: { page: NavPage }) {
  const count = useCount(page);
  const Icon = page.nav.icon;
  return (
    <Link to={page.path} activeOptions={{ exact: page.path === "/" }} activeProps={{ className: "text-accent font-medium", "aria-current": "page" }} className="relative flex flex-1 flex-col items-center justify-center gap-0.5 text-xs text-muted">
      <Icon aria-hidden size={20} />
      {page.title}
      {count === 0 ? null : <span className="absolute top-1 left-1/2 ml-2 rounded-full bg-critical px-1.5 font-semibold text-surface">{count}</span>}
    </Link>
  );
}

/** On a phone: the most needed at the bottom, the others behind "more". */
export function BottomNav({ go }: { go: (path: string) => void }) {
  const first = navPages.filter(({ nav }) => nav.bottom === true).slice(0, 4);
  const others = navPages.filter((page) => !first.includes(page));
  return (
    <nav aria-label={text.navigation} className="fixed inset-x-0 bottom-0 z-30 flex h-14 border-t border-line bg-surface md:hidden">
      {first.map((page) => (
        <BottomLink key={page.path} page={page} />
      ))}
      {others.length === 0 ? null : (
        <Menu
          trigger={
            <button type="button" className="flex flex-1 flex-col items-center justify-center gap-0.5 text-xs text-muted">
              <Ellipsis aria-hidden size={20} />
              {text.more}
            </button>
          }
        >
          {others.map(({ path, title, nav: { icon: Icon } }) => (
            <MenuItem key={path} onSelect={() => go(path)} icon={<Icon aria-hidden size={16} />}>
              {title}
            </MenuItem>
          ))}
        </Menu>
      )}
    </nav>
  );
}
