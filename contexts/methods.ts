/**
 * The methods that Node.js' HTTP parser takes (`http.METHODS` of Node.js 24); a request with any other is
 * answered with 400 before anybody decides on it. Written down here, since this part is pure.
 */
const METHODS = new Set(
  (
    'ACL BIND CHECKOUT CONNECT COPY DELETE GET HEAD LINK LOCK M-SEARCH MERGE MKACTIVITY MKCALENDAR MKCOL MOVE ' +
    'NOTIFY OPTIONS PATCH POST PROPFIND PROPPATCH PURGE PUT QUERY REBIND REPORT SEARCH SOURCE SUBSCRIBE TRACE ' +
    'UNBIND UNLINK UNLOCK UNSUBSCRIBE'
  ).split(' '),
);

/** A method and a path, as a route is written. What it says may still match nothing. */
const ROUTE = /^([A-Z][A-Z-]*|\*) \/\S*$/;

export function isRoute(text: string): boolean {
  return ROUTE.test(text);
}

/** Whether a request can have the method of this route. `text` is a route. */
export function hasKnownMethod(text: string): boolean {
  const method = text.slice(0, text.indexOf(' '));
  return method === '*' || METHODS.has(method);
}
