import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import openapiTypes, { astToString } from "openapi-typescript";
import { openapiDocument } from "../../src/app/openapi.ts";

/**
 * Writes the types of the API from the service's own schemas. They are made before each check and stand in no commit, so
 * the dashboard can only be built against the API as it is.
 */
const file = join(import.meta.dirname, "..", "src", "api", "schema.d.ts");
const document = (await openapiDocument()) as unknown as Parameters<typeof openapiTypes>[0];
const text = `// Made by tools/api-types.ts from the API's own schemas.\n${astToString(await openapiTypes(document))}`;
if (!existsSync(file) || readFileSync(file, "utf8") !== text) writeFileSync(file, text);
