import type { StreamEvents } from "./types";

type Handlers = { [Name in keyof StreamEvents]?: (data: StreamEvents[Name]) => void };

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 8000;

/**
 * Listens to the server's events for one person until the returned function is called.
 *
 * EventSource gives up for good when a connection is refused, so reconnecting is done here;
 * `onState(true)` follows every (re)connection: what happened in between has to be fetched.
 */
export function listen(
  as: string,
  handlers: Handlers,
  onState: (live: boolean) => void,
): () => void {
  let source: EventSource;
  let timer: number | undefined;
  let wait = FIRST_RETRY_MS;

  const connect = (): void => {
    source = new EventSource(`/local/stream?as=${encodeURIComponent(as)}`);
    source.onopen = () => {
      wait = FIRST_RETRY_MS;
      onState(true);
    };
    source.onerror = () => {
      source.close();
      onState(false);
      timer = window.setTimeout(connect, wait);
      wait = Math.min(wait * 2, LONGEST_RETRY_MS);
    };
    for (const [name, handle] of Object.entries(handlers)) {
      source.addEventListener(name, (event) => {
        (handle as (data: unknown) => void)(JSON.parse((event as MessageEvent<string>).data));
      });
    }
  };

  connect();
  return () => {
    window.clearTimeout(timer);
    source.close();
  };
}
