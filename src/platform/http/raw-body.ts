import type { Http } from "./http.ts";

/**
 * A scope whose routes get the body as the bytes that came (`request.body` is a Buffer, of any content type; undefined
 * when there was none): what a signature is computed over. The scope keeps the parser from the JSON routes.
 *
 * @param limitBytes a larger body is answered 413 before it is read to its end.
 */
export async function rawBodyScope(http: Http, limitBytes: number, routes: (scope: Http) => void): Promise<void> {
  await http.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    // By name besides "*", because only a named type is found in the framework's cache.
    for (const type of ["application/json", "*"]) {
      scope.addContentTypeParser(type, { parseAs: "buffer", bodyLimit: limitBytes }, (_request, body, done) => done(null, body));
    }
    scope.addHook("onRoute", (route) => {
      route.bodyLimit ??= limitBytes;
    });
    routes(scope);
  });
}
