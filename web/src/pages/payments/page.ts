import { CreditCard } from "lucide-react";
import type { Page } from "../../page.ts";
import { text } from "../../text/payments.ts";

export default [
  { path: "/payments", title: text.title, load: () => import("./payments.tsx"), nav: { order: 20, icon: CreditCard, letter: "p", bottom: true } },
  { path: "/payments/$id", title: text.one, load: () => import("./payment.tsx") },
] satisfies readonly Page[];
