import { useState } from "react";
import { text } from "../../text/channels.ts";
import { Card } from "../../ui/card.tsx";
import { JsonBlock } from "../../ui/copy.tsx";
import { SelectField } from "../../ui/field.tsx";

interface Example {
  /** Lines of the channel in tillwatch.yaml, below its name. */
  readonly file: readonly string[];
  /** Lines of the environment. */
  readonly secret: readonly string[];
}

const EXAMPLES: Readonly<Record<string, Example>> = {
  slack: { file: ["kind: slack", "url: env:SLACK_URL"], secret: ["SLACK_URL=https://hooks.slack.com/services/…"] },
  mail: { file: ["kind: mail", "from: Tillwatch <alerts@example.com>", "to: [ops@example.com]"], secret: ["SMTP_URL=smtps://user:password@mail.example.com"] },
  ntfy: { file: ["kind: ntfy", "url: env:NTFY_URL"], secret: ["NTFY_URL=https://ntfy.sh/a-topic-that-nobody-guesses"] },
  teams: { file: ["kind: teams", "url: env:TEAMS_URL"], secret: ["TEAMS_URL=https://…"] },
  discord: { file: ["kind: discord", "url: env:DISCORD_URL"], secret: ["DISCORD_URL=https://discord.com/api/webhooks/…"] },
  telegram: { file: ["kind: telegram", "token: env:TELEGRAM_TOKEN", 'chat: "-1001234567890"'], secret: ["TELEGRAM_TOKEN=…"] },
  pagerduty: { file: ["kind: pagerduty", "routing_key: env:PAGERDUTY_KEY"], secret: ["PAGERDUTY_KEY=…"] },
  opsgenie: { file: ["kind: opsgenie", "api_key: env:OPSGENIE_KEY"], secret: ["OPSGENIE_KEY=…"] },
  alertmanager: { file: ["kind: alertmanager", "url: env:ALERTMANAGER_URL"], secret: ["ALERTMANAGER_URL=https://alertmanager.example.com"] },
  webhook: { file: ["kind: webhook", "url: env:NOTICES_URL", "secret: env:NOTICES_SECRET"], secret: ["NOTICES_URL=https://…", "NOTICES_SECRET=…"] },
};

/** Lines to copy for a new channel. Nothing is changed from here: secrets stay out of the browser. */
export function AddChannel() {
  const [kind, setKind] = useState("slack");
  const { file, secret } = EXAMPLES[kind] ?? { file: [], secret: [] };
  const lines = ["notify:", "  channels:", `    my_${kind}:`, ...file.map((line) => `      ${line}`)].join("\n");
  return (
    <Card title={text.add.title}>
      <div className="max-w-2xl space-y-3">
        <p className="text-muted">{text.add.body}</p>
        <SelectField label={text.add.kind} value={kind} onChange={(event) => setKind(event.target.value)} options={Object.keys(EXAMPLES).map((one) => [one, text.kind[one] ?? one])} />
        <div>
          <h3 className="mb-1 font-medium">{text.add.file}</h3>
          <JsonBlock value={lines} label={text.add.copyFile} />
        </div>
        <div>
          <h3 className="mb-1 font-medium">{text.add.secret}</h3>
          <JsonBlock value={secret.map((line) => `export ${line}`).join("\n")} label={text.add.copySecret} />
        </div>
        <p>{text.add.restart}</p>
      </div>
    </Card>
  );
}
