import { Link } from "@tanstack/react-router";
import { useMay } from "../../frame/who.ts";
import { text as frame } from "../../text/frame.ts";
import { text } from "../../text/settings.ts";
import { Card, PageHead } from "../../ui/card.tsx";
import { Keys } from "./keys.tsx";

const PLACES = ["channels", "silences", "setUp", "backups", "validation", "audit"] as const;

export default function SettingsPage() {
  const { may, role } = useMay("admin");
  return (
    <>
      <PageHead title={text.title} />
      <div className="space-y-4">
        <Card title={text.more}>
          <ul className="grid gap-x-6 gap-y-3 sm:grid-cols-2">
            {PLACES.map((place) => (
              <li key={place}>
                <Link to={text.place[place].path} className="text-accent underline">
                  {text.place[place].name}
                </Link>
                <p className="text-sm text-muted">
                  {text.place[place].body} {place === "audit" && !may ? frame.needs(frame.role.admin, frame.role[role]) : ""}
                </p>
              </li>
            ))}
          </ul>
        </Card>
        {may ? (
          <Keys />
        ) : (
          <Card title={text.keys.title}>
            <p className="text-muted">{frame.needs(frame.role.admin, frame.role[role])}</p>
          </Card>
        )}
      </div>
    </>
  );
}
