import type { Http } from "../platform/index.ts";
import type { Config } from "./config.ts";
import { VERSION } from "./version.ts";

const STYLE = `:root{color-scheme:light dark;--edge:transparent}body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem}
.banner{padding:.75rem 1rem;border-radius:.5rem;font-weight:600}.sandbox{background:#6d28d9;color:#fff}.test{background:#b45309;color:#fff}
code{font-size:.9em}pre{overflow:auto;padding:1rem;border:1px solid #8885;border-radius:.5rem}`;

function banner(config: Config): string {
  if (config.sandbox) return '<p class="banner sandbox" role="note">SANDBOX: no Stripe key is set. What you see here is made up by the built-in stand-in for Stripe.</p>';
  return config.stripe.mode === "test" ? '<p class="banner test" role="note">TEST mode: no real money.</p>' : "";
}

/** What stands at `/` until one signs in somewhere better: what this is and where to look. Tells nothing that is secret. */
export function frontPage(http: Http, config: Config): void {
  const page = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>Tillwatch</title><link rel="stylesheet" href="/front.css"></head>
<body><h1>Tillwatch</h1>${banner(config)}<p>The service is running (version ${VERSION}). It answers with the key that was printed at its first start, or with <code>DASHBOARD_KEY</code>:</p>
<pre>curl -s -H "X-Dash-Key: $DASHBOARD_KEY" http://localhost:${config.server.port}/api/payments/events?limit=10
curl -s -H "X-Dash-Key: $DASHBOARD_KEY" http://localhost:${config.server.port}/api/system-health
curl -s -H "X-Dash-Key: $DASHBOARD_KEY" http://localhost:${config.server.port}/api/alerts</pre>
<p>Everything it can do: <code>GET /api/openapi.json</code>. Stripe delivers to <code>/webhooks/stripe</code>.</p></body></html>`;
  const csp = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  http.get("/", { schema: { hide: true } }, async (_request, reply) => await reply.header("content-security-policy", csp).type("text/html; charset=utf-8").send(page));
  http.get("/front.css", { schema: { hide: true } }, async (_request, reply) => await reply.type("text/css; charset=utf-8").send(STYLE));
}
