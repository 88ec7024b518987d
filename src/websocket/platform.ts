/** The part that is used here of what a browser calls `WebSocket`. Node's types, and those of workers, differ in the rest. */
export interface PlatformSocket {
  binaryType: string;
  readonly bufferedAmount: number;
  readonly readyState: number;
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: string | ArrayBuffer }) => void) | null;
  onerror: (() => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  send(bytes: Uint8Array): void;
  close(code?: number): void;
}

/** The same of `WebSocketStream`. */
export interface PlatformStream {
  readonly opened: Promise<StreamEnds>;
  readonly closed: Promise<{ readonly closeCode: number; readonly reason: string }>;
  close(info: { readonly closeCode: number }): void;
}

/** Both directions of a `WebSocketStream`, each of which waits for the other side. */
export interface StreamEnds {
  readonly readable: { getReader(): StreamReader };
  readonly writable: { getWriter(): StreamWriter };
}

interface StreamReader {
  readonly closed: Promise<unknown>;
  read(): Promise<{ readonly done: boolean; readonly value?: string | ArrayBuffer | Uint8Array }>;
}

interface StreamWriter {
  write(bytes: Uint8Array): Promise<void>;
  abort(why: unknown): Promise<void>;
}

interface Platform {
  readonly WebSocket: new (url: string, protocols: readonly string[]) => PlatformSocket;
  readonly WebSocketStream?: new (
    url: string,
    options: { readonly protocols: readonly string[]; readonly signal: AbortSignal },
  ) => PlatformStream;
  readonly WebSocketError?: new (message: string, info: { readonly closeCode: number }) => unknown;
  readonly location?: { readonly href: string };
}

/** What the platform has, as it is at the time of the call. */
export const platform = (): Platform => globalThis as unknown as Platform;
