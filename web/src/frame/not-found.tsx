import { Link } from "@tanstack/react-router";
import { text } from "../text/frame.ts";
import { PageHead } from "../ui/card.tsx";

export function NotFound() {
  return (
    <>
      <PageHead title={text.notFound.title} lead={text.notFound.body} />
      <Link to="/" className="text-accent underline">
        {text.notFound.home}
      </Link>
    </>
  );
}
