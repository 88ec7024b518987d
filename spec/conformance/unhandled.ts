import { config } from 'rxjs';

/** What nobody handled while something ran: errors, rejections, warnings of the process, and what RxJS reports. */
export interface Unhandled {
  /** What RxJS reports of subscriptions without an error handler. */
  readonly reports: unknown[];
  readonly others: string[];
  stop(): void;
}

export function watchProcess(): Unhandled {
  const reports: unknown[] = [];
  const others: string[] = [];
  const note = (what: string) => (error: unknown) => void others.push(`${what}: ${error}`);
  const listeners = [
    ['uncaughtException', note('uncaughtException')],
    ['unhandledRejection', note('unhandledRejection')],
    ['warning', note('warning')],
  ] as const;
  const before = config.onUnhandledError;
  config.onUnhandledError = (error) => reports.push(error);
  for (const [name, listener] of listeners) process.on(name, listener);
  return {
    reports,
    others,
    stop() {
      config.onUnhandledError = before;
      for (const [name, listener] of listeners) process.off(name, listener);
    },
  };
}
