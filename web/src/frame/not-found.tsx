import { Link } from "@tanstack/react-router";
import { text } from "../text/frame.ts";
import { Empty } from "../ui/empty.tsx";

export function NotFound() {
  return (
    <Empty title={text.notFound.title}>
      <p>{text.notFound.body}</p>
      <p className="mt-3">
        <Link to="/" className="text-accent underline">
          {text.notFound.home}
        </Link>
      </p>
    </Empty>
  );
}
