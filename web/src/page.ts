import type { LucideIcon } from "lucide-react";
import type { ComponentType } from "react";
import type { Wants } from "./frame/wants.ts";

/** A page of the dashboard. A folder in `pages/` with a `page.ts` that lists its pages is all that a new one takes. */
export interface Page {
  /** Address; `$id` names a part of it (see `useParam`). */
  readonly path: string;
  /** Of the browser's tab, the navigation and the command palette. */
  readonly title: string;
  readonly load: () => Promise<{ default: ComponentType }>;
  /** Its place in the navigation; a page without is reached from others. */
  readonly nav?: {
    /** From the top, as in the list of pages: Overview 10, Payments 20, … */
    readonly order: number;
    readonly icon: LucideIcon;
    /** Goes there after `g`. */
    readonly letter: string;
    /** On a phone among the five at the bottom. */
    readonly bottom?: true;
    /** How many things wait for a person there; shown when not 0. */
    readonly count?: (wants: Wants) => number;
  };
}

const found = import.meta.glob<{ default: readonly Page[] }>("./pages/*/page.ts", { eager: true });

export const pages: readonly Page[] = Object.values(found).flatMap((module) => module.default);

export type NavPage = Page & { readonly nav: NonNullable<Page["nav"]> };

export const navPages: readonly NavPage[] = pages.filter((page): page is NavPage => page.nav !== undefined).sort((one, other) => one.nav.order - other.nav.order);
