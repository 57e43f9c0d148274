import { HandCoins } from "lucide-react";
import type { Page } from "../../page.ts";
import { text } from "../../text/operations.ts";

export default [
  { path: "/operations", title: text.title, load: () => import("./operations.tsx"), nav: { order: 70, icon: HandCoins, letter: "c", count: ({ approvals }) => approvals } },
  { path: "/operations/$id", title: text.title, load: () => import("./operation.tsx") },
] satisfies readonly Page[];
