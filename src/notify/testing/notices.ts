import type { AlertNews } from "../news.ts";
import { bounded } from "../news.ts";
import type { Notice } from "../notice.ts";
import { composeNotice } from "../compose.ts";
import type { KnownAlert } from "../store.ts";
import type { Wording } from "../words.ts";
import { newsOf } from "./news.ts";

export const AT = Date.UTC(2025, 9, 20, 12, 4);

export const wording: Wording = {
  source: "Shop",
  timeZone: "Europe/Berlin",
  alertLink: (id) => `https://tillwatch.example.com/alerts/${id}`,
  ackLink: (id) => `https://tillwatch.example.com/ack/${id}.signed`,
};

export function knownOf(over: Partial<AlertNews> = {}, state: "firing" | "resolved" = "firing"): KnownAlert {
  const news = bounded(newsOf({ startedAt: AT - 240_000, firedAt: AT - 60_000, resolvedAt: state === "resolved" ? AT : null, ...over }));
  return { id: news.alertId, state, knownAt: AT, acknowledgedAt: null, updatedAt: AT, suppressed: null, news };
}

export function noticeOf(firing: readonly KnownAlert[], resolved: readonly KnownAlert[] = [], over: Partial<Notice> = {}): Notice {
  const { alertIds: _, ...notice } = composeNotice({ key: "default{subject=\"webhooks\"}", route: "default", labels: { subject: "webhooks" }, firing, resolved, notes: [] }, firing.length === 0 ? "all alerts resolved" : "first notification", AT);
  return { ...notice, id: 7, ...over };
}

/** What an attacker may get into an event: markup of every channel, four-byte characters, ends of lines, turns of direction. */
export const EVIL = '<!channel> <https://evil.example|click> @everyone [click](https://evil.example) *bold* `code` </strong><script>alert(1)</script> {"a":1}\r\nBcc: all@example.com \u202Egnp.exe 💥👩‍👩‍👧';
export const LONG = "💥".repeat(3000);
