import type { Connection } from '../connection/connection.js';
import type { Envelope, Parcel } from './envelope.js';
import type { MemberLimits } from './member.js';

interface Entry<T> {
  readonly envelope: Envelope<T>;
  readonly except: ReadonlySet<Connection<unknown, T>> | undefined;
}

/** The last messages of a room, for newcomers. */
export interface ReplayLog<T> {
  add(envelope: Envelope<T>, except: ReadonlySet<Connection<unknown, T>> | undefined): void;
  /** The last of them that fit the bounds, oldest first. */
  parcelsFor(connection: Connection<unknown, T>): readonly Parcel<T>[];
}

export function replayLog<T>(count: number, limits: MemberLimits): ReplayLog<T> {
  const entries: Entry<T>[] = [];
  const most = Math.min(count, limits.onSlow === 'latest' ? 1 : limits.maxPendingMessages);
  return {
    add(envelope, except) {
      if (most === 0) return;
      entries.push({ envelope, except });
      if (entries.length > most) entries.shift();
    },
    parcelsFor(connection) {
      const fitting: Parcel<T>[] = [];
      let bytes = 0;
      for (const { envelope, except } of entries.slice().reverse()) {
        const parcel = except?.has(connection) ? undefined : tried(() => envelope.parcelFor(connection));
        bytes += parcel?.bytes ?? 0;
        if (fitting.length > 0 && bytes > limits.maxPendingBytes) break;
        if (parcel) fitting.unshift(parcel);
      }
      return fitting;
    },
  };
}

/** What the framing of a newcomer cannot carry is not for it. */
function tried<R>(make: () => R): R | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
