import "./styles.css";
import "./frame/preferences.ts";
import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Problem } from "./api/client.ts";
import { router } from "./router.tsx";

/** Asking again helps against a service that restarts, not against one that has said no. */
const mayHelp = (failures: number, error: Error): boolean => failures < 3 && (!(error instanceof Problem) || error.status === 0 || error.status >= 500);

const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, query) => {
      // Wherever it shows first that the session has ended, the frame is told.
      if (error instanceof Problem && error.status === 401 && query.queryKey[0] !== "whoami") void queries.invalidateQueries({ queryKey: ["whoami"] });
    },
  }),
  defaultOptions: { queries: { retry: mayHelp, retryDelay: (tries) => Math.min(1000 * 2 ** tries, 8000), staleTime: 2000, networkMode: "always" }, mutations: { networkMode: "always" } },
});

const place = document.getElementById("root");
if (place !== null) {
  createRoot(place).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  );
}
